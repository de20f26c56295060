"""The demo registry `registry.demo`: OCI layouts that come with the package, served in this process."""
