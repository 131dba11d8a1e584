"""Models: what they are, where their files are, and how they run; knows nothing of stages or screens."""

import sys

# Block OpenVINO's telemetry package: it would report every import and conversion, and write an id into the user's home.
# OpenVINO works without it.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
