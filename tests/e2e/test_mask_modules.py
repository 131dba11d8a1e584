"""What the mask editor's JavaScript computes: marks, strokes, undo, what is kept, and keys."""

import numpy as np
import pytest

from pipeline.context import Context
from pipeline.methods.detection import CLASSICAL, find, grow, likelihood
from pipeline.options import rules
from pipeline.stages import Repair

pytestmark = pytest.mark.browser

MARKS, BRUSH, GROWTH = "mask/marks.js", "mask/brush.js", "mask/growth.js"


PRELUDE = """
const marks = new module.Marks(40, 30)
const at = (x, y) => ({ x, y })
const draw = (tool, x, y, to) => { marks.begin(); marks.line(tool, at(x, y), at(to, y), 3); marks.end() }
"""


def marked(js, body, *args):
    """What statements return, which have fresh marks of 40 x 30 pixels, and `draw` for a level line."""
    return js.run(MARKS, f"(module, ...args) => {{ {PRELUDE} {body} }}", *args)


def grid(levels):
    return np.asarray(levels).reshape(30, 40)


@pytest.mark.parametrize("pixels", [0, 1, 4, 10])
def test_the_marks_are_shown_as_wide_as_the_server_fills_them(js, pixels):
    mask = np.zeros((30, 40), bool)
    mask[12:15, 20:26] = mask[2, 1] = True
    body = """(module, rows, pixels, ...part) => {
        const isMarked = (x, y) => Boolean(rows[y]?.[x])
        return [...module.grown(isMarked, pixels, ...part)]
    }"""
    shown = np.reshape(js.run(GROWTH, body, mask.tolist(), pixels, 0, 0, 40, 30), (30, 40))
    part = np.reshape(js.run(GROWTH, body, mask.tolist(), pixels, 15, 5, 20, 12), (12, 20))
    np.testing.assert_array_equal(shown, grow(mask, pixels))
    np.testing.assert_array_equal(part, shown[5:17, 15:35])


class TestMarks:
    def test_the_limit_is_that_of_the_server(self, js):
        """Equal marks, pixel by pixel, at every sensitivity of the slider, for a detector with few certainties."""
        image = np.random.default_rng(5).normal(0.5, 0.01, (600, 160, 1)).astype(np.float32).repeat(3, axis=2)
        for row, contrast in enumerate(np.linspace(0.02, 0.3, 15, dtype=np.float32)):
            image[40 * row + 20, 10:150] += contrast
        levels = np.round(likelihood(image, CLASSICAL, Context(None, "")) * 255).astype(int)  # as the server sends it
        assert {64, 115, 166, 217} <= set(levels.ravel())  # rounded up
        rule = rules(Repair)["sensitivity"]
        steps = np.round(np.arange(rule.low, rule.high + rule.step / 2, rule.step), 2).tolist()
        for sensitivity, limit in zip(steps, [js.call(MARKS, "limitOf", each) for each in steps], strict=True):
            assert ((levels > limit) == find(image, CLASSICAL, sensitivity, Context(None, ""))).all(), sensitivity

    def test_a_line_has_round_ends_and_its_own_width(self, js):
        levels = marked(js, "draw('mark', 10, 15, 30); return [...marks.levels()]")
        y, x = np.mgrid[0:30, 0:40] + 0.5
        expected = np.hypot(x - np.clip(x, 10, 30), y - 15) <= 3
        assert ((grid(levels) == 255) == expected).all()

    def test_a_line_across_the_edge_is_cut_and_one_outside_does_nothing(self, js):
        body = "draw('mark', -20, 1, 60); draw('mark', 90, 1, 95); return [...marks.levels()]"
        assert (grid(marked(js, body))[:4] == 255).all()
        assert (grid(marked(js, body))[4:] == 0).all()

    def test_what_is_protected_is_not_marked_until_it_is_erased(self, js):
        body = """
            const middle = 15 * 40 + 20, seen = []
            for (const tool of ["protect", "mark", "erase", "mark"]) {
                draw(tool, 10, 15, 30)
                seen.push(marks.levels()[middle])
            }
            return seen
        """
        assert marked(js, body) == [96, 96, 0, 255]

    def test_the_eraser_removes_what_the_detector_found(self, js):
        body = """
            marks.find(new Uint8Array(1200).fill(200))
            draw("erase", 10, 15, 30)
            return [...marks.levels()]
        """
        levels = grid(marked(js, body))
        assert levels[15, 20] == 0
        assert levels[0, 0] == 255

    def test_only_what_is_above_the_limit_is_marked(self, js):
        body = """
            const [limit] = args
            marks.find(Uint8Array.from({ length: 1200 }, (_, i) => i % 256))
            marks.setLimit(limit)
            return [marks.isMarked(limit), marks.isMarked(limit + 1), marks.share]
        """
        below, above, share = marked(js, body, 100)
        assert (below, above) == (False, True)
        assert share == pytest.approx(np.mean(np.arange(1200) % 256 > 100))

    def test_undo_and_redo_lead_back_and_forth_exactly(self, js):
        body = """
            const states = [[...marks.levels()]]
            for (const [tool, x] of [["mark", 5], ["protect", 12], ["erase", 8]]) {
                draw(tool, x, 15, x + 15)
                states.push([...marks.levels()])
            }
            const back = [], forth = []
            while (marks.canUndo) { marks.undo(); back.push([...marks.levels()]) }
            while (marks.canRedo) { marks.redo(); forth.push([...marks.levels()]) }
            return { states, back, forth }
        """
        seen = marked(js, body)
        assert seen["back"] == seen["states"][2::-1]
        assert seen["forth"] == seen["states"][1:]
        assert len({tuple(state) for state in seen["states"]}) == 4

    def test_a_new_stroke_ends_what_can_be_redone(self, js):
        body = "draw('mark', 5, 5, 9); marks.undo(); draw('mark', 5, 9, 9); return marks.canRedo"
        assert marked(js, body) is False

    def test_sixty_strokes_can_be_undone(self, js):
        body = """
            for (let i = 0; i < 70; i++) draw("mark", 5, 5, 9)
            let count = 0
            while (marks.canUndo) { marks.undo(); count++ }
            return count
        """
        assert marked(js, body) == 60

    def test_an_abandoned_stroke_leaves_no_trace(self, js):
        body = """
            draw("mark", 5, 5, 9)
            draw("mark", 5, 20, 9)
            marks.undo()
            const before = [...marks.levels()]
            marks.begin()
            marks.line("mark", at(0, 15), at(20, 15), 4)
            marks.line("mark", at(20, 15), at(39, 15), 4)
            const during = [...marks.levels()]
            marks.abandon()
            return [String(before) === String(marks.levels()), String(before) === String(during), marks.canRedo]
        """
        assert marked(js, body) == [True, False, True]

    def test_a_mask_is_loaded_as_it_was_kept(self, js):
        body = """
            const found = Uint8Array.from({ length: 1200 }, (_, i) => (i % 3 ? 255 : 0))
            marks.find(found)
            draw("mark", 5, 10, 30)
            draw("protect", 5, 20, 30)
            draw("erase", 5, 15, 30)
            const kept = marks.levels()
            const other = new marks.constructor(40, 30)
            other.find(found)
            other.load(kept, 0.5)
            const isSame = String(kept) === String(other.levels())
            other.undo()
            return [isSame, other.share > 0.6]
        """
        assert marked(js, body) == [True, True]

    def test_a_loaded_mask_is_damage_where_it_is_lighter_than_the_threshold(self, js):
        body = """
            const [threshold] = args
            marks.load(Uint8Array.from({ length: 1200 }, (_, i) => i % 256), threshold)
            return [...marks.levels()].slice(0, 256)
        """
        for threshold in (0.5, 0.8):
            levels = np.asarray(marked(js, body, threshold))
            assert (np.flatnonzero(levels == 255) == np.arange(int(255 * threshold) + 1, 256)).all()

    def test_a_loaded_mask_follows_the_sensitivity_where_the_detector_agrees(self, js):
        body = """
            marks.find(Uint8Array.from({ length: 1200 }, (_, i) => i % 256))
            marks.setLimit(100)
            marks.load(marks.levels(), 0.5)
            marks.setLimit(200)
            return marks.share
        """
        assert marked(js, body) == pytest.approx(np.mean(np.arange(1200) % 256 > 200))

    def test_clearing_leaves_what_the_detector_finds_and_can_be_undone(self, js):
        body = """
            marks.find(new Uint8Array(1200).fill(200, 0, 40))
            draw("mark", 5, 20, 30)
            const before = marks.share
            marks.clear()
            const cleared = marks.share
            marks.undo()
            return [cleared, marks.share === before]
        """
        assert marked(js, body) == [pytest.approx(1 / 30), True]

    def test_what_has_changed_is_announced(self, js):
        body = """(module) => {
            const parts = []
            const marks = new module.Marks(40, 30, (...part) => parts.push(part))
            marks.begin()
            marks.line("mark", { x: 10, y: 10 }, { x: 12, y: 10 }, 2)
            marks.end()
            marks.undo()
            return parts
        }"""
        assert js.run(MARKS, body) == [[8, 8, 7, 5], [8, 8, 7, 5]]

    def test_a_small_share_is_not_shown_as_zero(self, js):
        assert js.call(MARKS, "shareText", 0) == "0.00"
        assert js.call(MARKS, "shareText", 0.00001) == "< 0.01"
        assert js.call(MARKS, "shareText", 0.1234) == "12.34"


class TestBrush:
    def test_arrows_move_it_and_shift_moves_it_further(self, js):
        assert js.call(BRUSH, "arrowStep", "ArrowLeft", False) == [-8, 0]
        assert js.call(BRUSH, "arrowStep", "ArrowDown", True) == [0, 32]
        assert js.call(BRUSH, "arrowStep", "a", False) is None

    @pytest.mark.parametrize(
        ("key", "is_shift", "name"),
        [("z", False, "undo"), ("z", True, "redo"), ("y", False, "redo"), ("a", False, None)],
    )
    def test_ctrl_and_a_key_undo_and_redo(self, js, key, is_shift, name):
        assert js.call(BRUSH, "historyKey", key, is_shift) == name
