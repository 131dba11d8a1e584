import numpy as np
import pytest

from pipeline.cache import Entry, ResultCache


def entry(kilobytes):
    return Entry(np.zeros((kilobytes * 250,), np.float32), (), 1.0)


def test_the_least_used_makes_room():
    cache = ResultCache(max_bytes=3000)
    for name in "abc":
        cache.put(name, entry(1))
    cache.get("a")
    cache.put("d", entry(1))
    assert cache.get("b") is None
    assert all(cache.get(name) for name in "acd")


def test_the_bound_holds():
    cache = ResultCache(max_bytes=5000)
    for number in range(20):
        cache.put(str(number), entry(number % 4 + 1))
        assert cache.nbytes <= 5000


def test_what_is_larger_than_the_cache_pushes_nothing_out():
    cache = ResultCache(max_bytes=2000)
    cache.put("small", entry(1))
    cache.put("large", entry(3))
    assert cache.get("large") is None
    assert cache.get("small")


def test_kept_pictures_cannot_be_written_to():
    cache = ResultCache(max_bytes=2000)
    kept = entry(1)
    cache.put("a", kept)
    with pytest.raises(ValueError, match="read-only"):
        kept.image[0] = 1
