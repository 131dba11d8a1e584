"""A page of a TIFF is chosen, and everything that the studio makes is of that page."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from pipeline.errors import OptionError
from pipeline.methods.detection import CLASSICAL
from pipeline.photo import Output
from pipeline.plan import arrange
from studio.jobs import State
from tests.api.asking import blocked
from tests.photographs import photograph

GREYS = (40, 120, 200)


def scans():
    """A TIFF of three pages, each of a grey and a width of its own."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for number, grey in enumerate(GREYS):
            page = np.full((90, 100 + 10 * number, 3), grey, np.uint8)
            writer.write(page, photometric="rgb", resolution=(100 + number, 100 + number), resolutionunit="inch")
    return file.getvalue()


def made(job):
    assert job.wait(60)
    assert job.state is State.DONE, job.error
    return job.result


def grey(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("L")).mean()


def size_and_dpi(path):
    with Image.open(path) as image:
        return image.size, image.info.get("dpi", (0,))[0]


@pytest.fixture
def album(shop):
    return shop.create([("scans.tif", scans())])


def test_everything_is_of_the_chosen_page(shop, album):
    first = made(shop.preview("visitor", album.pictures[0]))
    assert (first.page, first.pages, first.size) == (1, 3, (100, 90))
    for page in (3, 2):
        album.turn_to(0, page)
        (picture,) = album.pictures
        preview = made(shop.preview("visitor", picture))
        assert (preview.page, preview.pages, preview.size) == (page, 3, (90 + 10 * page, 90))
        shop.submit("visitor", [picture], arrange([]))
        made(picture.job)
        assert picture.done.original_size == (90 + 10 * page, 90)
        damage = made(shop.damage("visitor", picture, CLASSICAL))
        assert (damage.parent, size_and_dpi(damage)[0]) == (picture.folder, preview.size)
        download = made(shop.download("visitor", album, picture, Output("png"))).path
        files = (preview.path, made(shop.plate("visitor", picture)), download)
        assert [grey(path) for path in files] == pytest.approx([GREYS[page - 1]] * 3, abs=1)
        assert size_and_dpi(download)[1] == pytest.approx(99 + page, abs=0.1)


def test_suggestions_are_for_the_chosen_page(shop):
    cat, file = (photograph("chelsea", 200) * 255).astype(np.uint8), io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(cat, photometric="rgb")
        writer.write(np.repeat(cat[..., :1], 3, axis=2), photometric="rgb")
    album = shop.create([("cats.tif", file.getvalue())])
    for page, is_grey in ((1, False), (2, True)):
        album.turn_to(0, page)
        shop.examine("visitor", album.pictures[0])
        assert ("colorize" in made(album.pictures[0].examination)) == is_grey


def test_another_page_drops_what_was_made_of_the_earlier_one(shop, album):
    (old,) = album.pictures
    shop.submit("visitor", [old], arrange([]))
    made(old.job)
    old.strengths, old.mask = {"sharpen": 0.5}, old.source
    assert list(old.source.parent.glob("layers-*"))
    with blocked(shop._networks):
        waiting = shop.damage("visitor", old, CLASSICAL)
        album.turn_to(0, 2)
        assert waiting.cancelled()
    (new,) = album.pictures
    assert not list(old.source.parent.glob("layers-*"))
    assert (new.restored, new.preview, new.mask, new.strengths, new.jobs) == (None, None, None, {}, [])


def test_a_page_is_not_turned_while_it_is_restored(shop, album):
    (picture,) = album.pictures
    with blocked(shop._networks):
        shop.submit("visitor", [picture], arrange([]))
        with pytest.raises(OptionError, match="in its restoration"):
            album.turn_to(0, 2)
    assert album.pictures == [picture]
    made(picture.job)


def test_a_page_that_cannot_be_read_leaves_the_choice_of_others(shop):
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(np.zeros((90, 90, 3), np.uint8), photometric="rgb")
        writer.write(np.zeros((90, 90, 3), np.float32), photometric="rgb")
    album = shop.create([("scans.tif", file.getvalue())])
    album.turn_to(0, 2)
    seen = made(shop.preview("visitor", album.pictures[0]))
    assert "floating point" in str(seen.error)
    assert (seen.page, seen.pages) == (2, 2)
