"""Whether a device computes fast in bfloat16."""

import torch


def has_bfloat16(device: torch.device) -> bool:
    """Return whether the device has instructions for bfloat16; a CPU without them is ten times slower."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16"))
