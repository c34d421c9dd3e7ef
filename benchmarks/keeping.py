"""Figures as JSON, with the machine and the versions they were measured with."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

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
    return {
        "on": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {_memory_gb():.0f} GiB, {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
