"""File formats. Private: use ``pipeline.photo``."""
