"""Measurements of speed and quality, beside named peers; each command prints tables."""
