"""The short table a run ends with: who is champion, how good it is, and where to look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HEADLINE = "roc_auc"


def champion_rows(root: Path, env: str, models: list[str]) -> list[dict[str, Any]]:
    """One row a model, from what its last run wrote.

    Args:
        root: the project's folder.
        env: the business.
        models: names of its models.

    Returns:
        model, champion version, the chosen candidate, test AUC and the best baseline's with
        95% intervals, verdict and the folder of its reports. A model never trained has nulls.
    """
    return [_row(root, env, model) for model in models]


def _row(root: Path, env: str, model: str) -> dict[str, Any]:
    folder = root / "data" / "08_reporting" / env / model
    metrics, gate, champion = (
        _read(folder / f"{name}.json") for name in ("metrics", "gate", "champion")
    )
    candidates = metrics.get("candidates", {})
    chosen = metrics.get("chosen")
    baselines = {
        name: figures
        for name, figures in candidates.items()
        if figures.get("role") == "baseline" and name != chosen
    }
    best = max(baselines, key=lambda name: _auc(baselines[name])["value"] or 0, default=None)
    return {
        "model": model,
        "champion_version": champion.get("version"),
        "chosen": chosen,
        "auc": _auc(candidates.get(chosen, {})),
        "baseline": best,
        "baseline_auc": _auc(baselines.get(best, {})),
        "verdict": gate.get("verdict"),
        "reports": folder.relative_to(root).as_posix(),
    }


def _auc(figures: dict[str, Any]) -> dict[str, Any]:
    return figures.get(HEADLINE) or dict.fromkeys(("value", "low", "high"))


def _read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def print_champions(rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "champion", "test AUC (95%)", "best baseline", "verdict")
    for row in rows:
        version = f"v{row['champion_version']}" if row["champion_version"] else "none"
        table.add_row(
            row["model"],
            f"{version} {row['chosen'] or ''}",
            _interval(row["auc"]),
            f"{row['baseline'] or ''} {_interval(row['baseline_auc'])}",
            row["verdict"] or "not trained",
        )
    console = Console(highlight=False)
    console.print(table)
    for row in rows:
        console.print(f"Reports: {row['reports']}/ · runs and versions: mlflow ui", soft_wrap=True)


def _interval(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "–"
    return f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})"
