"""Photographs that are free to share, before and after, and the commands that make them."""
