"""Any file name becomes one that is valid on every system."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.photo import read_photo, safe_stem
from tests.pipeline import photo_files as files

SCENE = files.scene()


@given(st.text(max_size=300))
def test_any_name_becomes_valid(name):
    stem = safe_stem(name)
    assert stem
    assert len(stem.encode()) <= 181
    assert not set(stem) & set('/\\<>:"|?*\0\n\r\t')
    assert stem[0] not in ".- "
    assert stem[-1] not in ". "


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("фото.jpg", "фото"),
        ("祖母.heic", "祖母"),
        ("scan.1938.tif", "scan.1938"),
        ("scan.3", "scan.3"),
        ("IMG_2024.12", "IMG_2024.12"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.png", "a"),
        (".hidden.jpg", "hidden"),
        ("NUL.jpg", "_NUL"),
        ("com1.scan.png", "_com1.scan"),
        ("a\0b\u202ec.png", "abc"),
        ("...", "photo"),
        ("", "photo"),
        ("mr. smith", "mr. smith"),
        ("-rf.jpg", "rf"),
    ],
)
def test_names_by_example(name, stem):
    assert safe_stem(name) == stem
    assert read_photo(files.save(SCENE, "PNG"), name=name).name == stem
