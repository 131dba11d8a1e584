"""Bad input raises one clear PhotoError, quickly and without taking memory."""

import io
import resource
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.errors import PhotoError, PhotoTooLarge, PhotoUnreadable
from pipeline.photo import Output, encode_photo, read_photo
from tests.pipeline import photo_files as files

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIC")
WHOLE = {form: files.save(files.scene(), form) for form in FORMATS}
WHOLE["PNG of 16 bits"] = imagecodecs.png_encode(files.scene(dtype=np.uint16))
WHOLE["AVIF of 10 bits"] = imagecodecs.avif_encode(files.scene(dtype=np.uint16) >> 6, bitspersample=10)
WHOLE["deflated TIFF"] = files.save_tiff(files.scene(dtype=np.uint16), compression="zlib")
SEEDS = WHOLE | {
    "JPEG with metadata": files.save(
        files.scene(), "JPEG", exif=files.exif(6), xmp=files.XMP.encode(), comment=b"lake"
    ),
    "PNG with metadata": files.save(files.scene(), "PNG", exif=files.exif(6), icc_profile=files.ADOBE_RGB),
    "JPEG of 12 bits": imagecodecs.jpeg8_encode(files.scene(dtype=np.uint16) >> 4, bitspersample=12),
    "GIF with XMP": files.gif_with_xmp(files.XMP.encode()),
    "BMP of any masks": files.bmp_with_masks(16, (0xF00, 0xF0, 0xF)),
    "AVIF of PQ": imagecodecs.avif_encode(files.scene(), primaries=9, transfer=16),
    "BigTIFF": files.save_tiff(files.scene(), bigtiff=True),
    **{f"TIFF, {c}": files.save_tiff(files.scene(), compression=c) for c in ("jpeg", "jpeg2000", "webp", "lzw")},
}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"hello " * 100, r"JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF and HEIC\), got"),
        (b"%PDF-1.7 and so on", "a PDF document"),
        (b'  <svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript file"),
        (b"8BPS\0\1", "a Photoshop document"),
        (b"\0\0\0", "a file of zeros"),
        (b"\1\2\3\4\x80\x90", "a file of another kind. Convert it"),
    ],
)
def test_files_of_another_kind_are_refused(data, message):
    with pytest.raises(PhotoUnreadable, match=message):
        read_photo(data)


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9])
def test_truncated_files_are_refused(form, kept):
    data = WHOLE[form]
    with pytest.raises(PhotoUnreadable, match="damaged or incomplete"):
        read_photo(data[: max(12, int(len(data) * kept))])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    form=st.sampled_from(sorted(SEEDS)),
    places=st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4),
)
def test_damage_anywhere_gives_a_picture_or_a_photo_error(form, places):
    data = bytearray(SEEDS[form])
    for where, junk in places:
        at = int(where * len(data))
        data[at : at + len(junk)] = junk
    try:
        photo = read_photo(bytes(data))
    except PhotoError:
        return
    assert ((photo.pixels >= 0) & (photo.pixels <= 1)).all()
    try:
        encode_photo(photo.pixels, photo, Output("tiff", metadata="no-gps"), history="denoised")
    except PhotoError:
        pytest.fail("a picture that is read can be written")


def tiff_header(width, height):
    file = io.BytesIO()
    tifffile.imwrite(file, files.scene(), photometric="rgb")
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        for tag, value in ((256, width), (257, height)):
            entry = tif.pages[0].tags[tag]
            struct.pack_into("<HII", data, entry.offset + 2, 4, 1, value)
    return bytes(data)


def gif_header(width, height):
    data = bytearray(WHOLE["GIF"])
    struct.pack_into("<HH", data, 6, width, height)
    return bytes(data)


def webp_header(side):
    size = (side - 1).to_bytes(3, "little")
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + size + size + WHOLE["WEBP"][12:]
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


BOMBS = {
    "PNG": files.png_header(60_000, 60_000),
    "PNG of 16 bits": files.png_header(60_000, 60_000, depth=16),
    "TIFF": tiff_header(60_000, 60_000),
    "GIF": gif_header(60_000, 60_000),
}

PROBE = """
import resource, sys, time
from pathlib import Path
from pipeline.errors import PhotoError
from pipeline.codecs import reading
data = Path(sys.argv[1]).read_bytes()
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
try:
    reading.read(data, "", 2_000_000, False, None)
except PhotoError as error:
    print(type(error).__name__, time.perf_counter() - start,
          resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, str(error), sep="|")
"""


@pytest.mark.parametrize("form", BOMBS)
def test_a_decompression_bomb_is_refused_by_its_header(form, tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[form])
    root = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", PROBE, path], cwd=root, capture_output=True, text=True, check=True)
    kind, seconds, kilobytes, message = said.stdout.strip().split("|")
    assert kind == "PhotoTooLarge"
    assert "60000 x 60000" in message
    assert "250 million" in message
    assert float(seconds) < 1
    assert int(kilobytes) < 20_000


def test_a_webp_file_over_the_limit_is_refused():
    with pytest.raises(PhotoError):
        read_photo(webp_header(16_384))


def test_pillows_own_limit_is_not_used_and_not_changed(monkeypatch, in_this_process):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for form in FORMATS:
        if form == "WEBP":  # its decoder checks Pillow's limit
            with pytest.raises(PhotoTooLarge):
                read_photo(WHOLE[form])
        else:
            assert read_photo(WHOLE[form]).size == (files.WIDTH, files.HEIGHT)
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.slow
def test_a_picture_near_the_limit_is_decoded_in_bounded_memory(in_this_process):
    """100 million grey pixels in 100 kB are read without a float copy of the whole."""
    file = io.BytesIO()
    Image.new("L", (10_000, 10_000), 77).save(file, "PNG")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    photo = read_photo(file.getvalue())
    assert photo.original_size == (10_000, 10_000)
    np.testing.assert_allclose(photo.pixels, 77 / 255, atol=1e-6)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000


@pytest.mark.parametrize(
    ("size", "message"), [((0, 100), "0 x 100|damaged"), ((7, 100), "at least 8"), ((8, 401), "50 times")]
)
def test_extreme_shapes_are_refused(size, message):
    start = time.perf_counter()
    with pytest.raises(PhotoUnreadable, match=message):
        read_photo(files.png_header(*size))
    assert time.perf_counter() - start < 1


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(PhotoUnreadable, match=r"none\.jpg cannot be read: No such file"):
        read_photo(tmp_path / "none.jpg")
    with pytest.raises(PhotoUnreadable, match="cannot be read: Is a directory"):
        read_photo(tmp_path)


def test_a_file_over_the_limit_of_bytes_is_not_read(tmp_path):
    path = tmp_path / "huge.tif"
    with path.open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(PhotoTooLarge, match="1073741825 bytes"):
        read_photo(path)


@pytest.mark.parametrize(
    ("array", "options", "message"),
    [
        (np.zeros((16, 16), np.float32), {}, "floating point samples of 32 bits"),
        (np.zeros((16, 16), np.int16), {}, "signed samples of 16 bits"),
        (np.zeros((16, 16, 3), np.uint8), {"photometric": "cielab"}, "the colour space CIELAB"),
        (np.zeros((16, 16), np.uint16), {"photometric": "cfa"}, "a camera's raw data"),
    ],
)
def test_unusual_tiff_files_are_refused(array, options, message):
    with pytest.raises(PhotoUnreadable, match=message):
        read_photo(files.save_tiff(array, **options))


def test_a_compressed_chunk_that_expands_to_much_is_refused(in_this_process):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    data = WHOLE["PNG"]
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000), 1))
    start = time.perf_counter()
    with pytest.raises(PhotoUnreadable, match="damaged") as caught:
        read_photo(data[:33] + bomb + data[33:])
    assert "too large" in str(caught.value.__cause__)
    assert time.perf_counter() - start < 1
