"""What every process of ours is told before it loads a library: nothing reports home, no noise."""

from __future__ import annotations

import os

QUIET = {
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "BENTOML_DO_NOT_TRACK": "true",
    "PYTHONUNBUFFERED": "1",
}
"""No single switch turns off what five tools report home."""

ENVIRONMENT = QUIET | {
    # threads that spin while they wait stall each other where cores are shared
    "OMP_WAIT_POLICY": "PASSIVE",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}


def set_environment() -> None:
    """Set what is not set yet; libraries read it as they are imported."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
