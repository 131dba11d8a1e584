"""How pictures are stored: the private workings behind ``pipeline.photo``, the only door to them."""
