import io
import tracemalloc
from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from models.files import weights
from models.runtime import engine
from models.runtime.engine import Engine
from pipeline.errors import Cancelled, OptionError, WeightsMissing
from pipeline.photo import read_photo
from pipeline.plan import arrange, simple
from pipeline.run import run
from pipeline.stages import Colorize, Deblur, Denoise, PostDenoise, Repair, Sharpen, Upscale, examine
from pipeline.stages.denoise import CLASSICAL
from studio.layers import Layers
from studio.reuse import EarlierRun
from tests.photographs import noisy, photograph
from tests.pipeline.fakes import FakeEngine


@pytest.fixture
def photo():
    buffer = io.BytesIO()
    Image.fromarray((noisy(photograph("coffee", 200), 0.03) * 255).astype(np.uint8)).save(buffer, "PNG")
    return read_photo(buffer.getvalue(), name="cup.png")


def negative(x, network):
    return 1 - x[:, -3:]


def enlarge(x, network):
    return x.repeat(4, axis=2).repeat(4, axis=3)


def refuse(x, network):
    raise WeightsMissing("the file is not here")


PLAN = arrange([Denoise(model=CLASSICAL), Deblur(always=True), Sharpen()])


def test_a_run_is_its_stages_one_after_the_other(photo):
    result = run(PLAN, photo, FakeEngine(negative))
    alone = photo.pixels
    for stage in PLAN.stages:
        alone = run(arrange([stage]), replace(photo, pixels=alone), FakeEngine(negative)).pixels
    np.testing.assert_array_equal(result.pixels, alone)
    assert [(t.stage, t.outcome) for t in result.timings] == [(s.name, "done") for s in PLAN.stages]
    assert "deblur (strength 1.0" in result.history


def test_a_later_run_starts_after_the_stages_that_did_not_change(photo, tmp_path):
    engine, layers = FakeEngine(negative), Layers(tmp_path)
    first = run(PLAN, photo, engine, keep=layers)
    earlier = EarlierRun(PLAN, layers, first.timings, first.notices)
    used = len(engine.asked)
    again = run(arrange([*PLAN.stages[:2], Sharpen(amount=2)]), photo, engine, reuse=earlier.find)
    assert [t.outcome for t in again.timings] == ["cached", "cached", "done"]
    assert len(engine.asked) == used
    assert not np.array_equal(again.pixels, first.pixels)
    assert np.abs(run(PLAN, photo, engine, reuse=earlier.find).pixels - first.pixels).max() < 1 / 65535


def test_a_reused_stage_keeps_what_it_reported(photo, tmp_path):
    plan = arrange([Deblur(always=True), PostDenoise()])
    blurred = FakeEngine(negative, blur=(-9, 9, -9, 2.5, 0, 0, 0))
    soft = replace(photo, pixels=cv2.GaussianBlur(photo.pixels, (0, 0), 3))
    layers = Layers(tmp_path)
    first = run(plan, soft, blurred, keep=layers)
    earlier = EarlierRun(plan, layers, first.timings, first.notices)
    again = run(plan, soft, blurred, reuse=earlier.find)
    assert [timing.outcome for timing in again.timings] == ["cached", "cached"]
    assert [notice.code for notice in again.notices] == ["deblur-defocus"]
    assert again.notices == first.notices


def test_what_is_reused_is_linked_and_not_read(photo, tmp_path, monkeypatch):
    first_layers = Layers(tmp_path / "first", PLAN.stages)
    first = run(PLAN, photo, FakeEngine(negative), keep=first_layers)
    earlier = EarlierRun(PLAN, first_layers, first.timings, first.notices)
    again_layers = Layers(tmp_path / "again", PLAN.stages, earlier=first_layers)
    read, picture = [], Layers.picture
    monkeypatch.setattr(Layers, "picture", lambda self, index: read.append(index) or picture(self, index))
    run(PLAN, photo, FakeEngine(negative), reuse=earlier.find, keep=again_layers)
    assert read == [3]  # the result alone
    files = list((tmp_path / "again").iterdir())
    assert files
    assert all(file.stat().st_nlink == 2 for file in files)
    first_layers.remove()
    np.testing.assert_array_equal(again_layers.picture(3), picture(again_layers, 3))
    assert np.abs(again_layers.picture(3) - first.pixels).max() < 2 / 65535


def test_a_stage_whose_model_has_come_is_not_covered_by_an_old_result(photo, tmp_path):
    """Deblur was left out for want of its file; now that it runs, what followed it is made again."""
    plan, layers = arrange(PLAN.stages, optional=["deblur"]), Layers(tmp_path)
    first = run(plan, photo, FakeEngine(refuse), keep=layers)
    earlier = EarlierRun(plan, layers, first.timings, first.notices)
    again = run(plan, photo, FakeEngine(negative), reuse=earlier.find)
    assert [timing.outcome for timing in again.timings] == ["cached", "done", "done"]


def test_another_mask_is_another_repair(photo, tmp_path):
    plan, layers = arrange([Denoise(model=CLASSICAL), Repair(filler="telea"), Sharpen()]), Layers(tmp_path)
    mask = np.zeros(photo.pixels.shape[:2], bool)
    mask[20:24, 10:90] = True
    first = run(plan, photo, FakeEngine(negative), mask=mask, keep=layers)
    assert [timing.outcome for timing in first.timings] == ["done"] * 3
    earlier = EarlierRun(plan, layers, first.timings, first.notices, same_mask=False)
    again = run(plan, photo, FakeEngine(negative), mask=~mask, reuse=earlier.find)
    assert [timing.outcome for timing in again.timings] == ["cached", "done", "done"]


def test_a_mask_of_another_size_is_refused(photo):
    with pytest.raises(OptionError, match="Resize it"):
        run(PLAN, photo, FakeEngine(negative), mask=np.ones((4, 4), bool))


def test_a_stage_after_a_change_is_run_again(photo, tmp_path):
    layers = Layers(tmp_path)
    first = run(PLAN, photo, FakeEngine(negative), keep=layers)
    earlier = EarlierRun(PLAN, layers, first.timings, first.notices)
    other = arrange([Denoise(2.0, model=CLASSICAL), *PLAN.stages[1:]])
    assert [t.outcome for t in run(other, photo, FakeEngine(negative), reuse=earlier.find).timings] == ["done"] * 3


def test_a_model_that_was_replaced_is_another_one(photo, tmp_path):
    path = tmp_path / "mine.safetensors"
    state = load_file(weights.BUNDLED / "fast-x2.safetensors")
    save_file(state, path)
    plan, engine, layers = arrange([Upscale(model=str(path))]), Engine("cpu"), Layers(tmp_path / "layers")
    first = run(plan, photo, engine, keep=layers)
    earlier = EarlierRun(plan, layers, first.timings, first.notices)
    assert run(plan, photo, engine, reuse=earlier.find).timings[0].outcome == "cached"
    save_file({name: value * 0.9 for name, value in state.items()}, path)
    again = run(plan, photo, engine, reuse=earlier.find)
    assert again.timings[0].outcome == "done"
    assert np.abs(again.pixels - first.pixels).max() > 0.01


def test_an_optional_stage_without_its_file_is_left_out_aloud(photo):
    plan = arrange(PLAN.stages, optional=["deblur"])
    result = run(plan, photo, FakeEngine(refuse))
    assert [t.outcome for t in result.timings] == ["done", "skipped", "done"]
    notice = next(n for n in result.notices if n.code == "weights-missing")
    assert (notice.stage, notice.values["model"]) == ("deblur", "fast-deblur")
    assert "deblur" not in result.history


def test_a_stage_that_was_asked_for_fails_without_its_file(photo):
    with pytest.raises(WeightsMissing):
        run(PLAN, photo, FakeEngine(refuse))


def test_progress_goes_through_the_stages_and_only_forward(photo):
    seen = []
    run(PLAN, photo, FakeEngine(negative), progress=seen.append)
    shares = [(p.index + p.fraction) / p.count for p in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert seen[0].stage == "denoise"


def test_cancel_stops_between_stages(photo):
    seen = []
    with pytest.raises(Cancelled):
        run(PLAN, photo, FakeEngine(negative), progress=seen.append, cancelled=lambda: len(seen) > 4)
    assert {p.stage for p in seen} < {s.name for s in PLAN.stages}


def test_what_a_stage_says_comes_after_what_the_file_said(photo):
    result = run(arrange([Colorize(), PostDenoise()]), photo, FakeEngine(negative))
    assert result.notices[: len(photo.notices)] == photo.notices
    assert result.notices[-1].code == "colorize-skipped"


def test_full_size_stages_take_no_second_copy_and_leave_the_photograph(photo, monkeypatch):
    monkeypatch.setattr("pipeline.methods.filters._STRIP_PIXELS", 200 * 40)
    plan, before = arrange([Upscale(scale=4), PostDenoise(), Sharpen()]), photo.pixels.copy()
    size = photo.pixels.nbytes * 16

    def watch(progress):
        if (progress.stage, progress.fraction) == ("post-denoise", 0.0):
            tracemalloc.reset_peak()

    tracemalloc.start()
    result = run(plan, photo, FakeEngine(enlarge), progress=watch)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.pixels.nbytes == size
    assert peak < 1.5 * size  # the picture, and some strips of it
    np.testing.assert_array_equal(photo.pixels, before)
    apart = replace(photo, pixels=run(arrange(plan.stages[:1]), photo, FakeEngine(enlarge)).pixels)
    for stage in plan.stages[1:]:
        apart = replace(apart, pixels=run(arrange([stage]), apart, FakeEngine(enlarge)).pixels)
    np.testing.assert_array_equal(result.pixels, apart.pixels)


def test_simple_mode_loads_each_network_once(photo, monkeypatch):
    loaded, load = [], engine._load
    monkeypatch.setattr(engine, "_load", lambda spec, *rest: loaded.append(spec.id) or load(spec, *rest))
    plan, shared = simple(2, also=["repair", "colorize"]), Engine("cpu")
    always = [replace(stage, always=True) if isinstance(stage, Deblur | Colorize) else stage for stage in plan.stages]
    for _ in range(2):
        run(arrange(always), photo, shared)
        examine(photo.pixels, shared)
    assert {"fast-denoise", "fast-damage", "fast-deblur", "fast-colorize", "fast-x2"} <= set(loaded)
    assert len(loaded) == len(set(loaded))


@pytest.mark.parametrize(
    ("sigma", "always", "outcome"), [(0.05, False, "skipped"), (0.05, True, "done"), (0, False, "done")]
)
def test_sharpen_follows_what_denoise_found(photo, sigma, always, outcome):
    grainy = replace(photo, pixels=noisy(photograph("coffee", 200), sigma))
    result = run(arrange([Denoise(), Sharpen(always=always)]), grainy, Engine("cpu", "float32"))
    assert result.timings[-1].outcome == outcome
    assert ("sharpen-skipped" in [notice.code for notice in result.notices]) == (outcome == "skipped")


SEEN: list = []


@dataclass(frozen=True)
class Behind(Sharpen):
    """A stage that notes the picture before an earlier one."""

    looks_behind: ClassVar[str] = "denoise"

    def run(self, image, context):
        SEEN[:] = [context.before and context.before()]
        return super().run(image, context)


def test_a_stage_may_look_at_the_picture_before_an_earlier_one(photo, tmp_path):
    layers = Layers(tmp_path)
    plan = arrange([Denoise(model=CLASSICAL), Behind()])
    first = run(plan, photo, FakeEngine(negative), keep=layers)
    np.testing.assert_array_equal(SEEN[0], photo.pixels)
    earlier = EarlierRun(plan, layers, first.timings, first.notices)
    other = arrange([Denoise(model=CLASSICAL), Behind(amount=0.9)])
    again = run(other, photo, FakeEngine(negative), reuse=earlier.find)
    assert [timing.outcome for timing in again.timings] == ["cached", "done"]
    np.testing.assert_array_equal(SEEN[0], photo.pixels)


def test_a_stage_looks_at_nothing_where_the_earlier_one_does_not_run(photo):
    run(arrange([Behind()]), photo, FakeEngine(negative))
    assert SEEN == [None]


def test_a_picture_that_is_still_looked_at_is_not_written_over(photo):
    @dataclass(frozen=True)
    class Later(Behind):
        looks_behind: ClassVar[str] = "post-denoise"

    plan = arrange([Denoise(model=CLASSICAL), PostDenoise(sigma=1), Later()])
    between = run(arrange(plan.stages[:1]), photo, FakeEngine(negative)).pixels
    run(plan, photo, FakeEngine(negative))
    np.testing.assert_array_equal(SEEN[0], between)
