"""`salespipe score`: the pipeline of that name for one business, and its report as a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, cast

from salespipe.terminal import console


def run_scoring(root: Path, env: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Run `kedro run --pipelines score` in this process; progress goes to standard error.

    Args:
        root: the project's folder.
        env: the business.
        given: what overrides the conf of `score`.

    Returns:
        What the report holds of each model, and where its list is.
    """
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    with redirect_stdout(sys.stderr):
        bootstrap_project(root)
        with KedroSession.create(root, env=env, runtime_params={"score": dict(given)}) as session:
            cast("KedroSession", session).run(pipeline_names=["score"])
    report = json.loads((root / "data/08_reporting" / env / "scores.json").read_text("utf-8"))
    folder = f"data/07_model_output/{env}"
    return {
        model: facts | {"list": f"{folder}/{model}_scores.csv"} for model, facts in report.items()
    }


def print_scores(report: Mapping[str, Mapping[str, Any]]) -> None:
    """Print who was scored and whom to contact."""
    from rich.table import Table

    table = Table("model", "champion", "as of")
    for title in ("customers", "to contact", "cost", "expected profit", "at random", "gain"):
        table.add_column(title, justify="right")
    for model, facts in report.items():
        money = ("cost", "expected_profit", "expected_at_random", "expected_gain_over_random")
        table.add_row(
            model, f"v{facts['champion_version']}", facts["as_of"] or "as given",
            f"{facts['customers']:,}", f"{facts['contacts']:,}",
            *(f"{facts[name]:,.0f}" for name in money),
        )  # fmt: skip
    out = console()
    out.print(table)
    for facts in report.values():
        out.print(f"List: {facts['list']} (and .parquet)", soft_wrap=True)
