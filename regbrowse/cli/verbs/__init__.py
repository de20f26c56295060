"""What can be asked from a script: one module per family of questions, each with `run`."""
