"""What the program keeps between runs: recents, theme, login hosts. The only writer beside the cache."""
