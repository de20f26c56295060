"""Serve OCI layouts, OCI archives and docker-archives on this machine as registries inside this process."""
