"""Components: one script of several modules, ranges for sliders."""

import re

from pipeline.finish import Finish
from ui.components import script, spans


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text)
    return folder / f"{next(iter(texts))}.js"


def test_modules_are_joined_each_once_after_what_they_import(tmp_path):
    path = write(
        tmp_path,
        main='import { a } from "./a.js"\nimport { b, c } from "./b.js"\n\nexport default function show() {}\n',
        a='import { c } from "./b.js"\n\nexport const a = c\n',
        b="const hidden = 1\nexport const b = hidden\nexport async function c() {}\n",
    )
    joined = script(path)
    assert [joined.count(text) for text in ("const hidden", "const a = c", "async function c")] == [1, 1, 1]
    assert joined.index("const b") < joined.index("const a") < joined.index("export default")
    assert not re.search(r"^import|^export (?!default)", joined, re.MULTILINE)


def test_a_range_is_that_of_the_option():
    assert spans(Finish)["blur"] == {"low": 0, "high": 3, "step": 0.05, "neutral": 0}
