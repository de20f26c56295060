"""Images in folders and archives on this machine, as registries inside this process."""
