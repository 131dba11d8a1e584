"""Networks and weights: what can run, where its file is, and how it runs; knows nothing of stages or screens."""

import sys

# OpenVINO would tell its makers of every import and every conversion, and write an identity into the user's home. It
# goes without where the package that does this cannot be imported; the studio sends nothing to anybody.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
