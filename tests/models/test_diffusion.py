import json

import numpy as np
import pytest
from diffusers import AutoencoderKL, DDIMPipeline, DDIMScheduler, StableDiffusionInpaintPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models import own
from models.errors import Cancelled, CheckpointMismatch, WeightsCorrupt
from models.runtime import diffusion
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods.inference import stack
from pipeline.methods.inpainting import BIHARMONIC, fill, wide_parts
from tests.photographs import photograph

pytestmark = pytest.mark.slow

WORDS = ["<|startoftext|>", "<|endoftext|>", "a</w>", "face</w>", "sky</w>"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An inpainting pipeline with random weights, written by diffusers."""
    place = tmp_path_factory.mktemp("pipeline")
    (place / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(WORDS)}))
    (place / "merges.txt").write_text("#version: 0.2\n")
    unet = UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, sample_size=64, in_channels=9, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=2, attention_head_dim=2, cross_attention_dim=8,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(8, 8), latent_channels=4, norm_num_groups=2,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    text = CLIPTextConfig(
        hidden_size=8, intermediate_size=8, num_attention_heads=2, num_hidden_layers=1, vocab_size=len(WORDS),
        bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    tokenizer = CLIPTokenizer(
        str(place / "vocab.json"), str(place / "merges.txt"), unk_token=WORDS[1], model_max_length=16
    )
    pipeline = StableDiffusionInpaintPipeline(
        vae, CLIPTextModel(text), tokenizer, unet, DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.save_pretrained(place / "whole")
    return place / "whole"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(diffusion, "SIDE", 64)
    monkeypatch.setattr(diffusion, "STEPS", 4)


def run(folder, image, mask, **options):
    """What the pipeline in a folder makes of all of a picture."""
    spec = own.find(str(folder))
    x = stack(spec, photo=image, mask=mask).transpose(2, 0, 1)[None]
    return Engine("cpu", "float32").network(spec).run(x, **options)[0].transpose(1, 2, 0)


def wide_and_narrow():
    mask = np.zeros((80, 96), bool)
    mask[20:50, 30:60] = True
    mask[5, 5:70] = True
    return photograph("astronaut", 96)[:80], mask


def test_wide_holes_are_filled_by_diffusion_and_narrow_ones_by_biharmonic_functions(folder):
    image, mask = wide_and_narrow()
    filled = fill(image, mask, str(folder), Context(Engine("cpu", "float32")), prompt="a face")
    wide = wide_parts(mask)
    assert np.array_equal(filled[~mask], image[~mask])
    as_ever = fill(image, mask, BIHARMONIC, Context(Engine("cpu", "float32")))
    assert np.array_equal(filled[mask & ~wide], as_ever[mask & ~wide])
    assert np.isfinite(filled).all()
    assert filled[wide].std() > 0
    assert np.abs(filled[wide] - as_ever[wide]).mean() > 0.01


def test_the_same_photograph_is_filled_alike_and_another_prompt_fills_otherwise(folder):
    image, mask = wide_and_narrow()
    prompts = ("sky", "sky", "a face")
    first, again, other = (run(folder, image, mask, prompt=prompt) for prompt in prompts)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == image.shape
    assert first.dtype == np.float32


def test_every_step_reports_progress_and_may_be_the_last(folder):
    image, mask = wide_and_narrow()
    told = []
    run(folder, image, mask, progress=told.append)
    assert told == pytest.approx([0.25, 0.5, 0.75, 1])
    context = Context(Engine("cpu", "float32"), progress=told.append, cancelled=lambda: len(told) > 6)
    with pytest.raises(Cancelled):
        fill(image, mask, str(folder), context)
    assert len(told) < 8


def test_a_prompt_for_a_filler_that_takes_none_is_refused():
    with pytest.raises(OptionError, match="prompt"):
        fill(*wide_and_narrow(), BIHARMONIC, Context(Engine("cpu", "float32")), prompt="a face")


def test_folders_that_hold_something_else_are_refused(folder, tmp_path):
    image, mask = wide_and_narrow()
    (tmp_path / "model_index.json").write_text("{}")
    with pytest.raises((WeightsCorrupt, CheckpointMismatch), match=str(tmp_path)):
        fill(image, mask, str(tmp_path), Context(Engine("cpu", "float32")))
    unet = UNet2DConditionModel.from_pretrained(folder / "unet")
    DDIMPipeline(unet=unet, scheduler=DDIMScheduler()).save_pretrained(tmp_path / "other")
    with pytest.raises(CheckpointMismatch, match="inpainting"):
        fill(image, mask, str(tmp_path / "other"), Context(Engine("cpu", "float32")))
