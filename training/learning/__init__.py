"""Losses, steps and measures of training."""
