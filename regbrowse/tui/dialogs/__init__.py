"""Windows over the panes: each answers one question and goes away."""
