"""What cannot be read is named, with what to do; what is sound is never called damaged."""

import struct

import imagecodecs
import numpy as np
import pytest

from pipeline.errors import PhotoUnreadable
from pipeline.photo import read_photo
from tests.pipeline import photo_files as files

SCENE = files.scene()
RAW, FILM = "a camera's raw data. Develop it in a raw converter", "a film. Save one of its pictures"
KINDS = {
    b"FUJIFILMCCD-RAW 0201FF": RAW,
    b"II\x1a\0\0\0HEAPCCDR": RAW,
    b"IIRO\x08\0\0\0": RAW,
    b"IIU\0\x08\0\0\0": RAW,
    b"FOVb\0\0\0": RAW,
    b"\0MRM\0\0\0": RAW,
    b"\0\0\0\x18ftypcrx \0\0\0\1crx isom": RAW,
    b"II*\0\x10\0\0\0CR\2\0" + bytes(20): RAW,
    b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom": FILM,
    b"\0\0\0\x14ftypqt  \0\0\0\0qt  ": FILM,
    b"\x1a\x45\xdf\xa3\x01": FILM,
    b"RIFF\0\0\0\0AVI LIST": FILM,
    b"PK\x03\x04" + bytes(26) + b"word/document.xml": "an office document. Save the photograph in it",
    b"PK\x03\x04" + bytes(26) + b"photo.jpg": "a ZIP archive. Unpack it first",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an office document",
    b"\0\0\0\x0cjP  \r\n\x87\n": "a JPEG 2000 picture. Convert it",
    b"\xff\x0a\0\0": "a JPEG XL picture. Convert it",
    b"8BPS\0\1": "a Photoshop document. Convert it",
    b"gimp xcf v011": "a GIMP document",
    b"\xff\xd8\xff\xf7\0\x0b": "a JPEG-LS picture",
    b"P6 3 3 255 ": "a Netpbm picture",
    bytes(128) + b"DICM": "a medical picture",
    b"<!DOCTYPE html><html>": "a web page",
    "Grüße an Großmutter".encode(): "a text file. Choose a photograph",
    bytes(2000): "a file of zeros, whose content is lost",
    bytes(range(128, 250)): "a file of another kind. Convert it",
}


@pytest.mark.parametrize("data", KINDS, ids=[repr(data[:16]) for data in KINDS])
def test_what_cannot_be_read_is_named(data):
    with pytest.raises(PhotoUnreadable) as caught:
        read_photo(data)
    assert f"got {KINDS[data]}" in str(caught.value)
    assert "damaged" not in str(caught.value)


def test_a_gif_is_no_film():
    """The mark of an MPEG stream is a G every 188 bytes."""
    data = bytearray(files.save(SCENE, "GIF"))
    data[188] = ord("G")
    assert read_photo(bytes(data)).format == "GIF"


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_of_12_bits_is_read(channels):
    deep = files.scene(dtype=np.uint16, channels=channels) >> 4
    data = imagecodecs.jpeg8_encode(np.squeeze(deep), level=98, bitspersample=12)
    photo = read_photo(data)
    assert photo.depth == 16
    np.testing.assert_allclose(photo.pixels, np.broadcast_to(deep / 4095, photo.pixels.shape), atol=0.02)


def test_the_data_of_a_12_bit_jpeg_is_read():
    deep = files.scene(dtype=np.uint16) >> 4
    data = imagecodecs.jpeg8_encode(deep, level=98, bitspersample=12)
    block = files.exif(1)
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]
    assert b"Zeiss" in read_photo(data).metadata.exif


def test_lossless_jpeg_is_read():
    photo = read_photo(imagecodecs.jpeg8_encode(SCENE, lossless=True, colorspace="rgb", outcolorspace="rgb"))
    assert (np.rint(photo.pixels * 255) == SCENE).all()


@pytest.mark.parametrize(
    ("bits", "masks"),
    [(16, (0xF00, 0xF0, 0xF)), (16, (0xF800, 0x7E0, 0x1F)), (32, (0x3FF00000, 0xFFC00, 0x3FF))],
    ids=["444", "565", "10 bits"],
)
@pytest.mark.parametrize("upwards", [True, False])
def test_bmp_of_any_masks_is_read(bits, masks, upwards):
    photo = read_photo(files.bmp_with_masks(bits, masks, upwards=upwards))
    most = max(255 / (mask >> ((mask & -mask).bit_length() - 1)) for mask in masks)
    np.testing.assert_allclose(photo.pixels, SCENE / 255, atol=(most / 2 + 1) / 255)


def test_sound_files_of_an_unsupported_kind_are_not_called_damaged():
    data = bytearray(files.bmp_with_masks(16, (0xF00, 0xF0, 0xF)))
    struct.pack_into("<I", data, 30, 4)  # a JPEG inside, for printers
    with pytest.raises(PhotoUnreadable, match="not supported") as caught:
        read_photo(bytes(data))
    assert "damaged" not in str(caught.value)


def test_an_animation_of_10_bits_is_read_by_its_first_frame():
    frames = np.stack([np.roll(files.scene(dtype=np.uint16) >> 6, 8 * n, axis=1) for n in range(3)])
    photo = read_photo(imagecodecs.avif_encode(frames, level=95, bitspersample=10))
    assert [notice.code for notice in photo.notices] == ["first-frame", "depth-not-read"]
    np.testing.assert_allclose(photo.pixels, SCENE / 255, atol=0.06)


def progressive(scans):
    """Return a progressive JPEG whose last scan is repeated."""
    data = files.save(SCENE, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded():
    with pytest.raises(PhotoUnreadable, match=r"at most 100 scans, got \d+"):
        read_photo(progressive(1000))
    assert read_photo(files.save(SCENE, "JPEG", progressive=True)).notices == ()
