"""Turn a spec into a network that runs."""
