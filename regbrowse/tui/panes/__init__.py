"""The four panes and the lines around them: they paint what they are given and post what they are asked."""
