"""Measurements of how near results are to the truth."""
