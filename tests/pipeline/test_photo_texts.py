"""Texts, comments and data behind the pixels are kept; words about parts that are not written are removed."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipeline.codecs import gif, jpeg, png
from pipeline.photo import Output, encode_photo, read_photo
from tests.pipeline import photo_files as files

SCENE = files.scene()
FORMATS = ("png", "jpeg", "webp", "tiff")
WORDS = {"Title": "The lake", "Author": "Бабушка", "Description": "1938", "Copyright": "Family", "Comment": "by hand"}


def written(photo, form, **options):
    output = {k: options.pop(k) for k in ("metadata",) if k in options}
    return encode_photo(photo.pixels, photo, Output(form, **output), software="Studio", **options)


def opened(data):
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def codes(result):
    return [notice.code for notice in result.notices]


def late(*chunks, picture=SCENE):
    """Return a PNG file with chunks behind the pixels."""
    data = files.save(picture, "PNG")
    return data[:-12] + b"".join(files.chunk(kind, body) for kind, body in chunks) + data[-12:]


def png_with_words(words=WORDS):
    info = PngInfo()
    for keyword, text in words.items():
        info.add_itxt(keyword, text)
    return files.save(SCENE, "PNG", pnginfo=info)


def test_exif_behind_the_pixels_turns_the_picture_and_is_kept():
    block = files.exif(6).removeprefix(b"Exif\0\0")
    photo = read_photo(late((b"eXIf", block), picture=files.stored(SCENE, 6)))
    assert (np.rint(photo.pixels * 255) == SCENE).all()
    assert opened(written(photo, "png").data).getexif()[0x10F] == "Zeiss"


@pytest.mark.parametrize("packed", [False, True])
def test_xmp_behind_the_pixels_is_kept(packed):
    packet = files.XMP.format(orientation=1).encode()
    body = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet) if packed else b"XML:com.adobe.xmp\0\0\0\0\0" + packet
    photo = read_photo(late((b"iTXt", body)))
    assert "Grandmother" in opened(written(photo, "png").data).info["xmp"].decode()


def test_metadata_that_imagemagick_writes_as_text_is_kept():
    def profile(kind, data):
        return (
            b"zTXt",
            b"Raw profile type %s\0\0" % kind + zlib.compress(b"\n%s\n%8d\n" % (kind, len(data)) + data.hex().encode()),
        )

    record = b"\x1c\x02\x78\x00\x05Hello"
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + b"\0"
    photo = read_photo(late(profile(b"exif", files.exif(1)), profile(b"iptc", resource)))
    assert b"Zeiss" in photo.metadata.exif
    assert photo.metadata.iptc == record
    assert photo.metadata.texts == ()


def test_chunks_with_a_wrong_checksum_and_long_texts_are_left_out():
    bad = bytearray(late((b"eXIf", files.exif(6).removeprefix(b"Exif\0\0"))))
    bad[-13] ^= 1
    assert read_photo(bytes(bad)).metadata.exif is None
    long = (b"zTXt", b"Title\0\0" + zlib.compress(bytes(900_000), 1))
    start = time.perf_counter()
    photo = read_photo(late(*[long] * 6, (b"tEXt", b"Author\0me")))
    assert time.perf_counter() - start < 1
    assert codes(photo) == ["metadata-dropped"]


def test_png_keeps_the_texts_beside_the_history():
    photo = read_photo(png_with_words())
    info = opened(written(photo, "png", history="denoised").data).text
    assert {keyword: info[keyword] for keyword in WORDS} == WORDS
    assert (info["Software"], info["Restoration"]) == ("Studio", "denoised")
    again = read_photo(written(photo, "png", history="denoised").data)
    info = opened(written(again, "png", history="upscaled").data).text
    assert (info["Comment"], info["Restoration"]) == ("by hand", "denoised\nupscaled")


def test_the_history_is_the_comment_where_there_is_no_other():
    photo = read_photo(files.save(SCENE, "PNG"))
    once = read_photo(written(photo, "png", history="denoised").data)
    assert opened(written(once, "png", history="upscaled").data).text["Comment"] == "denoised\nupscaled"


@pytest.mark.parametrize("form", ["jpeg", "webp", "tiff"])
def test_texts_of_png_are_kept_in_other_formats(form):
    photo = read_photo(png_with_words())
    encoded = written(photo, form, history="denoised")
    assert codes(encoded) == []
    packet = opened(encoded.data).info["xmp"].decode()
    for keyword, text in WORDS.items():
        assert text in (packet if form != "jpeg" or keyword != "Comment" else encoded.data.decode("latin-1"))
    assert "dc:title" in packet
    assert codes(written(read_photo(png_with_words({"Source": "an attic"})), form)) == ["texts-no-place"]


def test_a_notice_names_few_of_very_many_texts():
    photo = read_photo(png_with_words({f"Key {number}": "x" for number in range(500)}))
    (notice,) = written(photo, "tiff").notices
    assert len(notice.values["keywords"]) < 100
    assert "(500)" in notice.values["keywords"]


@pytest.mark.parametrize("source", ["JPEG", "GIF"])
@pytest.mark.parametrize("form", FORMATS)
def test_comments_are_kept(source, form):
    photo = read_photo(files.save(SCENE, source, comment="Großmutter am See".encode()))
    assert photo.metadata.texts == (("Comment", "Großmutter am See"),)
    encoded = written(photo, form, history="denoised")
    picture = opened(encoded.data)
    assert codes(encoded) == []
    if form == "jpeg":
        assert picture.info["comment"].decode() == "Großmutter am See"
    elif form == "png":
        assert picture.text["Comment"] == "Großmutter am See"
    else:
        assert "Großmutter am See" in picture.info["xmp"].decode()
    assert "Großmutter".encode() not in written(photo, form, metadata="strip").data


def test_a_comment_too_long_for_jpeg_gives_a_notice():
    photo = read_photo(png_with_words({"Comment": "x" * 70_000}))
    assert codes(written(photo, "jpeg")) == ["metadata-too-long"]


def test_gif_extensions_are_read_in_one_pass():
    packet = files.XMP.format(orientation=1).encode()
    assert gif.read_blocks(files.gif_with_xmp(packet)).xmp == packet
    plain = files.save(SCENE, "GIF")
    start = time.perf_counter()
    gif.read_blocks(plain[:-1] + b"!\xff\x0bXMP DataXMP" * 200_000)
    assert time.perf_counter() - start < 0.5


def test_segments_of_jpeg_are_read_in_one_pass():
    start = time.perf_counter()
    for filling in (b"\xff", b"\xff\x00", b"\xff\xda\0\2"):
        jpeg.outline(b"\xff\xd8\xff\xda\0\2" + filling * 500_000)
    png.read_chunks(b"\x89PNG\r\n\x1a\n" + files.chunk(b"tEXt", b"a\0b") * 50_000)
    assert time.perf_counter() - start < 3


def xmp(attributes):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {attributes}/></rdf:RDF></x:xmpmeta>'
    ).encode()


MOTION = xmp(
    'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" '
    'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" GCamera:MotionPhoto="1" GCamera:MicroVideoOffset="5000" '
    f'hdrgm:Version="1.0" xmpNote:HasExtendedXMP="{"0" * 32}" GCamera:SpecialTypeID="kept"'
)


@pytest.mark.parametrize("form", FORMATS)
def test_words_about_parts_that_are_not_written_are_removed(form):
    data = files.save(SCENE, "JPEG", xmp=MOTION) + b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100)
    photo = read_photo(data)
    assert codes(photo) == ["attachment-dropped"]
    encoded = written(photo, form)
    assert codes(encoded) == ["statements-removed"]
    packet = opened(encoded.data).info["xmp"].decode()
    assert not [word for word in ("MotionPhoto", "MicroVideo", "Version", "HasExtendedXMP") if word in packet]
    assert "SpecialTypeID" in packet


def test_content_credentials_that_are_not_kept_give_a_notice():
    box = b"JP\0\1\0\0\0\1" + struct.pack(">I", 60) + b"jumb\0\0\0\x1ejumdc2pa" + bytes(40)
    data = files.save(SCENE, "JPEG")
    photo = read_photo(data[:2] + b"\xff\xeb" + struct.pack(">H", len(box) + 2) + box + data[2:])
    assert codes(photo) == codes(read_photo(late((b"caBX", box)))) == ["metadata-dropped"]
    assert photo.notices[0].values["part"] == "C2PA"


def test_the_film_in_a_heic_gives_a_notice():
    data = files.save(SCENE, "HEIC") + struct.pack(">I4s", 108, b"mpvd") + bytes(100)
    photo = read_photo(data)
    assert [(notice.code, notice.values) for notice in photo.notices] == [("attachment-dropped", {"length": 100})]


def test_padding_behind_a_jpeg_gives_no_notice():
    assert codes(read_photo(files.save(SCENE, "JPEG") + bytes(500))) == []


PLACES = xmp(
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:c="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" '
    'photoshop:City="Springfield" photoshop:Country="Nowhereland" c:Location="12 Elm Street" photoshop:Credit="Anna"'
)


def data_set(number, value):
    return bytes([0x1C, 2, number]) + struct.pack(">H", len(value)) + value


@pytest.mark.parametrize("form", FORMATS)
def test_named_places_go_with_the_location(form):
    record = (
        data_set(90, b"Springfield") + data_set(80, b"Anna") + data_set(92, b"12 Elm Street") + data_set(101, b"Now")
    )
    resource = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + bytes(len(record) % 2)
    data = files.save(SCENE, "JPEG", xmp=PLACES)
    photo = read_photo(data[:2] + b"\xff\xed" + struct.pack(">H", len(resource) + 2) + resource + data[2:])
    kept, without = written(photo, form).data, written(photo, form, metadata="no-gps").data
    assert b"Springfield" in kept
    assert not [word for word in (b"Springfield", b"Elm Street", b"Now") if word in without]
    assert b"Anna" in without


def test_a_damaged_record_is_dropped_rather_than_kept_with_its_place():
    photo = read_photo(files.save_tiff(SCENE, extratags=[(33723, 7, 20, b"\x1c\x02\x5a\x00\xffSpringfield!!!!", True)]))
    encoded = written(photo, "tiff", metadata="no-gps")
    assert codes(encoded) == ["metadata-dropped"]
    assert b"Springfield" not in encoded.data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32", "cp037"])
def test_a_document_type_is_refused_in_every_encoding(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY b "c">]>' + MOTION.decode()
    photo = read_photo(
        files.save_tiff(SCENE, extratags=[(700, 1, len(text.encode(encoding)), text.encode(encoding), True)])
    )
    encoded = written(photo, "png", history="denoised")
    assert codes(encoded) == ["metadata-dropped"]
    assert b"ENTITY" not in encoded.data


@pytest.mark.parametrize("packet", [b"<a/>" * 1_000_000, b"<a x='1'/>" * 400_000, b"<a>" * 500_000], ids=len)
def test_a_packet_of_very_many_elements_is_dropped_quickly(packet):
    packet = b"<x>" + packet + b"</x>"
    photo = read_photo(files.save_tiff(SCENE, extratags=[(700, 1, len(packet), packet, True)]))
    start = time.perf_counter()
    assert codes(written(photo, "png")) == ["metadata-dropped"]
    assert time.perf_counter() - start < 1
