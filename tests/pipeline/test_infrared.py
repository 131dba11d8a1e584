"""Dust on film is found by the infrared channel of its scanner, in both layouts of files."""

from dataclasses import replace

import numpy as np
import pytest

from models.runtime.engine import Engine
from pipeline.codecs import reading
from pipeline.context import Context
from pipeline.methods import infrared
from pipeline.photo import read_photo
from pipeline.plan import Plan
from pipeline.run import run
from pipeline.stages import Repair, examine
from tests.photographs import psnr
from tests.pipeline import film

FILM = film.dusty()
ENGINE = Engine("cpu", "float32")


def codes(notices):
    return [notice.code for notice in notices]


def read(data, **options):
    photo = read_photo(data, **options)
    return photo, [code for code in codes(photo.notices) if code.startswith("infrared")]


# Reading


@pytest.mark.parametrize("extra", [0, None], ids=["unspecified", "no tag"])
def test_a_fourth_channel_without_a_meaning_is_infrared(extra):
    _, scan, channel, _ = FILM
    photo, told = read(film.rgbi(scan, channel, extra))
    assert told == ["infrared-channel"]
    assert photo.alpha is None
    np.testing.assert_allclose(photo.infrared, channel, atol=1e-4)
    np.testing.assert_allclose(photo.pixels, scan, atol=1e-4)


@pytest.mark.parametrize("extra", [1, 2], ids=["premultiplied", "straight"])
def test_alpha_stays_alpha(extra):
    _, scan, channel, _ = FILM
    photo, told = read(film.rgbi(scan, channel, extra))
    assert told == []
    assert photo.infrared is None
    np.testing.assert_allclose(photo.alpha, channel, atol=1e-4)


@pytest.mark.parametrize("preview", [False, True], ids=["second page", "behind a small copy"])
@pytest.mark.parametrize("kind", [0, 4], ids=["not marked", "marked as a mask"])
def test_a_grey_page_of_the_same_size_is_infrared(kind, preview):
    _, scan, channel, _ = FILM
    photo, told = read(film.pages(scan, channel, kind=kind, preview=preview))
    assert told == ["infrared-page"]
    assert "first-frame" not in codes(photo.notices)
    np.testing.assert_allclose(photo.infrared, channel, atol=1e-4)
    assert photo.pages == 1 + preview + (kind == 0)  # a page that may be a picture can still be chosen


def test_a_grey_page_of_another_size_or_before_the_picture_is_a_picture():
    _, scan, channel, _ = FILM
    for data in (film.pages(scan, channel[:-9]), film.pages(scan, film.deep(scan)[..., 0] / 65535, kind=1)):
        assert read(data)[0].infrared is None
    photo, told = read(film.pages(scan, channel, kind=0), page=2)
    assert (photo.infrared, told) == (None, [])


def test_infrared_is_reduced_and_turned_as_the_picture_is(monkeypatch):
    _, scan, channel, _ = FILM
    monkeypatch.setattr(reading, "find", _turned(reading.find))
    photo = reading.read(film.rgbi(scan, channel), "", 40_000, False, None)
    assert photo.infrared.shape == photo.pixels.shape[:2]
    assert photo.infrared.shape[0] > photo.infrared.shape[1]
    small = photo.infrared[: photo.infrared.shape[0] // 2].mean(), photo.infrared[photo.infrared.shape[0] // 2 :].mean()
    halves = channel[:, : channel.shape[1] // 2].mean(), channel[:, channel.shape[1] // 2 :].mean()
    np.testing.assert_allclose(small, halves, atol=0.01)


def _turned(find):
    return lambda opened: replace(find(opened), orientation=6)


def test_a_damaged_infrared_page_costs_no_photograph():
    _, scan, channel, _ = FILM
    data = film.pages(scan, channel)
    # The strips of the last page come last; its table goes before them.
    photo, told = read(data[: -channel.size])
    assert (photo.infrared, told) == (None, ["infrared-page", "infrared-damaged"])
    np.testing.assert_allclose(photo.pixels, scan, atol=1e-4)


# The mask


@pytest.mark.parametrize("leak", [0.0, 0.06, 0.1, -0.1], ids=["none", "dyes", "much", "a negative"])
@pytest.mark.parametrize("name", ["coffee", "chelsea", "astronaut"])
def test_dust_is_found_and_the_picture_is_not(name, leak):
    _, scan, channel, mask = film.dusty(name, leak=leak)
    found = infrared.find(scan, channel)
    assert found.mask is not None
    assert (found.mask & mask).sum() > 0.97 * mask.sum()
    assert (found.mask & ~_near(mask)).mean() < 0.0005


def _near(mask):
    return infrared.grow(mask, 4)


def test_dust_that_a_scanner_shows_weakly_is_found():
    _, scan, channel, mask = film.dusty(weak=0.12, leak=0.01)
    found = infrared.find(scan, channel).mask
    assert (found & mask).sum() > 0.8 * mask.sum()
    assert (found & ~_near(mask)).mean() < 0.001


@pytest.mark.parametrize("leak", [1.0, 0.5, -0.6], ids=["silver", "Kodachrome", "a silver negative"])
def test_film_that_is_opaque_is_refused(leak):
    _, scan, channel, _ = film.dusty(leak=leak)
    found = infrared.find(scan, channel)
    assert found.is_opaque
    assert found.mask is None


def test_a_channel_that_is_no_infrared_is_refused():
    _, scan, channel, _ = FILM
    selection = np.zeros_like(channel)
    selection[100:250, 150:400] = 1
    dice = np.random.default_rng(0).uniform(size=channel.shape).astype(np.float32)
    for other in (np.ones_like(channel), selection, 1 - selection, np.round(dice)):
        assert infrared.find(scan, other).mask is None


# Repair


def restored(data):
    photo = read_photo(data)
    return run(Plan((Repair(),)), photo, ENGINE)


@pytest.mark.parametrize("write", [film.rgbi, film.pages], ids=["channel", "page"])
def test_repair_fills_the_dust_that_infrared_shows(write):
    truth, scan, channel, mask = FILM
    result = restored(write(scan, channel))
    assert "infrared-filled" in codes(result.notices)
    assert psnr(result.pixels[mask], truth[mask]) > psnr(scan[mask], truth[mask]) + 8
    away = ~_near(_near(mask))
    assert (result.pixels[away] == read_photo(write(scan, channel)).pixels[away]).all()


def test_repair_looks_into_the_picture_where_film_is_opaque():
    _, scan, channel, _ = film.dusty(leak=1.0)
    notices = codes(restored(film.rgbi(scan, channel)).notices)
    assert "infrared-opaque" in notices
    assert not {"infrared-filled", "infrared-clean"} & set(notices)


def test_repair_leaves_clean_film_alone():
    truth, _, _, _ = FILM
    density = 0.06 * -np.log(np.maximum(truth[..., 0], 1 / 255))
    grain = np.random.default_rng(1).normal(0, 0.004, density.shape)
    photo = read_photo(film.rgbi(truth, np.clip(0.8 * np.exp(-density) + grain, 0, 1)))
    result = run(Plan((Repair(),)), photo, ENGINE)
    assert codes(result.notices)[-1] == "infrared-clean"
    assert result.pixels is photo.pixels


def test_repair_is_surely_suggested_where_infrared_shows_dust():
    _, scan, channel, _ = FILM
    found = examine(scan, ENGINE, ["repair"], infrared=channel)["repair"]
    assert found.suggestion.code == "infrared-suggested"
    assert found.sure


def test_what_a_person_marked_comes_first():
    _, scan, channel, _ = FILM
    mask = np.zeros(channel.shape, bool)
    mask[50:60, 50:60] = True
    finding = Repair().examine(scan, Context(ENGINE, mask=mask, infrared=channel))
    assert codes(finding.notices) == ["repair-filled-by-hand"]
