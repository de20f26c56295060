"""What this machine says of registries: settings, logins, certificates, proxies. Reads, and never writes."""
