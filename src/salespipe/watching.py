"""`salespipe monitor`: the pipeline of that name for one business, its decisions as a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, cast

from salespipe.params_monitor import MonitorParams, WebhookParams
from salespipe.terminal import console

LEVELS = ("ok", "watch", "retrain")


def run_monitoring(
    root: Path, env: str, given: Mapping[str, Any]
) -> tuple[dict[str, Any], WebhookParams]:
    """Run `kedro run --pipelines monitor` in this process; progress goes to standard error.

    Args:
        root: the project's folder.
        env: the business.
        given: what overrides the conf of `monitor`.

    Returns:
        The decision on each model with its reasons, and where conf wants it sent.
    """
    webhook = _run(root, env, given, "monitor").webhook
    report = json.loads((root / "data/08_reporting" / env / "monitor.json").read_text("utf-8"))
    folder = f"data/08_reporting/{env}"
    return {
        model: facts | {"reports": f"{folder}/{model}"} for model, facts in report.items()
    }, webhook


def run_drill(root: Path, env: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Run `kedro run --pipelines monitor --tags drill`; what became of each fault, by model."""
    _run(root, env, given, "drill")
    found: dict[str, Any] = json.loads(
        (root / "data/08_reporting" / env / "drill.json").read_text("utf-8")
    )
    return found


def _run(root: Path, env: str, given: Mapping[str, Any], tag: str) -> MonitorParams:
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    with redirect_stdout(sys.stderr):
        bootstrap_project(root)
        made = KedroSession.create(root, env=env, runtime_params={"monitor": dict(given)})
        with made as session:
            session = cast("KedroSession", session)
            params = typed(session.load_context().params["monitor"])
            session.run(pipeline_names=["monitor"], tags=[tag])
    return params


def typed(conf: Any) -> MonitorParams:
    """Conf as a type, whichever way Kedro hands it over."""
    return conf if isinstance(conf, MonitorParams) else MonitorParams.model_validate(conf)


def gravest(report: Mapping[str, Mapping[str, Any]]) -> str:
    """The gravest decision on any model."""
    found = (facts["decision"]["level"] for facts in report.values())
    return max(found, key=LEVELS.index, default="ok")


def reaches(level: str, bound: str | None) -> bool:
    """Whether a decision is as grave as a bound."""
    return bound is not None and LEVELS.index(level) >= LEVELS.index(bound)


def print_monitor(report: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the decision on each model, its reasons and where the reports are."""
    from rich.table import Table

    table = Table("model", "champion", "as of", "decision", "why")
    for model, facts in report.items():
        decision = facts["decision"]
        reasons = [f"{one['level']} ({one['kind']}): {one['words']}" for one in decision["reasons"]]
        reasons += [f"cannot tell {one}" for one in decision["untold"]]
        table.add_row(
            model, f"v{facts['champion_version']}", facts["as_of"] or "as given",
            decision["level"], "\n".join(reasons) or "nothing moved beyond what is normal",
        )  # fmt: skip
    out = console()
    out.print(table)
    for facts in report.values():
        out.print(f"Reports: {facts['reports']}/{{drift,quality,bias}}.html", soft_wrap=True)


def print_drill(found: Mapping[str, Any]) -> None:
    """Print which faults were seen, how soon, and the smallest that is."""
    from rich.table import Table

    table = Table("model", "fault", "seen", "after", "smallest seen", "alarms")
    for model, faults in found.items():
        for one in faults:
            seen = "seen" if one["alarms"] else "not seen"
            right = "" if bool(one["alarms"]) == one["expected"] else " (!)"
            days, size = one["days"], one["smallest"]
            first = "; ".join(words.split(";")[0] for words in one["alarms"][:2])
            more = len(one["alarms"]) - 2
            table.add_row(
                model, one["fault"], "–" if one["obstacle"] else seen + right,
                f"{days} days" if days else "", f"{size:g}" if size else "",
                one["obstacle"] or first + (f"; {more} more" if more > 0 else ""),
            )  # fmt: skip
    console().print(table)
