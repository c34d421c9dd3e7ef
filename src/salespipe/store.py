"""Where MLflow keeps its records: a server, or a sqlite file of this project."""

from __future__ import annotations

import os
from pathlib import Path

from salespipe.files import replacing

SQLITE = "sqlite:///"


def store_exists(uri: str) -> bool:
    """Whether a store was ever made; servers are taken at their word."""
    return not uri.startswith(SQLITE) or Path(uri.removeprefix(SQLITE)).exists()


def tracking_uri(configured: str, root: Path) -> str:
    """The tracking URI, with a relative sqlite path made absolute; the environment goes first."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or configured
    path = uri.removeprefix(SQLITE)
    if uri.startswith(SQLITE) and not path.startswith("/"):
        return f"{SQLITE}{root / path}"
    return uri


def create_store(uri: str) -> None:
    """Make a new sqlite store beside its place and rename it: one killed halfway can't be mended.

    MLflow makes its tables in some fifty migrations, each its own transaction.
    """
    if store_exists(uri):
        return
    import mlflow

    with replacing(Path(uri.removeprefix(SQLITE))) as beside:
        mlflow.MlflowClient(f"{SQLITE}{beside}").search_experiments(max_results=1)
