"""Faces on the page, without a browser: the switch, the address, other photographs, and what became of each."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pipeline.plan import from_json, to_json
from pipeline.stages.faces import rows
from studio.layers import Layers
from ui.faces import proof
from ui.shop import workshop

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PORTRAIT = ROOT / "examples" / "astronaut_before.jpg"
CUP = ROOT / "examples" / "coffee_before.jpg"
OFF = "0.44,0.23,0"
"""The portrait's face, left alone."""


def opened(*paths, **address):
    """The page after photographs were dropped, at an address."""
    app = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60)
    app.query_params.update(address)
    app.run()
    app.file_uploader[0].set_value([(path.name, path.read_bytes(), "image/jpeg") for path in paths]).run()
    for picture in album(app).pictures:
        assert workshop().preview("", picture).wait(60)
    return drawn(app)


def drawn(app):
    app.run()
    assert not app.exception
    assert not app.error
    return app


def album(app):
    return workshop().album(app.query_params["album"])


def picture(app, number=0):
    return album(app).pictures[number]


def restored(app):
    app.button("restore").click().run()
    assert picture(app).job.wait(120)
    drawn(app)
    return picture(app).done


def stage(done):
    return next(each for each in done.plan.stages if each.name == "faces")


def test_faces_are_suggested_and_off_until_a_person_says_so():
    app = opened(PORTRAIT)
    assert picture(app).examination.wait(60)
    drawn(app)
    assert not app.toggle("faces").value
    assert any("A face was found" in caption.value and "Restore faces" in caption.value for caption in app.caption)
    assert "stored or sent" in app.toggle("faces").help


def test_a_photograph_without_faces_says_so():
    app = opened(CUP, faces="true")
    assert picture(app).faces[2.0].wait(60)
    drawn(app)
    assert "No face was found on this photograph." in [caption.value for caption in app.caption]


def test_a_face_that_is_switched_off_stays_as_it_is():
    app = opened(PORTRAIT)
    app.query_params.update({"faces": "true", "faces.strengths": OFF})
    done = restored(drawn(app))
    assert stage(done).strengths == OFF
    assert [row["outcome"] for row in rows(done.notices)] == ["face-off"]
    at = done.layers.names.index("faces")
    np.testing.assert_array_equal(done.layers.picture(at), done.layers.picture(at - 1))
    assert "The face was left alone: switched off." in [text.value for text in app.markdown]
    assert "insist.faces" not in {button.key for button in app.button}  # nothing would change


def test_faces_that_were_all_left_alone_are_restored_where_somebody_insists(tmp_path):
    with Image.open(PORTRAIT) as image:
        image.resize((96, 96)).save(tmp_path / "small.jpg", quality=95)
    app = opened(tmp_path / "small.jpg", faces="true")
    assert [row["outcome"] for row in rows(restored(app).notices)] == ["face-small"]
    app.button("insist.faces").click().run()
    assert picture(app).job.wait(120)
    drawn(app)
    assert stage(picture(app).done).always
    assert "insist.faces" not in {button.key for button in app.button}


def test_a_face_that_is_on_changes_and_is_proven():
    app = opened(PORTRAIT)
    app.query_params.update({"faces": "true", "faces.strength": "0.5"})
    done = restored(drawn(app))
    (row,) = rows(done.notices)
    assert 0.3 < row["strength"] <= 0.5  # a clear face is restored less
    assert "The face was restored." in [text.value for text in app.markdown]
    (told,) = proof.outlined(picture(app))
    left, top, width, height = told["box"]
    assert left < 0.44 < left + width
    assert top < 0.23 < top + height
    assert _changed_part(done.layers) == pytest.approx((left + width / 2, top + height / 2), abs=0.05)


def _changed_part(layers: Layers):
    """The middle of what the stage changed, as shares of the picture."""
    at = layers.names.index("faces")
    rows_of, columns = np.nonzero(np.abs(layers.picture(at) - layers.picture(at - 1)).max(axis=2) > 0.02)
    return columns.mean() / layers.size[0], rows_of.mean() / layers.size[1]


def test_the_form_of_points_is_said_in_the_language_of_the_page():
    app = opened(CUP, mode="advanced", **{"faces.on": "true"})
    app.query_params["lang"] = "ru"
    drawn(app)
    assert app.text_input("faces.strengths").placeholder.startswith("X,Y,СИЛА")


def test_strengths_go_from_the_address_into_settings_and_back():
    app = opened(PORTRAIT)
    app.query_params.update({"faces": "true", "faces.strength": "0.4", "faces.strengths": "0.44,0.23,0.9"})
    done = restored(drawn(app))
    again = from_json(to_json(picture(app).settled_plan()))
    assert stage(done) == next(each for each in again.stages if each.name == "faces")
    assert (stage(done).strength, stage(done).strengths) == (0.4, "0.44,0.23,0.9")


@pytest.mark.parametrize("text", ["nonsense", "0.4,0.2", "2,2,2"])
def test_an_address_with_impossible_strengths_is_as_one_without(text):
    app = opened(PORTRAIT)
    app.query_params.update({"faces": "true", "faces.strengths": text, "faces.strength": "much"})
    done = restored(drawn(app))
    assert (stage(done).strength, stage(done).strengths) == (0.85, "")


def test_another_photograph_has_its_own_faces():
    app = opened(PORTRAIT, CUP)
    app.button("open.0").click().run()
    app.query_params["faces.strengths"] = OFF
    drawn(app)
    back = next(button for button in app.button if button.label == "All photographs")
    back.click().run()
    assert "faces.strengths" not in app.query_params
    app.button("open.0").click().run()
    assert app.query_params["picture"] == "0"


def test_what_the_page_foretells_is_what_the_stage_does():
    app = opened(PORTRAIT, faces="true")
    job = picture(app).faces[2.0]
    assert job.wait(60)
    done = restored(drawn(app))
    assert [each.number for each in job.result if not each.reason] == [
        row["number"] for row in rows(done.notices) if "identity" in row
    ]
    assert job.result[0].face.box == pytest.approx(
        [rows(done.notices)[0][s] for s in ("left", "top", "width", "height")], abs=8
    )


def face(number, outcome):
    done = {"identity": 0.9, "strength": 0.7} if outcome in ("face-certain", "face-likely", "face-unknown") else {}
    return {"number": number, "outcome": outcome, **done}


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["face-likely"], "The face was restored."),
        (["face-turned"], "The face was left alone: turned too far to the side."),
        (["face-certain", "face-unknown"], "All 2 faces were restored."),
        (
            ["face-small", "face-certain", "face-turned", "face-small"],
            "1 of 4 faces were restored. Left alone: too small (1, 4), turned too far to the side (3).",
        ),
    ],
)
def test_one_sentence_tells_how_many_were_restored_and_why_not_the_others(outcomes, expected):
    assert proof.sentence([face(at, outcome) for at, outcome in enumerate(outcomes, start=1)]) == expected
