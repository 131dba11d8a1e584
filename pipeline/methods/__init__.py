"""Image mathematics and inference: pixels in, pixels out."""
