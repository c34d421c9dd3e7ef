"""The short table a run ends with: who is champion, how good the newest is, and where to look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salespipe.files import replacing
from salespipe.terminal import console

if TYPE_CHECKING:
    from salespipe.registry import Registry


def champion_rows(root: Path, env: str, models: list[str]) -> list[dict[str, Any]]:
    """One row a model, from what its last run wrote.

    Args:
        root: the project's folder.
        env: the business.
        models: names of its models.

    Returns:
        model, champion version, the version that waits for a decision, the newest model's chosen
        candidate, its headline figure and the best baseline's with 95% intervals, verdict, the
        folder of its reports and its review page. A model never trained has nulls.
    """
    return [_row(root, env, model) for model in models]


def _row(root: Path, env: str, model: str) -> dict[str, Any]:
    folder = root / "data" / "08_reporting" / env / model
    metrics, gate, champion = (
        _read(folder / f"{name}.json") for name in ("metrics", "gate", "champion")
    )
    headline = metrics.get("headline", {"figure": "roc_auc", "better": "higher"})
    candidates, chosen = metrics.get("candidates", {}), metrics.get("chosen")
    best = best_baseline(candidates, chosen, headline)
    return {
        "model": model,
        "champion_version": champion.get("version"),
        "waiting_version": champion.get("waiting"),
        "waiting_for": champion.get("waiting_for"),
        "approver": champion.get("approver"),
        "chosen": chosen,
        "figure": headline["figure"],
        "value": _figure(candidates.get(chosen, {}), headline),
        "baseline": best,
        "baseline_value": _figure(candidates.get(best, {}), headline),
        "verdict": gate.get("verdict"),
        "reason": gate.get("reason"),
        "reports": folder.relative_to(root).as_posix(),
        "review": _page(root, folder),
    }


def _page(root: Path, folder: Path) -> str | None:
    """The newest version's review page, where there is one."""
    page = folder / "review.html"
    return page.relative_to(root).as_posix() if page.is_file() else None


def best_baseline(
    candidates: Mapping[str, Any], chosen: str | None, headline: Mapping[str, str]
) -> str | None:
    """The baseline with the best headline figure, other than the chosen model."""
    sign = 1 if headline["better"] == "higher" else -1
    values = {
        name: sign * value
        for name, figures in candidates.items()
        if figures.get("role") == "baseline" and name != chosen
        if (value := _figure(figures, headline)["value"]) is not None
    }
    return max(values, key=lambda name: values[name], default=None)


def _figure(figures: Mapping[str, Any], headline: Mapping[str, str]) -> dict[str, Any]:
    return figures.get(headline["figure"]) or dict.fromkeys(("value", "low", "high"))


def _read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def write_champion(registry: Registry, folder: Path) -> dict[str, Any]:
    """Leave word of who is champion and who waits beside the reports, in `champion.json`."""
    facts = registry.summary()
    with replacing(folder / "champion.json") as beside:
        beside.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    return facts


def print_champions(rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table."""
    from rich.table import Table

    table = Table("model", "champion", "newest")
    table.add_column("test figure (95%)", no_wrap=True)
    for title in ("best baseline", "verdict"):
        table.add_column(title)
    for row in rows:
        name = NAMES.get(row["figure"], row["figure"])
        table.add_row(
            row["model"],
            f"v{row['champion_version']}" if row["champion_version"] else "none",
            row["chosen"] or "",
            f"{name} {_interval(row['value'])}",
            f"{row['baseline'] or ''} {_interval(row['baseline_value'])}",
            _verdict(row),
        )
    out = console()
    out.print(table)
    for row in rows:
        if row["verdict"] not in (None, "promote"):
            out.print(f"{row['model']}: {row['reason']}", soft_wrap=True)
    for row in rows:
        out.print(f"Reports: {row['reports']}/ · runs and versions: mlflow ui", soft_wrap=True)
    if any(row["review"] for row in rows):
        index = Path(rows[0]["reports"]).parent / "review.html"
        out.print(f"Verdicts, and why, to open in a browser: {index.as_posix()}", soft_wrap=True)


NAMES = {"roc_auc": "AUC", "wape": "WAPE", "gini": "Gini"}


def _verdict(row: Mapping[str, Any]) -> str:
    told = row["verdict"] or "not trained"
    if row["waiting_for"] == "pending":
        return f"{told}; v{row['waiting_version']} waits for approval"
    return told


def _interval(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "–"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})"


def print_history(records: Mapping[str, list[dict[str, Any]]]) -> None:
    """Print who decided what on each model, oldest first."""
    from rich.table import Table

    table = Table("model", "when", "what", "version", "before", "by", "why")
    for model, some in records.items():
        for one in some:
            versions = (f"v{one[key]}" if one[key] else "none" for key in ("version", "previous"))
            table.add_row(model, one["at"], one["action"], *versions, one["by"], one["reason"])
    console().print(table)
