import cv2
import numpy as np
import pytest

from benchmarks.quality import damage, identity, stages
from benchmarks.quality.metrics import NAMES
from benchmarks.quality.stages import Again
from models.errors import WeightsCorrupt, WeightsMissing
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.errors import PhotoError
from pipeline.methods import alignment
from pipeline.methods.alignment import FFHQ
from pipeline.plan import Plan, arrange
from pipeline.stages import BY_NAME, Colorize, Denoise, PostDenoise
from tests.photographs import photograph, psnr
from tests.pipeline.methods.test_alignment import COLLINS
from tests.training.faces import write_teacher


@pytest.fixture
def folder(tmp_path):
    picture = np.rint(photograph("astronaut", 96)[..., ::-1] * 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "portrait.png"), picture)
    cv2.imwrite(str(tmp_path / "tiny.png"), picture[:40])
    return tmp_path


def rows(folder, *tasks):
    lines = list(stages.tables(folder, tasks, Engine("cpu", "float32")))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in "\n".join(lines).splitlines()[2:]]


def test_every_task_has_its_trials_and_every_trial_its_stage():
    assert list(stages.TRIALS) == list(damage.RECIPES)
    trials = [trial for task in stages.TRIALS.values() for trial in task.values()]
    trials = [each for trial in trials for each in ([trial.first, trial.then] if isinstance(trial, Again) else [trial])]
    tried = [stage for trial in trials for stage in (trial.stages if isinstance(trial, Plan) else [trial])]
    assert {stage.name for stage in tried} <= set(BY_NAME)
    assert all(stages.TRIALS.values())


def test_every_stage_is_tried_on_undamaged_photographs():
    tried = [trial for trial in stages.TRIALS["sharp"].values() if not isinstance(trial, Plan | Again)]
    assert {stage.name for stage in tried} == set(BY_NAME)


def test_a_second_restoration_is_compared_with_the_first():
    case = damage.make("denoise", "portrait", photograph("astronaut", 96))
    once, engine = arrange([Denoise(exact=True)]), Engine("cpu", "float32")
    twice, first = stages.outcome(Again(once, once), case, engine)
    np.testing.assert_array_equal(first, stages.restore(once, case, engine))
    assert psnr(twice, first) > psnr(first, case.damaged) + 6


def test_a_stage_gets_and_gives_8_bit_pictures_through_the_pipeline():
    case = damage.make("denoise", "portrait", photograph("astronaut", 96))
    restored = stages.restore(Denoise(), case, Engine("cpu", "float32"))
    direct = Denoise().run(case.damaged, Context(Engine("cpu", "float32")))
    np.testing.assert_allclose(restored, np.rint(direct * 255) / 255, atol=1e-6)


def test_the_table_sets_the_stage_against_the_input(folder):
    (task, name, psnr, *_, pictures), restored, *_ = rows(folder, "denoise")
    assert [task, name, pictures] == ["denoise", "input", "1"]
    assert restored[:2] == ["denoise", "bilateral"]
    assert float(restored[2]) > float(psnr)


def test_stages_are_tried_together_too(folder):
    (task, name, psnr, *others, pictures), together, *_ = rows(folder, "old_photo")
    assert [task, name, pictures] == ["old_photo", "input", "1"]
    assert others[NAMES.index("color") - 1] == "-"  # a grey truth has no colour to compare with
    assert together[1] == "denoise, tone"
    assert float(together[2]) > float(psnr)


def test_faces_have_columns_of_identity(tmp_path, monkeypatch):
    points = alignment.align(COLLINS, FFHQ, 128)
    face = alignment.cut(photograph("astronaut", 512), points, 128)
    cv2.imwrite(str(tmp_path / "collins.png"), np.rint(face[..., ::-1] * 255).astype(np.uint8))
    recogniser = write_teacher(tmp_path / "other.onnx")
    monkeypatch.setattr(stages, "TRIALS", {"face": {"blur": PostDenoise(sigma=3)}})
    head, _, input_, blurred = "\n".join(
        stages.tables(tmp_path, ["face"], Engine("cpu", "float32"), recogniser)
    ).splitlines()
    assert "| identity | identity, other | pictures |" in head
    by_name = [float(line.split(" | ")[-3]) for line in (input_, blurred)]
    assert 0 < by_name[1] < by_name[0] < 1
    assert -1 <= float(blurred.split(" | ")[-2]) <= 1


def test_a_recogniser_is_checked(folder, tmp_path):
    (tmp_path / "text.onnx").write_text("no network")
    for name, error in {"none.onnx": WeightsMissing, "text.onnx": WeightsCorrupt}.items():
        with pytest.raises(error, match="ONNX"):
            identity.measures(Engine("cpu", "float32"), tmp_path / name)


def test_a_missing_model_has_its_row(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    monkeypatch.setattr(stages, "TRIALS", {"colorize": {"colorize": Colorize(model="eccv16")}})
    _, missing = rows(folder, "colorize")
    assert missing[:2] == ["colorize", "colorize"]
    assert missing[2].startswith("not measured: ")


def test_a_folder_without_photographs_is_refused(tmp_path):
    with pytest.raises(PhotoError, match="found none"):
        list(stages.tables(tmp_path, ["sharp"], Engine("cpu", "float32")))
