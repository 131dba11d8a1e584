"""The page of a TIFF file that is the photograph is read, and any other on request."""

import io
import zlib

import numpy as np
import pytest
import tifffile

from pipeline.errors import OptionError, PhotoTooLarge, PhotoUnreadable
from pipeline.photo import Output, encode_photo, read_photo
from tests.pipeline import photo_files as files

SCENE = files.scene()
SMALL = np.ascontiguousarray(SCENE[::3, ::3])


def tiff(*pages):
    """Return a TIFF file of arrays, each with the value of NewSubfileType."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for array, kind in pages:
            writer.write(array, photometric="rgb", subfiletype=kind)
    return file.getvalue()


def codes(photo):
    return [notice.code for notice in photo.notices]


@pytest.mark.parametrize("kind", [0, 1], ids=["not marked", "marked"])
def test_a_preview_in_front_is_not_the_photograph(kind):
    photo = read_photo(tiff((SMALL, kind), (SCENE, 0)))
    assert (np.rint(photo.pixels * 255) == SCENE).all()
    assert codes(photo) == ["preview-skipped"]
    assert photo.notices[0].values == {"page": 2, "pages": 2, "w": 48, "h": 32}
    assert photo.pages == (1 if kind else 2)


def test_the_only_page_is_read_however_it_is_marked():
    photo = read_photo(tiff((SCENE, 1)))
    assert (codes(photo), photo.pages) == ([], 1)


def test_pages_are_chosen_by_number():
    scans = [np.roll(SCENE, 7 * n, axis=1) for n in range(3)]
    data = tiff((scans[0], 0), (SMALL, 1), (scans[1], 2), (scans[2], 0))
    assert codes(read_photo(data)) == ["first-frame"]
    for number, scan in enumerate(scans, 1):
        photo = read_photo(data, page=number)
        assert (np.rint(photo.pixels * 255) == scan).all()
        assert (codes(photo), photo.pages) == ([], 3)


@pytest.mark.parametrize(
    ("data", "page", "error", "message"),
    [
        (tiff((SCENE, 0), (SCENE, 0)), 3, PhotoUnreadable, "a page from 1 to 2, got 3"),
        (files.save(SCENE, "JPEG"), 2, PhotoUnreadable, "all that a JPEG file has, got 2"),
        (tiff((SCENE, 0)), 0, OptionError, "page must be at least 1, not 0"),
    ],
)
def test_a_page_that_is_not_there_is_refused(data, page, error, message):
    with pytest.raises(error, match=message):
        read_photo(data, page=page)
    assert read_photo(files.save(SCENE, "JPEG"), page=1).pages == 1


def test_pages_beyond_the_limit_are_told(monkeypatch, in_this_process):
    monkeypatch.setattr("pipeline.codecs.tiff_pages.MOST_PAGES", 3)
    file = io.BytesIO()
    tifffile.imwrite(file, np.stack([SCENE] * 4), photometric="rgb")
    for page in (None, 2):
        photo = read_photo(file.getvalue(), page=page)
        assert photo.pages == 3
        assert "pages-left-out" in [notice.code for notice in photo.notices]
    file = io.BytesIO()
    tifffile.imwrite(file, np.stack([SCENE] * 3), photometric="rgb")
    assert "pages-left-out" not in [notice.code for notice in read_photo(file.getvalue()).notices]


def test_pages_in_a_circle_end():
    data = bytearray(tiff((SCENE, 0), (SCENE, 0)))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        link = tif.pages[1].offset + 2 + 12 * len(tif.pages[1].tags)
        data[link : link + 4] = tif.pages[0].offset.to_bytes(4, "little")
    assert read_photo(bytes(data)).pages == 2


@pytest.mark.parametrize("form", ["tiff", "png", "jpeg"])
def test_a_bigtiff_keeps_its_tags(form):
    options = {"resolution": (600, 600), "resolutionunit": "inch", "description": "Album 3", "metadata": None}
    stored = files.stored(SCENE, 6)
    photo = read_photo(files.save_tiff(stored, bigtiff=True, extratags=[(274, "H", 1, 6, True)], **options))
    assert (np.rint(photo.pixels * 255) == SCENE).all()
    assert (codes(photo), photo.metadata.dpi) == ([], (600, 600))
    back = read_photo(encode_photo(photo.pixels, photo, Output(form, quality=100)).data)
    assert b"Album 3" in back.metadata.exif


def test_old_jpeg_in_tiff_is_read():
    photo = read_photo(files.old_jpeg_tiff())
    assert photo.size == (48, 32)
    np.testing.assert_allclose(photo.pixels, SCENE / 255, atol=0.04)


@pytest.mark.parametrize("inner", [False, True], ids=["first page", "behind a preview"])
def test_raw_data_is_named_as_such(inner):
    mosaic = np.zeros((32, 32), np.uint16)
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        if inner:
            writer.write(SMALL, photometric="rgb", subfiletype=1, subifds=1)
        writer.write(mosaic, photometric="cfa")
    with pytest.raises(PhotoUnreadable, match="a camera's raw data"):
        read_photo(file.getvalue())


def test_a_compression_that_is_not_read_is_named():
    with pytest.raises(PhotoUnreadable, match="the compression PNG"):
        read_photo(files.save_tiff(SCENE, compression="png"))


@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_bands_of_any_size_give_the_same_picture(monkeypatch, tile, planes):
    deep = files.scene(75, 50, np.uint16, 4)
    stored = np.moveaxis(deep, -1, 0) if planes == "separate" else deep
    options = {"tile": tile} if tile else {"rowsperstrip": 7}
    data = files.save_tiff(
        stored, photometric="rgb", planarconfig=planes, extrasamples=[2], compression="zlib", predictor=True, **options
    )
    whole = [read_photo(data, max_pixels=cap) for cap in (3200, 10_000)]
    monkeypatch.setattr("pipeline.codecs.tiff_pixels.BAND_SAMPLES", 1000)
    for photo, cap in zip(whole, (3200, 10_000), strict=True):
        banded = read_photo(data, max_pixels=cap)
        assert (banded.pixels == photo.pixels).all()
        assert (banded.alpha == photo.alpha).all()
    assert (np.rint(whole[1].pixels * 65535) == deep[..., :3]).all()


@pytest.mark.slow
def test_the_largest_strip_follows_from_what_may_be_taken(tmp_path):
    width, height = 15_000, 15_000
    packer = zlib.compressobj(1)
    rows = bytes(1000 * width * 6)
    strip = b"".join([*(packer.compress(rows) for _ in range(height // 1000)), packer.flush()])
    form = {"dtype": np.uint16, "photometric": "rgb", "compression": "zlib", "rowsperstrip": height}
    tifffile.imwrite(tmp_path / "large.tif", iter([strip]), shape=(height, width, 3), **form)
    with pytest.raises(PhotoTooLarge, match=r"fit into memory, got one of 1350 MB\. .*or raise max_pixels"):
        read_photo(tmp_path / "large.tif")
    assert read_photo(tmp_path / "large.tif", max_pixels=40_000_000).original_size == (width, height)
