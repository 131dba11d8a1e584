"""A network of two convolutions as ncnn stores it."""

import numpy as np

HALF, SINGLE = (0x01306B47).to_bytes(4, "little"), bytes(4)
NAMES = ("first", "last")
STATE = {
    "first.weight": np.arange(27, dtype=np.float32).reshape(3, 1, 3, 3) / 8,
    "first.bias": np.float32([0.1, 0.2, 0.3]),
    "last.weight": np.float32([1, 2, 3]).reshape(1, 3, 1, 1),
    "last.bias": np.float32([-1]),
}
PARAM = """7767517
4 5
Input        in     0 1 data
Convolution  Conv_0 1 1 data a 0=3 1=3 4=1 5=1 6=27 9=2 -23310=1,2.000000e-01
Split        split  1 2 a b c
Convolution  Conv_1 2 1 b c out 0=1 1=1 5=1 6=3
"""
"""Counts of inputs and outputs are of no matter to it, so the last convolution has two inputs."""
FIRST = HALF + STATE["first.weight"].astype("<f2").tobytes() + bytes(2) + STATE["first.bias"].tobytes()
BIN = FIRST + SINGLE + STATE["last.weight"].tobytes() + STATE["last.bias"].tobytes()
