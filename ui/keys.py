"""Keys of our components."""

import hashlib


def key(*parts: object) -> str:
    """Return a key that stands for `parts`, which may hold names of files and folders.

    Streamlit refuses a component's key with two underscores in a row, and draws an error in the component's place.
    """
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
