"""Authentication: challenges, tokens, and the login for each registry."""
