"""The part of a result that is viewed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """A rectangle of the result, and the size at which it is wanted; the part outside the result is cut away."""

    x: float
    y: float
    width: float
    height: float
    """In pixels of the result."""

    out_width: int
    out_height: int
    """In pixels of what is returned, never larger than the rectangle."""

    @property
    def zoom(self) -> float:
        """Pixels returned for each pixel of the result."""
        return self.out_width / self.width


def with_halo(view: View, halo: int, size: tuple[int, int]) -> tuple[View, int, int]:
    """Return the view with `halo` neighbours on each side, inside the picture, and how many lie left and above."""
    zoom_y = view.out_height / view.height
    left, top = min(halo, int(view.x * view.zoom)), min(halo, int(view.y * zoom_y))
    right = min(halo, int((size[0] - view.x - view.width) * view.zoom))
    below = min(halo, int((size[1] - view.y - view.height) * zoom_y))
    wider = View(
        view.x - left / view.zoom,
        view.y - top / zoom_y,
        view.width + (left + right) / view.zoom,
        view.height + (top + below) / zoom_y,
        view.out_width + left + right,
        view.out_height + top + below,
    )
    return wider, left, top
