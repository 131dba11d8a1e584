"""Plans to start from, by kind of photograph; all of them use bundled models."""

from pipeline.plan import Plan, arrange
from pipeline.stages import Colorize, Deblur, Denoise, PostDenoise, Sharpen, Tone, Upscale
from pipeline.stages.denoise import CLASSICAL

PRESETS: dict[str, Plan] = {
    "black-and-white": arrange(
        [Denoise(), Deblur(), Colorize(saturation=0.9), Upscale(2.0), PostDenoise(0.4), Sharpen(0.4)],
    ),
    "faded": arrange(
        [Denoise(), Deblur(), Tone(), Upscale(2.0), PostDenoise(0.5), Sharpen(0.5, 1.2)],
    ),
    "phone": arrange([Denoise(0.8), Upscale(2.0), PostDenoise(0.3), Sharpen(0.3)]),
    "drawing": arrange([Denoise(0.5, model=CLASSICAL), Upscale(4.0), Sharpen(0.6, 0.8)]),
}
"""By name: grain and softness of old prints, colour prints with a cast, small sensors, lines on flat ground."""
