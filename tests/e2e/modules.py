"""The page's JavaScript in a blank page of a real browser, without a studio."""

import io
import time
from pathlib import Path

import numpy as np
from PIL import Image

from ui.components import script

UI = Path(__file__).parents[2] / "ui"
ORIGIN = "http://studio.test"
_IMPORT = "async ([path, args]) => { const module = await import(path); return (%s)(module, ...args) }"
_MOUNT = """async ([script, html, data]) => {
    const parentElement = document.body.appendChild(document.createElement("div"))
    parentElement.innerHTML = html
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }))
    const { default: show } = await import(address)
    window.sent = [] // the name and the value of each trigger
    window.show = (data) => show({ data, parentElement, setTriggerValue: (...sent) => window.sent.push(sent) })
    window.show(data)
}"""


class Modules:
    """Imports modules of ``ui/`` by their own addresses, and calls what they export.

    Parameters
    ----------
    page : playwright.sync_api.Page
        It is led to a blank page whose server has the files of ``ui/`` alone.
    """

    def __init__(self, page):
        self.page = page
        page.route(f"{ORIGIN}/**", self._serve)
        page.goto(ORIGIN)

    def _serve(self, route):
        path = UI / route.request.url.removeprefix(ORIGIN).lstrip("/")
        if path.suffix == ".js":
            route.fulfill(path=path, content_type="text/javascript")
        else:
            route.fulfill(
                body="<!doctype html><title>Blank</title><style>body { margin: 0 }</style>", content_type="text/html"
            )

    def call(self, module, name, *args):
        """Return what an exported function returns for values that JSON can hold."""
        return self.run(module, f"(module, ...args) => module.{name}(...args)", *args)

    def run(self, module, body, *args):
        """Return what a JavaScript function returns that gets a module and values."""
        return self.page.evaluate(_IMPORT % body, [f"{ORIGIN}/{module}", list(args)])

    def mount(self, name, data, **answers):
        """Draw a component as Streamlit does.

        Parameters
        ----------
        name : str
            Its files in ``ui/``, without their endings.
        data : dict
            What Python hands over.
        **answers : callable
            Each is called with a route, for requests whose address ends in its name, whatever the query.
        """
        for ending, answer in answers.items():
            self.page.route(lambda url, ending=ending: url.split("?")[0].endswith(f"/{ending}"), answer)
        html = (UI / f"{name}.html").read_text(encoding="utf-8")
        self.page.evaluate(_MOUNT, [script(UI / f"{name}.js"), html, data])

    def update(self, data):
        """Draw the component that was mounted again, as Streamlit does after a change of data."""
        self.page.evaluate("data => window.show(data)", data)


class Server:
    """Answers requests of one kind in turn, the last answer for ever, and keeps what was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.times = []  # of each request, in seconds

    def __call__(self, route):
        self.requests.append(route.request)
        self.times.append(time.monotonic())
        route.fulfill(**(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]))


def png(levels):
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(levels, np.uint8)).save(buffer, "PNG")
    return {"body": buffer.getvalue(), "content_type": "image/png"}
