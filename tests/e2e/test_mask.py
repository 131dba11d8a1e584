"""The mask: damage shown over the photograph, brushes, undo, and what the server gets of it."""

import pytest
from playwright.sync_api import expect

from tests.e2e.steps import opened, restore, restored, sideways_jpeg, upload

pytestmark = pytest.mark.browser


@pytest.fixture
def editor(page):
    """A page with the mask of a photograph."""
    upload(page, ("portrait.jpg", sideways_jpeg(500)))
    page.get_by_text("Repair damage").click()
    page.get_by_text("Show and correct the damage").click()
    expect(page.get_by_role("status").filter(has_text="is marked")).to_be_visible(timeout=60_000)
    return page


def drag(page, start, end):
    """Draw over the photograph, from and to shares of the frame."""
    box = page.locator(".mask .frame").bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=6)
    page.mouse.up()


def kept(page):
    """The mask that the server has, once the page has sent it."""
    page.locator(".mask[data-saved=true]").wait_for()  # a stroke is sent a moment after it ends
    root, _, query = page.url.partition("?")
    album = query.split("album=")[1].split("&")[0]
    return opened(page.request.get(f"{root}studio/{album}/0/mask").body())[..., 0]


def test_marks_are_kept_undone_and_brought_back(editor):
    drag(editor, (0.4, 0.3), (0.6, 0.3))
    marked = kept(editor)
    assert (marked == 255).sum() > 500
    editor.get_by_role("button", name="Undo").click()
    undone = kept(editor)
    assert (undone == 255).sum() < (marked == 255).sum() - 400
    editor.get_by_role("button", name="Redo").click()
    assert (kept(editor) == marked).all()


def test_what_is_protected_is_not_marked_until_it_is_erased(editor):
    editor.get_by_role("radio", name="Protect").click()
    drag(editor, (0.4, 0.5), (0.6, 0.5))
    editor.get_by_role("radio", name="Mark").click()
    drag(editor, (0.4, 0.5), (0.6, 0.5))
    protected = kept(editor) == 96
    assert protected.sum() > 500
    editor.get_by_role("radio", name="Erase").click()
    drag(editor, (0.35, 0.5), (0.65, 0.5))
    assert not (kept(editor)[protected] == 96).any()


def test_it_works_by_keys(editor):
    before = (editor.get_by_role("status").filter(has_text="is marked")).inner_text()
    frame = editor.locator(".mask .frame")
    frame.press("m")
    frame.press("ArrowUp")
    frame.press(" ")
    assert editor.get_by_role("status").filter(has_text="is marked").inner_text() != before
    frame.press("Control+z")
    expect(editor.get_by_role("status").filter(has_text=before)).to_be_visible()


def test_a_saved_mask_can_be_opened_again(editor, tmp_path):
    drag(editor, (0.4, 0.3), (0.6, 0.3))
    marked = kept(editor)
    with editor.expect_download() as caught:
        editor.get_by_role("button", name="Save mask").click()
    assert caught.value.suggested_filename == "portrait_mask.png"
    caught.value.save_as(tmp_path / "mask.png")
    editor.get_by_role("button", name="Clear strokes").click()
    assert (kept(editor) == 255).sum() < (marked == 255).sum()
    with editor.expect_response(lambda answer: answer.request.method == "PUT"):
        editor.locator(".mask input[accept='image/*']").set_input_files(tmp_path / "mask.png")
    assert (kept(editor) == marked).all()


def test_restore_fills_what_is_marked_and_the_mask_outlives_a_reload(editor):
    drag(editor, (0.4, 0.3), (0.6, 0.3))
    kept(editor)
    share = editor.get_by_role("status").filter(has_text="is marked").inner_text()
    editor.reload()
    editor.get_by_text("Show and correct the damage").click()
    expect(editor.get_by_role("status").filter(has_text=share)).to_be_visible(timeout=60_000)
    restore(editor)
    restored(editor)
    editor.get_by_text("Repair filled in the damage that was marked by hand.").first.wait_for()


def test_the_photograph_can_be_zoomed_under_the_brush(editor):
    before = editor.locator(".mask .zoom").inner_text()
    editor.locator(".mask").get_by_role("button", name="Zoom in").click()
    assert editor.locator(".mask .zoom").inner_text() != before
    drag(editor, (0.5, 0.5), (0.55, 0.5))
    assert (kept(editor) == 255).any()


def test_marks_can_be_given_up_for_the_detector(editor):
    drag(editor, (0.4, 0.3), (0.6, 0.3))
    kept(editor)
    editor.get_by_text("Show and correct the damage").click()
    editor.get_by_text("Your corrected marks are used").wait_for()
    editor.get_by_role("button", name="Discard my marks").click()
    editor.get_by_text("Your corrected marks are used").wait_for(state="detached")
    restore(editor)
    restored(editor)
    editor.get_by_text("no damage was found").wait_for()
