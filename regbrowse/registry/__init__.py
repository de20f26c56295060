"""Questions to registries; only this package imports httpx, and only from `client` downwards."""
