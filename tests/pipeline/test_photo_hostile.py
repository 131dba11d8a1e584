"""Files that were made or damaged to take memory or time are refused or read within bounds."""

import io
import resource
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from pipeline.codecs import decode_pillow, tags
from pipeline.errors import PhotoTooLarge, PhotoUnreadable, PhotoUnwritable
from pipeline.photo import Output, encode_photo, read_photo
from tests.pipeline import photo_files as files

SCENE = files.scene()


@pytest.fixture
def bounded(in_this_process):
    """Fail a test that takes more than two seconds or 300 MB."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.perf_counter() - start < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def codes(photo):
    return [notice.code for notice in photo.notices]


@pytest.mark.parametrize("tag", [256, 257, 277])
def test_a_size_of_two_numbers_is_refused(tag, bounded):
    data = bytearray(files.save_tiff(files.scene(64, 64)))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        at, height = (tif.pages[0].tags[code].offset for code in (tag, 257))
    struct.pack_into("<HII", data, height + 2, tags.LONG, 1, 100_000_000)
    struct.pack_into("<HIHH", data, at + 2, tags.SHORT, 2, 3, 30_000)
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(bytes(data))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_cannot_hold_its_pixels_is_refused(progressive, bounded):
    data = bytearray(files.save(SCENE, "JPEG", progressive=progressive))
    at = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, 15_000, 15_000)
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(bytes(data))


def test_the_smallest_jpeg_of_its_size_is_read():
    flat = files.save(np.zeros((2000, 2000, 1), np.uint8), "JPEG", quality=1, optimize=True, progressive=True)
    assert read_photo(flat).original_size == (2000, 2000)


def test_a_second_size_behind_the_first_is_refused(bounded):
    """The reader of pages takes the first of equal tags; what is checked must be the same one."""
    data = bytearray(files.save_tiff(files.scene(64, 64)))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        width, description = (tif.pages[0].tags[tag].offset for tag in (256, 270))
    struct.pack_into("<HHIHH", data, description, 256, tags.SHORT, 1, 64, 0)
    struct.pack_into("<HIHH", data, width + 2, tags.SHORT, 2, 3, 30_000)
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(bytes(data))


def test_overlapping_entries_are_counted_before_they_are_copied(bounded):
    block = tags.header("<") + struct.pack("<H", 5000)
    block += b"".join(struct.pack("<HHII", n + 1, tags.UNDEFINED, 65_000, 8) for n in range(5000)) + bytes(5000)
    photo = read_photo(files.save(SCENE, "PNG", exif=block))
    assert codes(photo) == ["exif-damaged"]


def test_tables_of_tiff_pages_may_not_overlap_either(bounded):
    data = files.save_tiff(SCENE)
    table = struct.pack("<H", 4000) + struct.pack("<HHII", 700, tags.UNDEFINED, 60_000, 8) * 4000 + bytes(60_000)
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(data[:4] + struct.pack("<I", len(data)) + data[8:] + table)


def j2k_in_tiff(width, height):
    """Return a TIFF file of 48 x 32 whose JPEG 2000 codestream states another size."""
    data = bytearray(files.save_tiff(SCENE, compression="jpeg2000"))
    at = data.index(b"\xff\x4f\xff\x51")
    struct.pack_into(">II", data, at + 8, width, height)
    return bytes(data)


def test_jpeg_2000_inside_a_tiff_is_as_large_as_the_page_states(bounded):
    np.testing.assert_allclose(read_photo(j2k_in_tiff(48, 32)).pixels, SCENE / 255, atol=0.03)
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(j2k_in_tiff(48, 2_000_000))


def test_tiles_much_larger_than_the_picture_are_refused(bounded):
    data = bytearray(files.save_tiff(files.scene(64, 64), tile=(16, 16), compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        for tag in (322, 323):
            struct.pack_into("<HII", data, tif.pages[0].tags[tag].offset + 2, tags.LONG, 1, 32_768)
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(bytes(data))


def test_only_our_error_speaks_of_a_damaged_tiff():
    """The library would log its own lines to the terminal."""
    data = bytearray(files.save_tiff(SCENE, compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        struct.pack_into("<H", data, tif.pages[0].tags[279].offset, 65_000)
    probe = "import sys, pipeline.photo as p\ntry: p.read_photo(sys.stdin.buffer.read())\nexcept Exception: 0"
    root = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", probe], input=bytes(data), cwd=root, capture_output=True, check=True)
    assert said.stderr == b""


def test_a_palette_that_is_no_palette_is_damage():
    palette = Image.fromarray(SCENE).quantize(32)
    file = io.BytesIO()
    palette.save(file, "TIFF")
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        struct.pack_into("<H", data, tif.pages[0].tags[320].offset, 65_000)
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(bytes(data))


def test_samples_of_more_bits_than_the_page_states_are_damage():
    data = bytearray(files.save_tiff(files.scene(channels=1)[..., 0], compression="jpeg"))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        struct.pack_into("<HIHH", data, tif.pages[0].tags[258].offset + 2, tags.SHORT, 1, 4, 0)
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(bytes(data))


@pytest.mark.slow
def test_a_large_tiff_of_16_bits_is_reduced_strip_by_strip(in_this_process):
    """60 million pixels of 16-bit RGBA would be 480 MB, and their float copy 960."""
    strip = np.full((100, 7_500, 4), 30_000, np.uint16)
    file = io.BytesIO()
    strips = (imagecodecs.zlib_encode(strip.tobytes(), 1) for _ in range(80))
    tifffile.imwrite(
        file, strips, shape=(8_000, 7_500, 4), dtype=np.uint16, photometric="rgb", extrasamples=[2], rowsperstrip=100,
        compression="zlib",
    )  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    photo = read_photo(file.getvalue())
    assert photo.original_size == (7_500, 8_000)
    np.testing.assert_allclose(photo.pixels, 30_000 / 65_535, atol=1e-5)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 450_000


@pytest.mark.parametrize("error", [IndexError, AssertionError, RecursionError, KeyError, BufferError])
def test_whatever_a_decoder_raises_becomes_an_error_of_ours(monkeypatch, in_this_process, error):
    def broken(*_):
        raise error

    monkeypatch.setattr(decode_pillow, "_decode_by_pillow", broken)
    with pytest.raises(PhotoUnreadable, match="The JPEG file is damaged"):
        read_photo(files.save(SCENE, "JPEG"))
    monkeypatch.setattr("pipeline.codecs.encode.encode_jpeg", broken)
    photo = read_photo(files.save_tiff(SCENE))
    with pytest.raises(PhotoUnwritable, match="cannot be saved as JPEG"):
        encode_photo(photo.pixels, photo, Output("jpeg"))


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("(-4:Insufficient memory) Failed to allocate")])
def test_a_file_that_does_not_fit_into_memory_is_too_large(monkeypatch, in_this_process, error):
    def broken(*_):
        raise error

    monkeypatch.setattr(decode_pillow, "_decode_by_pillow", broken)
    with pytest.raises(PhotoTooLarge, match="Reduce it first"):
        read_photo(files.save(SCENE, "JPEG"))


def test_a_progressive_jpeg_of_very_many_pixels_is_too_large_not_damaged():
    data = bytearray(files.save(files.scene(), "JPEG", progressive=True))
    at = data.index(b"\xff\xc2")
    data[at + 5 : at + 9] = struct.pack(">HH", 12_501, 12_000)
    with pytest.raises(PhotoTooLarge, match="progressive JPEG file of at most 150 million pixels, got 12000 x 12501"):
        read_photo(bytes(data) + bytes(300_000))


def test_a_webp_file_of_48_megapixels_fits_into_the_memory_of_a_worker():
    file = io.BytesIO()
    Image.new("RGB", (8_000, 6_000), (90, 120, 60)).save(file, "WEBP", method=0)
    assert read_photo(file.getvalue()).original_size == (8_000, 6_000)


def block_with_gps_over_the_header():
    """Return an EXIF block whose location lies over its own header, so that removing it would destroy the block."""
    gps = tags.Field(tags.LONG, {1: tags.Field(2, b"N\0"), 2: tags.Field(tags.RATIONAL, bytes(24))})
    block = tags.header("<") + tags.write_table({tags.ORIENTATION: tags.Field(3, b"\6\0"), tags.GPS_IFD: gps}, "<", 8)
    entries, _ = tags.read_table(block, 8)
    latitude = tags.subtable(block, entries[tags.GPS_IFD])[2]
    return block[: latitude.at + 8] + struct.pack("<I", 0) + block[latitude.at + 12 :]


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "tiff"])
def test_exif_that_could_not_be_written_is_dropped_when_it_is_read(form):
    photo = read_photo(files.save(SCENE, "PNG", exif=block_with_gps_over_the_header()))
    assert codes(photo) == ["metadata-dropped"]
    assert photo.size == (32, 48)
    assert photo.metadata.exif is None
    encoded = encode_photo(photo.pixels, photo, Output(form, metadata="no-gps"))
    assert encoded.notices == ()


@pytest.mark.parametrize("text", [b"300 dpi.", b"3"])
@pytest.mark.parametrize("kind", [1, 2, 3, 5, 7])
def test_entries_of_a_wrong_type_do_not_break_a_written_tiff(kind, text):
    value = text.ljust(tags.TYPE_BYTES[kind], b"\0")
    wrong = {tag: tags.Field(kind, value) for tag in tags.RIGHT_KINDS if tag not in tags.POINTERS}
    block = tags.header("<") + tags.write_table(wrong, "<", 8)
    photo = read_photo(files.save(SCENE, "PNG"))
    photo = replace(photo, metadata=replace(photo.metadata, exif=block))
    data = encode_photo(photo.pixels, photo, Output("tiff")).data
    entries, _ = tags.read_table(data, tags.first_table(data))
    assert not {tag for tag, entry in entries.items() if entry.kind not in tags.RIGHT_KINDS.get(tag, (entry.kind,))}
    picture = Image.open(io.BytesIO(data))
    picture.load()
    assert picture.size == (48, 32)
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        assert (tif.pages[0].asarray() == SCENE).all()
