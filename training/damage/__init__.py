"""Damage of photographs, to train on."""
