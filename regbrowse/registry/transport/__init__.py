"""What carries questions out and answers back: connections, redirects, limits, and where we refuse to go."""
