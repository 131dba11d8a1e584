"""Sound files of every format, and random changes of them."""

import io
import random
import struct

import imagecodecs
import numpy as np
from PIL import Image

from tests.pipeline import photo_files as files

PLACES = (64, 400, 1_500)
"""Bytes at the beginning, where headers are, that most changes fall on."""

LARGE = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\1\0\0", b"\1\0\0\0")
COMPRESSIONS = ("zlib", "lzw", "jpeg", "jpeg2000", "webp", "packbits", "zstd", "lzma")


def seeds() -> dict[str, bytes]:
    """Return sound files by what they are."""
    scene, deep = files.scene(), files.scene(dtype=np.uint16)
    packet, block = files.XMP.format(orientation=6).encode(), files.exif(6)
    found = {form: files.save(scene, form) for form in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIC", "AVIF")}
    found |= {f"{form}, EXIF": files.save(scene, form, exif=block) for form in ("PNG", "TIFF")}
    found |= {f"{form}, EXIF and XMP": files.save(scene, form, exif=block, xmp=packet) for form in ("JPEG", "WEBP")}
    found |= {f"TIFF, {kind}": files.save_tiff(scene, compression=kind) for kind in COMPRESSIONS}
    return found | {
        "JPEG, progressive": files.save(scene, "JPEG", progressive=True, comment=b"Greetings"),
        "JPEG, profile": files.save(scene, "JPEG", icc_profile=files.ADOBE_RGB, exif=files.exif(3)),
        "JPEG of 12 bits": imagecodecs.jpeg8_encode(deep >> 4, bitspersample=12),
        "PNG of 16 bits": imagecodecs.png_encode(deep),
        "GIF, XMP": files.gif_with_xmp(packet),
        "BMP, masks": files.bmp_with_masks(16, (0xF00, 0xF0, 0xF)),
        "TIFF of 16 bits": files.save_tiff(deep, predictor=2, compression="zlib"),
        "TIFF, tiles": files.save_tiff(scene, tile=(16, 16), compression="zlib"),
        "TIFF, old JPEG": files.old_jpeg_tiff(),
        "BigTIFF, profile": files.save_tiff(scene, bigtiff=True, iccprofile=files.ADOBE_RGB),
        "AVIF of 10 bits": imagecodecs.avif_encode(deep >> 6, bitspersample=10),
        "AVIF, code points": imagecodecs.avif_encode(scene, primaries=9, transfer=16),
        "AVIF, animated": animated("AVIF"),
        "WebP, animated": animated("WEBP"),
        "PNG, animated": animated("PNG"),
    }


def animated(form: str) -> bytes:
    """Return a file of three frames."""
    frames = [Image.fromarray(np.roll(files.scene(), step, axis=1)) for step in range(3)]
    file = io.BytesIO()
    frames[0].save(file, form, save_all=True, append_images=frames[1:])
    return file.getvalue()


def changed(data: bytes, chance: random.Random) -> bytes:
    """Return a file with one to six changes; one in twenty is also cut off."""
    result = bytearray(data)
    in_header = chance.random() < 0.6
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        at = chance.randrange(min(len(result), chance.choice(PLACES)) if in_header else len(result))
        _change(result, at, chance)
        if not result:
            return b""
    return bytes(result[: chance.randrange(len(result))] if chance.random() < 0.05 else result)


def _change(data: bytearray, at: int, chance: random.Random) -> None:
    """Change one place: a byte, a bit, a number of four or two bytes, or leave out or repeat some bytes."""
    order = chance.choice("<>")
    match chance.randrange(6):
        case 0:
            data[at] = chance.randrange(256)
        case 1:
            data[at] ^= 1 << chance.randrange(8)
        case 2:
            data[at : at + 4] = chance.choice((*LARGE, struct.pack(f"{order}I", chance.randrange(1 << 20))))
        case 3:
            data[at : at + 2] = chance.choice((b"\xff\xff", struct.pack(f"{order}H", chance.randrange(4_000))))
        case 4:
            del data[at : at + chance.randrange(1, 40)]
        case _:
            data[at:at] = data[at : at + chance.randrange(1, 60)]
