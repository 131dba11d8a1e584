"""Correct an XMP packet for the restored picture.

XMP (ISO 16684-1) is RDF in XML. The document is edited as a tree and written back with its own prefixes, because
some readers look for the customary ones.
"""

from xml.dom import minidom
from xml.parsers.expat import ExpatError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TIFF = "http://ns.adobe.com/tiff/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
XAP = "http://ns.adobe.com/xap/1.0/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
XMLNS = "http://www.w3.org/2000/xmlns/"

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
COMPOSITE = f"{SOURCE_TYPE}compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for a picture with parts that a trained model made up."""

EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"/></x:xmpmeta>'
    '<?xpacket end="w"?>'
).encode()


def rewrite(
    packet: bytes | None,
    size: tuple[int, int],
    *,
    keep_gps: bool,
    software: str = "",
    history: str = "",
    guessed: bool = False,
) -> bytes | None:
    """Make a packet true of upright pixels of another size.

    Parameters
    ----------
    packet : bytes or None
        As the file had it.
    size : tuple of int
        Width and height to state, where the packet states them.
    keep_gps : bool
        False removes every property whose name begins with GPS, in any namespace.
    software, history : str
        Where `history` is not empty, it is added as ``photoshop:History``, and `software` as ``xmp:CreatorTool``
        unless another program stands there.
    guessed : bool
        Whether a model made up part of the picture; with a `history`, IPTC's digital source type says so.

    Returns
    -------
    bytes or None
        None where there was no packet and nothing to say.

    Raises
    ------
    ValueError
        Where the packet is not well-formed XML, or declares entities.
    """
    if not packet and not history:
        return None
    try:
        document = _parsed(packet or EMPTY)
        for element in document.getElementsByTagName("*"):
            _correct(element, size, keep_gps)
        if history:
            _add_history(document, software, history, guessed)
        return "".join(node.toxml() for node in document.childNodes).encode()
    except (ExpatError, RecursionError) as error:
        msg = f"the XMP packet is not well-formed: {error}"
        raise ValueError(msg) from error


def _parsed(packet: bytes) -> minidom.Document:
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        msg = "the XMP packet declares entities, which XMP does not allow"
        raise ValueError(msg)
    return minidom.parseString(packet.strip(b"\0 \t\r\n"))


def _correct(element: minidom.Element, size: tuple[int, int], keep_gps: bool) -> None:
    """Correct one element and its attributes: each is how some writer spells a property."""
    width, height = map(str, size)
    right = {
        (TIFF, "Orientation"): "1",
        (TIFF, "ImageWidth"): width,
        (TIFF, "ImageLength"): height,
        (EXIF, "PixelXDimension"): width,
        (EXIF, "PixelYDimension"): height,
    }
    for attribute in list(element.attributes.values()):
        name = (attribute.namespaceURI or "", attribute.localName or "")
        if name in right:
            attribute.value = right[name]
        elif _must_go(name, keep_gps):
            element.removeAttributeNode(attribute)
    name = (element.namespaceURI or "", element.localName or "")
    if name in right and element.firstChild and element.firstChild.nodeType == element.TEXT_NODE:
        element.firstChild.data = right[name]
    elif _must_go(name, keep_gps) and element.parentNode:
        element.parentNode.removeChild(element)


def _must_go(name: tuple[str, str], keep_gps: bool) -> bool:
    """Tell whether a property shows the old picture, or the place that is to be forgotten."""
    namespace, local = name
    is_gps = local.lower().startswith("gps") and namespace != XMLNS
    return name == (XAP, "Thumbnails") or (is_gps and not keep_gps)


def _add_history(document: minidom.Document, software: str, history: str, guessed: bool) -> None:
    """Append a description of what was done, in an element of its own."""
    roots = document.getElementsByTagNameNS(RDF, "RDF")
    if not roots:
        msg = "the XMP packet holds no RDF"
        raise ValueError(msg)
    description = document.createElementNS(RDF, "rdf:Description")
    for prefix, namespace in (("rdf", RDF), ("xmp", XAP), ("photoshop", PHOTOSHOP)):
        description.setAttributeNS(XMLNS, f"xmlns:{prefix}", namespace)
    description.setAttributeNS(RDF, "rdf:about", "")
    if software and not _states(document, XAP, "CreatorTool"):
        description.setAttributeNS(XAP, "xmp:CreatorTool", software)
    if guessed:
        _take(document, IPTC_EXTENSION, "DigitalSourceType")
        description.setAttributeNS(XMLNS, "xmlns:Iptc4xmpExt", IPTC_EXTENSION)
        description.setAttributeNS(IPTC_EXTENSION, "Iptc4xmpExt:DigitalSourceType", COMPOSITE)
    earlier = _take(document, PHOTOSHOP, "History")
    description.setAttributeNS(PHOTOSHOP, "photoshop:History", "\n".join([*earlier, history]))
    roots[0].appendChild(description)


def _states(document: minidom.Document, namespace: str, local: str) -> bool:
    elements = document.getElementsByTagName("*")
    return any(e.hasAttributeNS(namespace, local) for e in elements) or bool(
        document.getElementsByTagNameNS(namespace, local)
    )


def _take(document: minidom.Document, namespace: str, local: str) -> list[str]:
    """Remove a plain property from the packet and return what it said, since a packet may state it only once."""
    said = []
    for element in document.getElementsByTagName("*"):
        if element.hasAttributeNS(namespace, local):
            said.append(element.getAttributeNS(namespace, local))
            element.removeAttributeNS(namespace, local)
    for element in document.getElementsByTagNameNS(namespace, local):
        said.append("".join(n.data for n in element.childNodes if n.nodeType == n.TEXT_NODE))
        if element.parentNode:
            element.parentNode.removeChild(element)
    return said
