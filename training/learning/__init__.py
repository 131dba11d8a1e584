"""Losses, optimizer and validation."""
