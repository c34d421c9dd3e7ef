"""From champions to reports and decisions."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from salespipe.errors import SalespipeError
from salespipe.params import ModelParams, ScoreParams
from salespipe.params_forecast import ForecastParams
from salespipe.params_monitor import MonitorParams
from salespipe.types import Tables

if TYPE_CHECKING:
    from salespipe.monitoring.watch import Subject

DRILL_ROWS = 5000
"""Of a look in a drill, which looks some forty times."""

logger = logging.getLogger(__name__)


def watch_champions(
    tables: Tables,
    champions: dict[str, Any],
    champion_runs: dict[str, Any],
    monitor: MonitorParams,
    parameters: dict[str, Any],
    prediction_log: Any,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Look at every champion, or at those that conf names; see `watch`.

    Returns:
        By model: the reports with the record, for their files and for the workspace; the figures
        for MLflow; decision and reasons.
    """
    from salespipe.modelling.score import as_of_now
    from salespipe.monitoring.reports import make_reports
    from salespipe.monitoring.watch import watch

    now = as_of_now(tables, monitor.as_of)
    reports, metrics, summary = {}, {}, {}
    for subject in subjects(champions, champion_runs, monitor, parameters):
        watched = watch(tables, subject, monitor, now, prediction_log(subject.name))
        record, name = watched.as_dict(), subject.name
        logger.info("  %s: %s", name, record["decision"]["level"])
        reports[name] = {"record": record, **make_reports(watched, monitor)}
        metrics[name] = facts_of(record)
        summary[name] = {key: record[key] for key in ("champion_version", "as_of", "decision")}
    return reports, reports, metrics, summary


def drill_champions(
    tables: Tables,
    champions: dict[str, Any],
    champion_runs: dict[str, Any],
    monitor: MonitorParams,
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Put known faults into a copy of the tables and see which alarms fire; see `run_drill`.

    Returns:
        A JSON-ready list of faults for each model, with what became of them.

    Raises:
        SalespipeError: the source is a table without days, so nothing can have begun lately.
    """
    from salespipe.modelling.score import as_of_now
    from salespipe.monitoring.drill import checker, run_drill

    if (now := as_of_now(tables, monitor.as_of)) is None:
        raise SalespipeError("A drill needs orders: a table of snapshots has no latest days.")
    drift = monitor.drift.model_copy(update={"max_rows": min(monitor.drift.max_rows, DRILL_ROWS)})
    quick = monitor.model_copy(update={"drift": drift})
    found = {}
    for subject in subjects(champions, champion_runs, monitor, parameters):
        logger.info("  %s", subject.name)
        check = checker(tables, subject, quick, now)
        found[subject.name] = [one.as_dict() for one in run_drill(tables, now, check)]
    return found


def refresh_reviews(versions: Any, monitor_report: dict[str, Any]) -> Any:
    """The review pages with what was found now; see `pages_of`."""
    from salespipe.review.pages import pages_of

    del monitor_report
    return pages_of(versions)


def subjects(
    champions: Mapping[str, Any],
    champion_runs: Mapping[str, Any],
    monitor: MonitorParams,
    parameters: Mapping[str, Any],
) -> list[Subject]:
    """Who is watched: every champion, or those that conf names.

    Raises:
        SalespipeError: one has no champion, or it can't be read.
    """
    from salespipe.modelling.lists import readable, wanted_models
    from salespipe.monitoring.watch import Subject

    conf = {name: typed(parameters[name]) for name in champions if name in parameters}
    wanted = wanted_models(champions, conf, ScoreParams(models=monitor.models))
    return [
        Subject(name, readable(name, champions), conf[name], champion_runs.get(name) or {})
        for name in wanted
    ]


def typed(conf: Any) -> ModelParams | ForecastParams:
    """A model's conf as a type, whichever way Kedro hands it over."""
    if isinstance(conf, ModelParams | ForecastParams):
        return conf
    kind = ModelParams if "outcome" in conf else ForecastParams
    return kind.model_validate(conf)


def facts_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What MLflow keeps of a record: metrics of the champion's run, tags of its version."""
    from salespipe.monitoring.decide import LEVELS

    decision, drift = record["decision"], record["drift"]
    metrics = {
        "monitor.level": float(LEVELS.index(decision["level"])),
        "monitor.alarms": float(len(drift["alarms"])),
        "monitor.moved_share": drift["moved_share"],
    }
    for look in [one for one in record["quality"]["looks"] if not one["learned"]][-1:]:
        found = {f"monitor.{name}": one["value"] for name, one in look["figures"].items()}
        metrics |= {name: value for name, value in found.items() if value is not None}
    for gap in record["bias"]["gaps"]:
        if gap["value"] is not None:
            attribute = gap["attribute"].replace(" & ", "-and-")
            metrics[f"monitor.gap.{gap['figure']}.{attribute}"] = gap["value"]
    told = "; ".join(one["words"] for one in decision["reasons"]) or "nothing to report"
    tags = {"monitor": decision["level"], "monitor_reason": told[:4000]}
    tags |= {"monitored_as_of": record["as_of"] or "undated"}
    facts = {"version": record["champion_version"], "as_of": record["as_of"]}
    return facts | {"metrics": metrics, "tags": tags}
