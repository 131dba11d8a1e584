"""Before and after in one frame, with a divider that mouse, finger and arrow keys move."""

import base64

import cv2
import streamlit as st

from pipeline.stages import Image

_HTML = """
<div class="frame">
  <img class="after" alt="After"><img class="before" alt="Before">
  <div class="line"></div>
  <input type="range" min="0" max="100" value="50" aria-label="Before and after: move the divider">
</div>
"""

_CSS = """
:host { text-align: center; }
.frame { position: relative; display: inline-block; max-width: 100%; line-height: 0; border-radius: 0.5rem;
        overflow: hidden; touch-action: pan-y; }
img { display: block; max-width: 100%; max-height: 80vh; user-select: none; }
.before { position: absolute; inset: 0; width: 100%; height: 100%;
        clip-path: inset(0 calc(100% - var(--at, 50%)) 0 0); }
.line { position: absolute; top: 0; bottom: 0; left: var(--at, 50%); width: 3px; margin-left: -1.5px;
        background: white; box-shadow: 0 0 4px rgba(0, 0, 0, 0.6); pointer-events: none; }
.line::after { content: "↔"; position: absolute; top: 50%; left: 50%; translate: -50% -50%; width: 2.2rem;
        height: 2.2rem; line-height: 2.2rem; text-align: center; border-radius: 50%; background: white; color: #222; }
input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: ew-resize; }
.frame:focus-within { outline: 2px solid var(--st-primary-color); }
"""

_JS = """
export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".frame")
  const input = frame.querySelector("input")
  frame.querySelector(".before").src = data.before
  frame.querySelector(".after").src = data.after
  input.oninput = () => frame.style.setProperty("--at", input.value + "%")
}
"""

_component = st.components.v2.component("studio.compare", html=_HTML, css=_CSS, js=_JS)


def compare(before: Image, after: Image, *, key: str) -> None:
    """Draw two pictures of one size on top of each other.

    Parameters
    ----------
    before, after : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1], at screen size.
    key : str
        Streamlit's key of the element.
    """
    _component(data={"before": _url(before), "after": _url(after)}, key=key)


def _url(image: Image) -> str:
    """Return the picture as a data URL, in a quality at which no trace of the encoding shows."""
    pixels = cv2.cvtColor((image * 255 + 0.5).clip(0, 255).astype("uint8"), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 94])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
