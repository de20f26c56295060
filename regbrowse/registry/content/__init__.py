"""Content by digest: checked, kept, and never asked for twice."""
