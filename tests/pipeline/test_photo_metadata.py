"""Metadata is kept and updated, and removed on request."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pipeline.codecs import exif, tags
from pipeline.photo import Metadata, Output, encode_photo, read_photo
from tests.pipeline import photo_files as files

SCENE = files.scene()
FORMATS = ("png", "jpeg", "webp", "tiff")
IPTC = b"\x1c\x02\x78\x00\x05Hello"


def opened(data):
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def photo_with(**metadata):
    photo = read_photo(files.save(SCENE, "PNG"))
    return replace(photo, metadata=Metadata(**metadata))


def doubled(photo, form, **options):
    """Return the photograph encoded at twice its size."""
    pixels = np.repeat(np.repeat(photo.pixels, 2, axis=0), 2, axis=1)
    output = {k: options.pop(k) for k in ("metadata", "quality") if k in options}
    return encode_photo(pixels, photo, Output(form, **output), **options)


def jpeg(**options):
    return files.save(SCENE, "JPEG", **options)


@pytest.mark.parametrize("form", FORMATS)
def test_sizes_and_orientation_are_those_of_the_output(form):
    packet = files.XMP.format(orientation=6).encode()
    photo = read_photo(jpeg(exif=files.exif(6), xmp=packet))
    picture = opened(doubled(photo, form).data)
    block = picture.getexif()
    details = block.get_ifd(0x8769)
    assert picture.size == (64, 96)
    assert (block[0x112], details[0xA002], details[0xA003]) == (1, 64, 96)
    text = picture.info["xmp"].decode()
    assert 'tiff:Orientation="1"' in text
    assert "<tiff:ImageWidth>64<" in text
    assert block[0x11A] == 300  # swapped with the sides, and twice as fine as 150, as the picture was doubled


@pytest.mark.parametrize("form", FORMATS)
def test_the_location_alone_can_be_removed(form):
    packet = files.XMP.format(orientation=1).encode()
    photo = read_photo(jpeg(exif=files.exif(), xmp=packet))
    data = doubled(photo, form, metadata="no-gps").data
    picture = opened(data)
    block = picture.getexif()
    assert 0x8825 not in block
    assert block.get_ifd(0x8769)[0x927C] == files.MAKER_NOTE
    assert (block[0x10F], block[0x110]) == ("Zeiss", "Ikonta")
    text = picture.info["xmp"].decode()
    assert "GPS" not in text
    assert "Grandmother" in text
    latitude = struct.pack("<6I", 48, 1, 30, 1, 30, 1)
    assert latitude in doubled(photo, form).data
    assert latitude not in data


@pytest.mark.parametrize("form", FORMATS)
def test_all_metadata_can_be_removed(form):
    packet = files.XMP.format(orientation=1).encode()
    photo = read_photo(jpeg(exif=files.exif(), xmp=packet, dpi=(300, 300)))
    data = doubled(photo, form, metadata="strip", history="denoised").data
    picture = opened(data)
    assert "xmp" not in picture.info
    assert b"Zeiss" not in data
    assert b"denoised" not in data
    assert not picture.getexif().get_ifd(0x8769)
    assert picture.info["icc_profile"]


def test_the_maker_note_keeps_its_offset():
    """Some maker notes hold offsets from the start of the block, which must stay valid."""
    block = files.exif().removeprefix(exif.PREFIX)
    at = block.index(files.MAKER_NOTE)
    photo = read_photo(jpeg(exif=exif.PREFIX + block))
    for form in ("png", "webp", "jpeg"):
        data = doubled(photo, form, metadata="no-gps").data
        start = data.index(b"II*\0" if block[:2] == b"II" else b"MM\0*")
        assert data[start + at : start + at + len(files.MAKER_NOTE)] == files.MAKER_NOTE
    assert doubled(photo, "tiff").data[at : at + len(files.MAKER_NOTE)] == files.MAKER_NOTE


def block_with_thumbnail(thumbnail):
    """Return an EXIF block whose second table describes a small JPEG."""
    first = tags.write_table({0x10F: tags.Field(2, b"Zeiss\0")}, "<", 8)
    second_at = 8 + len(first)
    image_at = second_at + 2 + 2 * 12 + 4
    second = tags.write_table(
        {
            0x201: tags.Field(tags.LONG, struct.pack("<I", image_at)),
            0x202: tags.Field(tags.LONG, struct.pack("<I", len(thumbnail))),
        },
        "<",
        second_at,
    )
    link = 2 + 12
    return tags.header("<") + first[:link] + struct.pack("<I", second_at) + first[link + 4 :] + second + thumbnail


@pytest.mark.parametrize("form", FORMATS)
def test_the_thumbnail_is_removed(form):
    thumbnail = b"\xff\xd8 a small sideways picture \xff\xd9"
    source = files.save(SCENE, "PNG", exif=block_with_thumbnail(thumbnail))
    assert b"sideways" in source
    data = doubled(read_photo(source), form).data
    assert b"sideways" not in data
    assert opened(data).getexif()[0x10F] == "Zeiss"


def test_thumbnails_in_xmp_are_removed():
    packet = files.XMP.format(orientation=1).replace(
        "<dc:title", '<xmp:Thumbnails xmlns:xmp="http://ns.adobe.com/xap/1.0/">/9j/4AAQ</xmp:Thumbnails><dc:title'
    )
    data = doubled(photo_with(xmp=packet.encode()), "png").data
    assert b"/9j/4AAQ" not in data
    assert b"Grandmother" in data


@pytest.mark.filterwarnings("ignore:Corrupt EXIF|Possibly corrupt")
@pytest.mark.parametrize("block", [b"junk", b"II*\0\xff\xff\xff\x7f", b"MM\0*\0\0\0\x08\xff\xff"], ids=repr)
def test_a_damaged_exif_block_is_dropped_with_a_notice(block):
    photo = read_photo(files.save(SCENE, "PNG", exif=block))
    assert [n.code for n in photo.notices] == ["exif-damaged"]
    assert photo.metadata.exif is None
    assert (np.rint(photo.pixels * 255) == SCENE).all()


@pytest.mark.parametrize(
    "packet",
    [b"<x", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a>" * 5000 + b"</a>" * 5000, b"\xff\xfe\0"],
    ids=["cut", "entities", "deep", "bytes"],
)
def test_a_damaged_xmp_packet_is_dropped_with_a_notice(packet):
    encoded = doubled(photo_with(xmp=packet), "png", history="denoised")
    assert [n.code for n in encoded.notices] == ["metadata-dropped"]
    assert "denoised" in opened(encoded.data).info["xmp"].decode()


@pytest.mark.parametrize("form", FORMATS)
def test_history_is_written_and_appended(form):
    photo = read_photo(files.save(SCENE, "PNG"))
    once = doubled(photo, form, history="denoised", software="Studio").data
    text = opened(once).info["xmp"].decode()
    assert 'photoshop:History="denoised"' in text
    assert 'xmp:CreatorTool="Studio"' in text
    twice = doubled(read_photo(once), form, history="upscaled", software="Other").data
    text = opened(twice).info["xmp"].decode()
    assert text.count("photoshop:History=") == 1
    assert "denoised" in text
    assert "upscaled" in text
    assert 'xmp:CreatorTool="Studio"' in text


def test_iptc_is_kept_in_jpeg_and_tiff():
    resource = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC
    data = jpeg()
    data = data[:2] + b"\xff\xed" + struct.pack(">H", len(resource) + 2) + resource + data[2:]
    photo = read_photo(data)
    assert photo.metadata.iptc == IPTC
    for form in FORMATS:
        encoded = doubled(photo, form)
        if form in ("jpeg", "tiff"):
            assert read_photo(encoded.data).metadata.iptc == IPTC
            assert encoded.notices == ()
        else:
            assert [n.code for n in encoded.notices] == ["metadata-no-place"]


def test_metadata_too_long_for_a_jpeg_segment_gives_a_notice():
    block = Image.Exif()
    block[0x10E] = "x" * 70_000
    photo = photo_with(exif=block.tobytes().removeprefix(exif.PREFIX))
    encoded = doubled(photo, "jpeg")
    assert [n.code for n in encoded.notices] == ["metadata-too-long"]
    assert encoded.notices[0].values["length"] > 70_000
    assert doubled(photo, "png").notices == ()


def test_dpi_that_webp_cannot_hold_give_a_notice():
    block = files.exif(resolution=None).removeprefix(exif.PREFIX)
    photo = photo_with(exif=block, dpi=(300, 300))
    assert [n.code for n in doubled(photo, "webp").notices] == ["dpi-dropped"]
    assert doubled(photo, "png").notices == ()


def test_tags_of_a_tiff_file_are_kept():
    source = files.save_tiff(
        files.scene(dtype=np.uint16),
        metadata=None,
        description="Lake",
        software="Scanner",
        datetime="1999:01:01 00:00:00",
    )
    for form in FORMATS:
        block = opened(doubled(read_photo(source), form).data).getexif()
        assert (block[0x10E], block[0x131], block[0x132]) == ("Lake", "Scanner", "1999:01:01 00:00:00")
        assert block.get(0x103) == (8 if form == "tiff" else None)


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "tiff"])
def test_a_block_with_a_location_only_is_removed(form):
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((60, 60, 3), np.uint8)).save(buffer, "JPEG", exif=exif, dpi=(300, 300))
    photo = read_photo(buffer.getvalue())
    encoded = encode_photo(photo.pixels, photo, Output(form, metadata="no-gps"))
    assert encoded.notices == ()
    assert 0x8825 not in Image.open(io.BytesIO(encoded.data)).getexif()
