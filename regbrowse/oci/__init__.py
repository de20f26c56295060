"""What registries hold, as values: standard library only, no network, no screen."""
