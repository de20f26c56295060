"""The command line: arguments, exit codes, and nothing of the screen but a deferred import."""
