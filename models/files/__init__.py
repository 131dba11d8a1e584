"""A model's file: where it is, whether it is the right one, how to get it."""
