"""Properties of XMP that are treated in a special way, by namespace and local name."""

Name = tuple[str, str]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TIFF = "http://ns.adobe.com/tiff/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
DC = "http://purl.org/dc/elements/1.1/"
XAP = "http://ns.adobe.com/xap/1.0/"
MEDIA = "http://ns.adobe.com/xap/1.0/mm/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
IPTC_CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
XMLNS = "http://www.w3.org/2000/xmlns/"
GEO = "http://www.w3.org/2003/01/geo/wgs84_pos#"
GCAMERA = "http://ns.google.com/photos/1.0/camera/"

PLACES = {
    PHOTOSHOP: {"City", "State", "Country"},
    IPTC_CORE: {"Location", "CountryCode"},
    IPTC_EXTENSION: {
        *("LocationCreated", "LocationShown", "LocationName", "LocationId", "Sublocation", "City", "ProvinceState"),
        *("CountryName", "CountryCode", "WorldRegion"),
    },
    DC: {"coverage"},
    GEO: {"lat", "long", "alt", "lat_long"},
}
"""Where the photograph was taken, in words (IPTC Photo Metadata Standard 2023.1) or by Dublin Core and W3C."""

ATTACHMENTS = (
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/1.0/image/",
    "http://ns.google.com/photos/1.0/audio/",
    "http://ns.google.com/photos/1.0/depthmap/",
    "http://ns.google.com/photos/dd/1.0/",
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.adobe.com/xmp/note/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    "http://ns.apple.com/pixeldatainfo/1.0/",
)
"""Beginnings of namespaces about parts of a file that are not written: gain maps, films, depths, extended XMP."""

FILMS = ("MotionPhoto", "MicroVideo")
"""Beginnings of the names by which a camera states the film of a motion photo."""


def is_place(name: Name) -> bool:
    """Return whether a property says where the photograph was taken."""
    namespace, local = name
    is_gps = local.lower().startswith("gps") and namespace != XMLNS
    return is_gps or local in PLACES.get(namespace, ())


def is_thumbnail(name: Name) -> bool:
    """Return whether a property is a small copy of the unrestored photograph."""
    return name == (XAP, "Thumbnails")


def is_attachment(name: Name) -> bool:
    """Return whether a property is about a part of the file that is not written."""
    namespace, local = name
    return namespace.startswith(ATTACHMENTS) or (namespace == GCAMERA and local.startswith(FILMS))
