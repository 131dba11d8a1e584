"""HTTP over `studio`."""
