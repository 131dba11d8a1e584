"""How pictures are damaged."""
