"""Write a graph so that it shares the weights of the safetensors file beside it: they are stored once for both."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import openvino

_PLACE = re.compile(r'offset="(\d+)" size="(\d+)"')
_LENGTH_BYTES = 8
"""Length of the number at the start of a safetensors file, which is the length of the header after it."""

_ALIGNMENT = 8
"""Integers of 64 bits begin at a multiple of it: not every processor reads them elsewhere."""


def write(graph: openvino.Model, path: Path) -> None:
    """Write a graph as ``.xml`` and ``.bin``; `models.runtime.graphs.read` reads them.

    The ``.bin`` holds what the tensors lack, such as shapes and folded weights. Offsets in the ``.xml`` count as if it
    followed the last byte of the safetensors file.

    Parameters
    ----------
    graph : openvino.Model
        Its float32 weights are rounded to float16.
    path : Path
        The ``.xml``, beside which the network's ``.safetensors`` lies.
    """
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "graph.xml"
        openvino.save_model(graph, plain, compress_to_fp16=True)
        text, constants = plain.read_text(encoding="utf-8"), plain.with_suffix(".bin").read_bytes()
    tensors = path.with_suffix(".safetensors").read_bytes()
    shared, own = _places(tensors), bytearray()

    def place(match: re.Match[str]) -> str:
        offset, size = int(match[1]), int(match[2])
        data = constants[offset : offset + size]
        if data not in shared:
            own.extend(bytes(-(len(tensors) + len(own)) % _ALIGNMENT))
            shared[data] = len(tensors) + len(own)
            own.extend(data)
        return f'offset="{shared[data]}" size="{size}"'

    path.write_text(_PLACE.sub(place, text), encoding="utf-8")
    path.with_suffix(".bin").write_bytes(own)


def _places(file: bytes) -> dict[bytes, int]:
    """Return where in a safetensors file each tensor's bytes begin."""
    start = _LENGTH_BYTES + int.from_bytes(file[:_LENGTH_BYTES], "little")
    header = json.loads(file[_LENGTH_BYTES:start])
    header.pop("__metadata__", None)
    spans = (entry["data_offsets"] for entry in header.values())
    return {file[start + first : start + last]: start + first for first, last in spans}
