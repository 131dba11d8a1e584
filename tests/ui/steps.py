"""What a person does on the page without a browser, and what the page shows."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from ui.shop import workshop

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "coffee_before.jpg"
CUP = ("cup.jpg", EXAMPLE.read_bytes(), "image/jpeg")


def dropped(app, *files):
    """Drop photographs."""
    app.file_uploader[0].set_value(list(files)).run()
    assert not app.exception
    return drawn(app)


def opened(app, number):
    """Open a photograph of a list."""
    app.button(f"open.{number}").click().run()
    return drawn(app, number)


def drawn(app, number=0):
    """Draw the page again where it did not wait for the preview of a photograph."""
    preview = album(app).numbered[number].preview
    if not app.subheader and preview is not None:
        assert preview.wait(60)
        app.run()
    return app


def reopened(app):
    """The page of the same address in another tab."""
    again = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60)
    again.query_params.update(app.query_params)
    again.run()
    assert not again.exception
    return again


def names_of_stages(app, number=0):
    return [stage.name for stage in album(app).pictures[number].done.plan.stages]


def captions(app):
    return [caption.value.replace("\N{NO-BREAK SPACE}", " ") for caption in app.caption]


def labels(elements):
    return [element.label for element in elements]


def album(app):
    return workshop().album(app.query_params["album"])


def finished(app):
    """Wait for every job of the album, and draw the page again."""
    for picture in album(app).pictures:
        assert picture.job.wait(60)
    app.run()
    assert not app.exception
    return app
