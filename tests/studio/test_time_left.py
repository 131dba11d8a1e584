"""The time that is left, learnt from earlier runs."""

import time

import pytest

from pipeline.plan import arrange, simple
from pipeline.run import Progress, Timing
from pipeline.stages import STAGES, Denoise, Sharpen, Upscale
from studio.jobs import Job
from studio.time_left import Pace

PLAN = arrange([Denoise(), Upscale(4.0), Sharpen()])
TIMINGS = [Timing("denoise", 1.0, "done"), Timing("upscale", 10.0, "done"), Timing("sharpen", 4.0, "done")]


def job_at(index, fraction, spent=0.0):
    job = Job(lambda job: None)
    job.report(Progress(PLAN.stages[index].name, index, 3, fraction))
    job.stage_started = time.monotonic() - spent
    return job


@pytest.fixture
def pace():
    made = Pace()
    made.learn(PLAN, 100_000, TIMINGS)
    return made


def test_nobody_knows_before_it_begins_or_how_slow_a_large_model_is():
    assert Pace().left(PLAN, 100_000, Job(lambda job: None)) is None
    large = arrange([Denoise(), Upscale(4.0, model="realesr-animevideov3")])
    assert Pace().left(large, 100_000, job_at(0, 0.0)) is None
    assert Pace().expected(large, 100_000) is None


def test_the_finest_upscaler_is_expected_to_take_minutes_and_then_what_it_took():
    plan, pace = simple(4, finest=True), Pace()
    assert 5 < pace.expected(plan, 1_000_000) / 60 < 10
    pace.learn(plan, 100_000, [Timing(stage.name, 2.0, "done") for stage in plan.stages])
    assert pace.expected(plan, 100_000) == pytest.approx(10)


@pytest.mark.parametrize("kind", STAGES)
def test_every_stage_has_a_guess_before_its_first_run(kind):
    job = Job(lambda job: None)
    job.report(Progress(kind.name, 0, 1, 0.0))
    assert 0.01 < Pace().left(arrange([kind()]), 1_000_000, job) < 60


def test_before_the_first_run_there_is_a_guess_that_grows_with_pixels():
    guesses = [Pace().left(PLAN, pixels, job_at(0, 0.0)) for pixels in (100_000, 400_000)]
    assert guesses[1] == pytest.approx(4 * guesses[0], rel=1e-3)
    assert guesses[0] > 0


def test_the_second_run_takes_as_long_as_the_first(pace):
    assert pace.left(PLAN, 100_000, job_at(0, 0.0)) == pytest.approx(15, abs=0.1)
    assert pace.left(PLAN, 100_000, job_at(1, 0.0)) == pytest.approx(14, abs=0.1)


def test_time_grows_with_pixels(pace):
    assert pace.left(PLAN, 300_000, job_at(0, 0.0)) == pytest.approx(45, abs=0.1)


def test_a_stage_that_is_well_under_way_tells_its_own_speed(pace):
    assert pace.left(PLAN, 100_000, job_at(1, 0.5, spent=20)) == pytest.approx(20 + 4, abs=0.1)


def test_kept_results_teach_nothing(pace):
    pace.learn(PLAN, 100_000, [Timing(t.stage, 0.0, "cached") for t in TIMINGS])
    assert pace.left(PLAN, 100_000, job_at(0, 0.0)) == pytest.approx(15, abs=0.1)


def test_another_factor_is_another_cost(pace):
    other = arrange([Denoise(), Upscale(2.0), Sharpen()])
    assert pace.left(other, 100_000, job_at(0, 0.0)) != pytest.approx(15, abs=0.1)
