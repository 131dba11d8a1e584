"""The result of a restoration: its report, its notices, and its comparison with a reference."""

import re

import pytest

from pipeline import notices
from pipeline.methods.measures import blur_measure, noise_sigma
from pipeline.photo import Output, encode_photo, read_photo
from tests.api.asking import blocked
from tests.ui.steps import CUP, EXAMPLE, ROOT, album, captions, dropped, finished
from ui.shop import workshop

pytestmark = pytest.mark.slow


CAMERA = ROOT / "examples" / "camera_before.jpg"


def cells(row):
    return re.findall(r"<t[hd]>(.*?)</t[hd]>", row)


def compared(app, name, data):
    """Compare the result with a reference, and wait for the figures."""
    uploader = next(each for each in app.file_uploader if each.label == "Compare with a reference file")
    with blocked(workshop()._results):
        uploader.set_value((name, data, "image/png")).run()
        assert "Comparing …" in captions(app)  # the page does not wait
    assert app.session_state["comparison"][1].wait(60)
    app.run()
    assert not app.exception


def test_a_reference_of_the_same_size_is_compared_and_another_is_refused(chosen):
    chosen.button("restore").click().run()
    finished(chosen)
    compared(chosen, "small.jpg", EXAMPLE.read_bytes())
    assert "300 × 200" in chosen.warning[0].value
    done = album(chosen).pictures[0]
    truth = encode_photo(done.rendered(), read_photo(EXAMPLE), Output()).data
    compared(chosen, "truth.png", truth)
    psnr, ssim = (metric.value for metric in chosen.metric)
    assert float(psnr.removesuffix(" dB")) > 50
    assert float(ssim) > 0.999


def test_a_reference_that_is_no_picture_is_refused_in_words(chosen):
    chosen.button("restore").click().run()
    finished(chosen)
    compared(chosen, "notes.png", b"these are only words")
    assert "Expected a picture" in chosen.error[0].value
    assert not chosen.metric


def test_what_a_machine_guessed_can_be_marked_on_the_picture(app):
    dropped(app, ("camera.jpg", CAMERA.read_bytes(), "image/jpeg"))
    app.button("restore").click().run()
    finished(app)
    assert "mark" not in {toggle.key for toggle in app.toggle}
    app.toggle("colorize").set_value(True).run()
    app.button("restore").click().run()
    finished(app)
    assert album(app).pictures[0].done.guesses == ("colours",)
    assert not app.toggle("mark").value


def test_the_report_measures_before_and_after(chosen):
    with blocked(workshop()._results):
        chosen.button("restore").click().run()
        finished(chosen)
    table = next(each.proto.body for each in chosen.get("html") if "<th>Before</th>" in each.proto.body)
    rows = {row[0]: row[1:] for row in map(cells, table.split("<tr>")) if row}
    assert rows[""] == ["Before", "After"]
    assert rows["Size"] == ["300 × 200", "600 × 400"]
    layers = album(chosen).pictures[0].done.layers
    before, after = (layers.picture(index) for index in (0, len(layers.names) - 1))
    assert rows["Noise"] == [f"{noise_sigma(image) * 255:.1f}" for image in (before, after)]
    assert rows["Blur"] == [f"{blur_measure(image):.2f}" for image in (before, after)]
    assert float(rows["Noise"][0]) > float(rows["Noise"][1])


def test_the_figures_of_a_notice_stand_in_the_report(chosen):
    chosen.button("restore").click().run()
    finished(chosen)
    notice = next(each for each in album(chosen).pictures[0].done.notices if notices.figures(each))
    assert any(notices.headline(notice) in caption for caption in captions(chosen))
    assert any(notices.figures(notice) in each.proto.body for each in chosen.get("html"))


def test_what_differs_from_the_request_is_told_in_the_language_of_the_page(app):
    app.selectbox("lang").set_value("ru").run()
    dropped(app, CUP)
    app.button("restore").click().run()
    finished(app)
    told = [caption for caption in captions(app) if caption.startswith(":material/info:")]
    assert told
    for caption in told:
        assert re.search("[а-я]", caption.removeprefix(":material/info:")), caption
