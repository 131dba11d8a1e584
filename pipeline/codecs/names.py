"""File names that are safe on every system."""

import re
import unicodedata

LONGEST_BYTES = 180
"""Limit in bytes of UTF-8. File systems allow 255; a suffix and an extension are added."""

RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


def safe_stem(name: str) -> str:
    r"""Return a valid file stem for any file name.

    Parameters
    ----------
    name : str
        A name or path, from a browser, an archive or another system.

    Returns
    -------
    str
        Without folders, extension (a number is none), control characters, characters that Windows refuses, leading dots
        and dashes, and Windows device names. Letters of every script are kept. ``"photo"`` if nothing is left.

    Examples
    --------
    >>> safe_stem("C:\\scans\\фото.jpg"), safe_stem("../../.htaccess"), safe_stem("con.png")
    ('фото', 'htaccess', '_con')
    """
    last = re.split(r"[/\\]", name)[-1]
    last = re.sub(r"(?<=.)\.[A-Za-z][A-Za-z0-9]{0,4}$", "", last.strip())
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c) not in ("Cc", "Cs", "Cf"))
    clean = re.sub(r'[<>:"|?*]', "_", kept).lstrip(" .-")
    clean = clean.encode()[:LONGEST_BYTES].decode(errors="ignore").rstrip(" .")
    return f"_{clean}" if RESERVED.match(clean) else clean or "photo"
