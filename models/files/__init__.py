"""A model's file: where it is, whether it is the right one, and how to get it."""
