"""How near results come to the truth."""
