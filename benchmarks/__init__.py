"""Speed and quality against named peers, as commands that print tables."""
