"""Files beside results that say what was done, with which program, settings and models, and to what."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from models.files import atomic
from pipeline.batch.restore import INSTANCE
from pipeline.batch.rows import Row
from pipeline.photo import COMPOSITE, SOFTWARE

_PACKET = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stRef="http://ns.adobe.com/xap/1.0/sType/ResourceRef#"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool={software}
    xmpMM:InstanceID={instance}{kind}
    photoshop:History={history}>
   <xmpMM:DerivedFrom rdf:parseType="Resource">
    <stRef:filePath>{name}</stRef:filePath>
    <stRef:documentID>sha256:{source}</stRef:documentID>
   </xmpMM:DerivedFrom>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


def write_missing(rows: Iterable[Row], documents: Mapping[str, Any], root: Path, form: str) -> None:
    """Write the sidecars of results that have none yet; of those of the page the journal knows too little.

    Parameters
    ----------
    rows : iterable of Row
    documents : mapping
        Settings by their digests, from the journal.
    root : Path
        Folder of results.
    form : {"json", "xmp"}
        ``picture.png`` gets ``picture.png.json`` or ``picture.png.xmp``.
    """
    for row in rows:
        target = root / os.fsdecode(row.target)
        if row.state == "done" and row.key and target.exists() and not beside(target, form).exists():
            write(row, documents, root, form)


def write(row: Row, documents: Mapping[str, Any], root: Path, form: str) -> None:
    """Write the sidecar of one result; parameters are those of `write_missing`."""
    make: Callable[[Row, Any], str] = {"json": _json, "xmp": _xmp}[form]
    text = make(row, documents.get(row.settings))
    atomic.write(beside(root / os.fsdecode(row.target), form), text.encode("utf-8", "backslashreplace"))


def _json(row: Row, document: Any) -> str:
    said = {
        "software": SOFTWARE,
        "source": {"path": os.fsdecode(row.source), "page": row.page, "sha256": row.sha256},
        "result": {"path": os.fsdecode(row.target), "sha256": row.result, "key": row.key},
        "report": row.report,
        "settings": document,
    }
    return json.dumps(said, indent=2) + "\n"


def _xmp(row: Row, _document: Any) -> str:
    """Return a packet of XMP; the source is stated as what the result is derived from."""
    kind = f"\n    Iptc4xmpExt:DigitalSourceType={quoteattr(COMPOSITE)}" if row.report.get("guesses") else ""
    return _PACKET.format(
        software=quoteattr(SOFTWARE),
        instance=quoteattr(f"{INSTANCE}{row.key}"),
        kind=kind,
        history=quoteattr(row.report.get("history", "")),
        name=escape(Path(os.fsdecode(row.source)).name),
        source=row.sha256,
    )


def beside(target: Path, form: str) -> Path:
    """Return the path of the sidecar of a result."""
    return target.with_name(f"{target.name}.{form}")
