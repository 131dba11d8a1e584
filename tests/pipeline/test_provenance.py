"""A restored file states its restoration steps, the models, and what was generated."""

import html
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pipeline.codecs.mark import with_mark
from pipeline.codecs.xmp import COMPOSITE
from pipeline.methods.filters import luma
from pipeline.photo import Metadata, Output, encode_photo, read_photo
from pipeline.plan import arrange
from pipeline.run import Result, Timing, run
from pipeline.stages import Colorize, PostDenoise, Repair, Upscale
from tests.photographs import photograph
from tests.pipeline.fakes import FakeEngine

FORMATS = ("png", "jpeg", "webp", "tiff")
GUESS = "The colours are a machine's guess"
AI_PICTURE = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'e:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm"/></rdf:RDF></x:xmpmeta>'
)


def blue(x, network):
    return np.broadcast_to(np.float32([10, -40]).reshape(1, 2, 1, 1), (1, 2, *x.shape[2:]))


def photo_of(image):
    buffer = io.BytesIO()
    Image.fromarray((image * 255).astype(np.uint8)).save(buffer, "PNG")
    return read_photo(buffer.getvalue())


@pytest.fixture(scope="module")
def grey():
    return photo_of(np.repeat(luma(photograph("coffee", 128))[..., None], 3, axis=2))


@pytest.fixture(scope="module")
def colored(grey):
    return run(arrange([Colorize(model="eccv16"), PostDenoise(sigma=0.5)]), grey, FakeEngine(blue))


def written(result, output):
    photo = result.photo
    data = encode_photo(result.pixels, photo, output, history=result.history, guesses=result.guesses).data
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def xmp_of(picture):
    xmp = picture.info.get("xmp") or picture.tag_v2[700]
    return xmp.decode() if isinstance(xmp, bytes) else xmp


@pytest.mark.parametrize("form", FORMATS)
def test_a_colorized_file_states_that_its_colours_are_a_guess_and_the_model(colored, form):
    text = html.unescape(xmp_of(written(colored, Output(form))))
    for part in ("colorize (model eccv16", "post-denoise", GUESS, COMPOSITE):
        assert part in text


def test_png_texts_state_it_too(colored):
    texts = written(colored, Output("png")).text
    assert texts["Software"] == "Restoration Studio"
    assert texts["Comment"] == colored.history
    assert GUESS in texts["Comment"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_without_guesses_states_none(form):
    colour = photo_of(photograph("coffee", 128))
    result = run(arrange([Colorize(model="eccv16"), PostDenoise(sigma=0.5)]), colour, FakeEngine(blue))
    text = xmp_of(written(result, Output(form)))
    assert result.guesses == ()
    assert "post-denoise" in text
    assert "colorize" not in text
    assert "guess" not in text
    assert COMPOSITE not in text


@pytest.mark.parametrize(("filler", "guesses"), [("telea", ()), ("lama.onnx", ("fillings",))])
def test_content_by_a_large_filler_is_a_guess_and_by_a_classical_one_is_not(filler, guesses):
    photo = photo_of(photograph("coffee", 64))
    repaired = Result(photo, arrange([Repair(filler=filler)]), photo.pixels, (Timing("repair", 0.1, "done"),), ())
    assert repaired.guesses == guesses
    assert (COMPOSITE in xmp_of(written(repaired, Output("png")))) == bool(guesses)
    assert ("fillings are a machine" in repaired.history) == bool(guesses)


def test_history_names_files_without_their_folders():
    photo = photo_of(photograph("coffee", 64))
    stages = [Repair(filler="/home/anna/own/lama.onnx"), Upscale(model="/home/anna/own/mine.safetensors")]
    timings = tuple(Timing(stage.name, 0.1, "done") for stage in stages)
    history = Result(photo, arrange(stages), photo.pixels, timings, ()).history
    assert "filler lama.onnx" in history
    assert "model mine.safetensors" in history
    assert "/" not in history


def test_an_earlier_digital_source_type_is_replaced(grey, colored):
    photo = replace(grey, metadata=Metadata(xmp=AI_PICTURE.encode()))
    text = xmp_of(written(replace(colored, photo=photo), Output("png")))
    assert text.count("DigitalSourceType") == 1
    assert "negativeFilm" not in text
    assert COMPOSITE in text


def test_history_can_be_omitted(colored):
    picture = written(colored, Output("png", metadata="strip"))
    assert not picture.text
    assert "xmp" not in picture.info


def marked(result, **options):
    plain, signed = (np.asarray(written(result, Output("png", **o)), np.int16) for o in ({}, {"mark": True, **options}))
    return np.abs(plain - signed).max(axis=2) > 0


def test_the_mark_is_in_the_lower_right_corner_and_only_on_request(colored):
    changed = marked(colored)
    rows, columns = np.nonzero(changed)
    height, width = changed.shape
    assert 0 < changed.mean() < 0.05
    assert rows.min() > 0.7 * height
    assert columns.min() > 0.7 * width
    assert rows.max() < height - 1
    assert columns.max() < width - 1


def test_there_is_no_mark_without_guesses(grey):
    assert not marked(run(arrange([PostDenoise(sigma=0.5)]), grey, FakeEngine(blue))).any()


@pytest.mark.parametrize("shape", [(8, 8), (8, 300), (2000, 30)])
def test_the_mark_fits_any_picture_and_does_not_modify_its_input(shape):
    image = np.full((*shape, 3), 0.5, np.float32)
    out = with_mark(image)
    assert out.shape == image.shape
    assert 0 <= out.min() <= out.max() <= 1
    assert (image == 0.5).all()
    assert (out != image).any()
