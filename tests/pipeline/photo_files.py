"""Generate files of every format, with an asymmetric scene and metadata."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms

WIDTH, HEIGHT = 48, 32
DPI = (300.0, 150.0)
MAKER_NOTE = bytes(range(64))
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{orientation}"'
    ' xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="48,30.5N">'
    "<tiff:ImageWidth>48</tiff:ImageWidth><exif:GPSLongitude>9,3.25E</exif:GPSLongitude>"
    '<dc:title xmlns:dc="http://purl.org/dc/elements/1.1/">Grandmother at the lake · Бабушка</dc:title>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
)
ADOBE_RGB = bytes(imagecodecs.cms_profile("adobergb"))
GREY_18 = bytes(imagecodecs.cms_profile("gray", gamma=1.8))


def scene(width=WIDTH, height=HEIGHT, dtype=np.uint8, channels=3):
    """Return a smooth picture without symmetry, shape (H, W, channels)."""
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    planes = [0.15 + 0.7 * x, 0.1 + 0.8 * y, 0.2 + 0.5 * x * x + 0.2 * y, 0.3 + 0.6 * y * y]
    white = np.iinfo(dtype).max
    return np.rint(np.stack(planes[:channels], axis=-1) * white).astype(dtype)


def stored(upright, orientation):
    """Return upright pixels as a file with an EXIF orientation stores them, by Pillow's table."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    if orientation == 1:
        return upright
    # Pillow has no 16-bit RGB, and turns each plane alone.
    planes = [Image.fromarray(np.ascontiguousarray(upright[..., c])) for c in range(upright.shape[2])]
    return np.stack([np.asarray(plane.transpose(undo[orientation])) for plane in planes], axis=-1)


def exif(orientation=1, *, resolution=DPI):
    """Return an EXIF block with a maker note and a location."""
    block = Image.Exif()
    block[0x10F], block[0x110], block[0x112] = "Zeiss", "Ikonta", orientation
    if resolution:
        block[0x11A], block[0x11B], block[0x128] = *resolution, 2
    block.get_ifd(0x8769).update({0x9003: "1938:06:01 12:00:00", 0x927C: MAKER_NOTE, 0xA002: WIDTH, 0xA003: HEIGHT})
    block.get_ifd(0x8825).update({1: "N", 2: (48.0, 30.0, 30.0), 3: "E", 4: (9.0, 3.0, 15.0)})
    return block.tobytes()


def save(array, form, **options):
    """Return a file of an array of 1 to 4 channels, encoded by Pillow, HEIC by pillow_heif."""
    picture = Image.fromarray(np.squeeze(array))
    file = io.BytesIO()
    if form == "HEIC":
        heif = pillow_heif.from_pillow(picture)
        heif.save(file, quality=-1, **options)
    else:
        picture.save(file, form, **options)
    return file.getvalue()


def save_cmyk(array, form, **options):
    file = io.BytesIO()
    Image.fromarray(array, "CMYK").save(file, form, **options)
    return file.getvalue()


def save_tiff(array, **options):
    file = io.BytesIO()
    options = {"photometric": "rgb" if array.ndim == 3 and array.shape[-1] in (3, 4) else "minisblack"} | options
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


LOSSLESS_ENOUGH = {
    "JPEG": {"quality": 98, "subsampling": 0},
    "WEBP": {"lossless": True, "exact": True},
    "AVIF": {"quality": 100, "subsampling": "4:4:4", "speed": 10},
    "HEIC": {"chroma": 444},
}


def with_alpha(form):
    """Return a file of the scene whose alpha falls from left to right; in GIF and palettes it is 0 or 1."""
    rgba = scene(channels=4)
    rgba[..., 3] = np.where(np.arange(WIDTH) < WIDTH // 3, 0, np.arange(WIDTH) * 255 // (WIDTH - 1))
    if form == "GIF":
        rgba[..., 3] = np.where(rgba[..., 3] > 0, 255, 0)
    if form == "BMP":
        return bmp_with_alpha(rgba), rgba
    return save(rgba, form, **LOSSLESS_ENOUGH.get(form, {})), rgba


def bmp_with_alpha(rgba):
    """Return a BMP with a version 5 header, which has a mask for alpha."""
    height, width = rgba.shape[:2]
    pixels = rgba[::-1, :, [2, 1, 0, 3]].tobytes()
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 32, 3, len(pixels), 2835, 2835, 0, 0)
    head = (head + masks + b"BGRs").ljust(124, b"\0")
    return b"BM" + struct.pack("<IHHI", 14 + 124 + len(pixels), 0, 0, 14 + 124) + head + pixels


def gif_with_xmp(packet):
    """Return a GIF with the application extension of XMP, whose trailer is a ramp of bytes."""
    plain = save(scene(), "GIF")
    flags = plain[10]
    start = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return plain[:start] + b"!\xff\x0bXMP DataXMP" + packet + trailer + plain[start:]


def chunk(kind, body):
    """Return a PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width, height, *, depth=8):
    """Return a PNG with a header of any size and hardly any data."""
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    data = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def cmyk_profile():
    """Return a CMYK profile of 16 nodes with ideal inks in the L*a*b* of its corners; ICC.1:2001, lut8Type."""
    corners = np.array([[(i >> s) & 1 for s in (3, 2, 1, 0)] for i in range(16)], np.float64)
    light = np.prod(1 - corners * [0.4, 0.5, 0.1, 0.95], axis=1)
    lab = np.stack([light * 255, 128 - 40 * corners[:, 0] * light, 128 + 60 * corners[:, 2] * light], axis=1)
    identity = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + identity * 4
    lut += np.rint(lab).astype(np.uint8).tobytes() + identity * 3
    text = b"desc\0\0\0\0" + struct.pack(">I", 11) + b"Test press\0" + bytes(8 + 3 + 67)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags, body = b"", b""
    for name, value in ((b"desc", text), (b"wtpt", white), (b"A2B0", lut), (b"A2B1", lut)):
        at = 128 + 4 + 4 * 12 + len(body)
        tags += name + struct.pack(">II", at, len(value))
        body += value + bytes(-len(value) % 4)
    head = bytearray(128)
    struct.pack_into(">I4sI4s4s4s", head, 0, 180 + len(body), b"", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head[36:40] = b"acsp"
    struct.pack_into(">3i", head, 68, 63190, 65536, 54061)
    return bytes(head) + struct.pack(">I", 4) + tags + body


def srgb_by_lcms(array, profile):
    """Return an 8-bit picture converted by Pillow's binding of Little CMS, shape (H, W, 3), in [0, 1]."""
    made = ImageCms.profileToProfile(
        Image.fromarray(np.squeeze(array), "CMYK") if array.shape[2] == 4 else Image.fromarray(np.squeeze(array)),
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return np.asarray(made, np.float32) / 255


def old_jpeg_tiff():
    """Return the scene as the JPEG of TIFF 6.0, whose tables lie outside the strip, which begins at the scan."""
    jpeg = save(scene(), "JPEG", quality=95, subsampling=2)
    jpeg = jpeg[:2] + jpeg[4 + struct.unpack(">H", jpeg[4:6])[0] :]  # without JFIF's own segment
    jpeg += bytes(len(jpeg) % 2)
    scan, table_at = jpeg.index(b"\xff\xda"), 8 + len(jpeg)
    bits_at = table_at + 2 + 12 * 15 + 4
    shorts = [(259, 6), (262, 6), (277, 3), (278, HEIGHT), (284, 1), (512, 1), (531, 1)]
    longs = [(256, WIDTH), (257, HEIGHT), (273, 8 + scan), (279, len(jpeg) - scan), (513, 8), (514, scan)]
    entries = [struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in shorts]
    entries += [struct.pack("<HHII", tag, 4, 1, value) for tag, value in longs]
    entries += [struct.pack("<HHII", 258, 3, 3, bits_at), struct.pack("<HHIHH", 530, 3, 2, 2, 2)]
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    table = struct.pack("<H", 15) + b"".join(entries) + bytes(4) + struct.pack("<HHH", 8, 8, 8)
    return b"II*\0" + struct.pack("<I", table_at) + jpeg + table


def bmp_with_masks(bits, masks, *, upwards=True):
    """Return the scene as BMP of 16 or 32 bits a pixel, with the channels under any masks."""
    rows = scene()[::-1] if upwards else scene()
    words = np.zeros((HEIGHT, WIDTH), np.uint32)
    for channel, mask in enumerate(masks):
        shift = (mask & -mask).bit_length() - 1
        words |= np.rint(rows[..., channel] / 255 * (mask >> shift)).astype(np.uint32) << shift
    pixels = words.astype(f"<u{bits // 8}").tobytes()
    height = HEIGHT if upwards else -HEIGHT
    head = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, 3, len(pixels), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 66 + len(pixels), 0, 0, 66) + head + struct.pack("<III", *masks) + pixels
