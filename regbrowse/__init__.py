"""regbrowse: an interactive terminal browser for container registries."""

__version__ = "0.1.0"
