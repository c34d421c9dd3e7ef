"""Figures as JSON, with the machine and the versions they were measured with."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from salespipe.doctor import total_memory
from salespipe.files import write_json

PACKAGES = (
    "bentoml",
    "duckdb",
    "ibis-framework",
    "kedro",
    "mlflow",
    "pandas",
    "polars",
    "xgboost-cpu",
)


def keep(file: Path, found: dict[str, Any]) -> None:
    """Write the figures of a benchmark, and what they were measured with."""
    write_json(file, found | {"measured": measured()})


def measured() -> dict[str, Any]:
    """On which day, by what."""
    memory = (total_memory() or 0) / 2**30
    return {
        "on": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
