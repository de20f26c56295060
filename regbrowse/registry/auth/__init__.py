"""Who asks: challenges, tokens, and the few tries a login gets."""
