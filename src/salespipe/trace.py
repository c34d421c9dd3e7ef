"""`salespipe trace`: from a receipt back to the run, the data and the code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from salespipe.bundle import Business
from salespipe.errors import SalespipeError
from salespipe.loop import check_business
from salespipe.receipts import CUT, HASHES, parse_receipt
from salespipe.tracking import file_hash


def trace(root: Path, text: str) -> dict[str, Any]:
    """Walks a receipt back.

    Args:
        root: the project's folder.
        text: the receipt's id, or an answer that holds it.

    Returns:
        JSON-ready: the version with its decision, its run with the test's figures, and where its
        code and data are now.

    Raises:
        SalespipeError: it is no receipt, or what is registered is not what it names.
    """
    told = parse_receipt(text)
    if told is None:
        raise SalespipeError(
            "That is no receipt: it looks like `demo.churn.v1.<run>.<commit>.<data>.<schema>.<day>`"
            " and is the `id` of an answer's `receipt`."
        )
    env, model, version = told["business"], told["model"], int(told["version"])
    if model not in (known := check_business(root, env)):
        raise SalespipeError(f"{env} has no model {model!r}; it has {', '.join(known)}.")
    registry = Business.open(root, env).registry(model)
    origin = registry.origin(version)
    _check(told, origin | {"schema_hash": _schema_hash(registry.folder(version))})
    metrics = registry.report(version, "metrics.json")
    return {
        "model": registry.name,
        "version": version,
        "in_office": registry.champion() == version,
        "features_as_of": told["as_of"],
        **registry.decision(version),
        "run_id": origin["run_id"],
        "chosen": metrics.get("chosen"),
        "trained_as_of": origin["trained_as_of"],
        "headline": _headline(metrics),
        "git_commit": origin["git_commit"],
        "code": _code(root, str(origin["git_commit"])),
        "data_hash": origin["data_hash"],
        "data": _data(root, env, model, str(origin["data_hash"])),
    }


def print_trace(found: Mapping[str, Any]) -> None:
    """Say it in words, with the commands that lead there."""
    from rich.table import Table

    from salespipe.terminal import console

    table = Table(show_header=False)
    office = "in office" if found["in_office"] else "no longer in office"
    table.add_row("model", f"{found['model']} v{found['version']} ({found['chosen']}), {office}")
    decided = f"{found['verdict']}; {found['approver']}: {found['reason']}"
    table.add_row("decision", f"{decided} ({found['decided_at']})")
    table.add_row("test", found["headline"] or "no figures recorded")
    table.add_row("features as of", found["features_as_of"])
    table.add_row("run", f"{found['run_id']}  (mlflow ui)")
    table.add_row("code", f"{found['git_commit']}  ({found['code']})")
    table.add_row("data", f"{found['data_hash']}  ({found['data']})")
    console().print(table)


def _check(told: Mapping[str, str], registered: Mapping[str, Any]) -> None:
    wrong = [
        f"{key} is {told[key]}, registered is {str(registered[key] or 'none')[:CUT]}"
        for key in HASHES
        if told[key] != str(registered[key] or "none")[:CUT]
    ]
    if wrong:
        raise SalespipeError(
            f"This receipt is not of the version that is registered: {'; '.join(wrong)}."
        )


def _schema_hash(folder: Path) -> str | None:
    from salespipe.modelling.forecast.saved import ForecastModel
    from salespipe.modelling.predict import load_model

    model = load_model(folder)
    return model.hash() if isinstance(model, ForecastModel) else str(model.schema.hash())


def _headline(metrics: Mapping[str, Any]) -> str | None:
    headline, chosen = metrics.get("headline"), metrics.get("chosen")
    if not headline or not chosen:
        return None
    figure = metrics["candidates"][chosen][headline["figure"]]
    told = f"{headline['figure']} {figure['value']:.3f}"
    if figure["low"] is None:
        return told
    return f"{told} ({figure['low']:.3f} to {figure['high']:.3f})"


def _code(root: Path, commit: str) -> str:
    """Whether the commit is in this clone, and what runs here."""
    plain = commit.removesuffix("-dirty")
    command = ["git", "-C", root.as_posix(), "cat-file", "-e", f"{plain}^{{commit}}"]
    try:
        here = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        here = False
    told = f"git checkout {plain[:CUT]}" if here else "not in this clone"
    return f"{told}; with changes that were not committed" if plain != commit else told


def _data(root: Path, env: str, model: str, digest: str) -> str:
    """Where the rows that it was trained on are: in the workspace, DVC's cache, or elsewhere."""
    rows = root / "data/05_model_input" / env / model / "rows.parquet"
    if rows.is_file() and file_hash(rows) == digest:
        return rows.relative_to(root).as_posix()
    cached = root / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    if cached.is_file():
        return f"in DVC's cache: {cached.relative_to(root).as_posix()}"
    return "not on this machine: `dvc pull` at that commit, or make it again"


def read_receipt(given: str) -> str:
    """What was given: a receipt, a file with an answer, or `-` for what comes from a pipe."""
    if given == "-":
        return str(sys.stdin.read())
    file = Path(given)
    try:
        return file.read_text("utf-8") if file.is_file() else given
    except OSError:
        return given
