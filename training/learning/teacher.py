"""A trained upscaler whose answers a smaller one learns from."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from models.networks import realesrgan
from training.learning.precision import has_bfloat16

Teacher = Callable[[Tensor], Tensor]
"""Takes damaged pictures, shape (N, 3, H, W), RGB in [0, 1], and returns restored ones in [0, 1], on the CPU."""


def load(state: Mapping[str, Tensor]) -> Teacher:
    """Return a teacher that runs with torch on a CUDA card, with OpenVINO on a CPU.

    On a CPU with bfloat16, OpenVINO runs Real-ESRGAN's large network 15 times faster than torch.

    Parameters
    ----------
    state : mapping of str to Tensor
        State dict of any network from picture to picture that spandrel supports, such as RealESRGAN_x4plus.

    Returns
    -------
    Teacher
        The network as a function.

    Raises
    ------
    CheckpointMismatch
        If spandrel does not support it.
    """
    network = realesrgan.build(state)
    return _by_torch(network, torch.device("cuda")) if torch.cuda.is_available() else _by_openvino(network)


def _by_torch(network: nn.Module, device: torch.device) -> Teacher:
    network = network.to(device)

    @torch.inference_mode()
    def answer(damaged: Tensor) -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)):
            return network(damaged.to(device)).float().clamp(0, 1).cpu()

    return answer


def _by_openvino(network: nn.Module) -> Teacher:
    import openvino

    from training.conversion import to_openvino

    precision = "bf16" if has_bfloat16(torch.device("cpu")) else "f32"
    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    graph = openvino.Core().compile_model(to_openvino(network), "CPU", options)

    def answer(damaged: Tensor) -> Tensor:
        return torch.from_numpy(graph(damaged.numpy())[0]).clamp(0, 1)

    return answer
