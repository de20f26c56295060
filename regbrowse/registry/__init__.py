"""Registries: what they can be asked, as whom, and how it travels. The only room that imports httpx and httpcore."""
