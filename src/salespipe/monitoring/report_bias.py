"""The report of groups: rates, gaps with their tests, waivers, and what could be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.gaps import BOTH, Gap
from salespipe.modelling.groups import groups_of
from salespipe.modelling.rates import RATES, selected
from salespipe.monitoring.bias import judged_rows
from salespipe.monitoring.looks import PREDICTION
from salespipe.monitoring.report_parts import Metric, number, run_report, with_interval
from salespipe.monitoring.watch import Watched, thinned
from salespipe.params_monitor import MonitorParams


def bias_report(watched: Watched, params: MonitorParams) -> Any:
    """Rates by group, gaps with intervals and tests, waivers, and what could be done."""
    found = judged_rows(thinned(watched.looks, params.seed)) if watched.sensitive else None
    if found is None:
        return run_report(watched, "bias", [], pd.DataFrame({"nobody": [0.0]}), None)
    rows = _people(found[1], watched)
    gaps = watched.found.bias.gaps
    alone = [one for one in gaps if BOTH not in one.attribute and one.figure in RATES]
    metrics = [
        _gap_table(gaps), _group_table(watched), *_options(watched),
        *(_gap_test(one) for one in alone if one.value is not None),
    ]  # fmt: skip
    return run_report(watched, "bias", metrics, rows, None)


def _people(rows: pd.DataFrame, watched: Watched) -> pd.DataFrame:
    """Groups, outcome and selection of each row."""
    score = rows[PREDICTION].to_numpy(dtype=np.float64)
    groups = {
        name: groups_of(rows[name]).astype(object) for name in watched.sensitive if name in rows
    }
    return pd.DataFrame(groups).assign(
        label=(rows["label"].to_numpy(dtype=np.float64) > 0).astype(int),
        selected=selected(score, watched.found.bias.contact_share).astype(int),
        score=score,
    )


def _gap_test(gap: Gap) -> Metric:
    """A gap with its bound as a test: it fails where the interval does, else it warns."""
    from evidently.tests import lte

    from salespipe.monitoring.cards import GroupGap

    critical = gap.verdict == "above"
    tests = [] if gap.bound is None else [lte(gap.bound, is_critical=critical)]
    return GroupGap(
        attribute=gap.attribute,
        rate=gap.figure,
        told=_verdict(gap),
        verdict=gap.verdict,
        groups=list(gap.groups or ()),
        tests=tests,
    )


def _verdict(gap: Gap) -> str:
    most, least = gap.groups or ("", "")
    words = f"{most} above {least} by {with_interval(gap.__dict__)}"
    bound = "" if gap.bound is None else f", bound {gap.bound:.2f}: {gap.verdict}"
    return words + bound + (f", waived by {gap.waiver}" if gap.verdict == "waived" else "")


def _gap_table(gaps: Sequence[Gap]) -> Metric:
    from salespipe.monitoring.cards import Gaps

    told = [
        [one.attribute, one.figure.replace("_", " "), *(one.groups or ("", "")),
         with_interval(one.__dict__), number(one.bound), one.verdict, one.waiver or ""]
        for one in gaps
    ]  # fmt: skip
    return Gaps(
        name="gaps",
        title="The widest gap of each attribute and figure",
        figures={f"{g.figure} by {g.attribute}": g.value for g in gaps if g.value is not None},
        columns=["attribute", "figure", "more", "less", "gap (95%)", "bound", "verdict", "waiver"],
        rows=told,
    )


def _group_table(watched: Watched) -> Metric:
    from salespipe.monitoring.cards import Table

    told = [
        [
            one["attribute"],
            one["group"],
            f"{one['rows']:,}",
            *(with_interval(one[r]) for r in RATES),
        ]
        for one in watched.found.bias.groups
    ]  # fmt: skip
    return Table(
        name="groups",
        title=f"Groups, by {watched.found.bias.rows:,} rows: {watched.found.bias.look}",
        figures={},
        columns=["attribute", "group", "rows", *(f"{r.replace('_', ' ')} (95%)" for r in RATES)],
        rows=told,
    )


def _options(watched: Watched) -> list[Metric]:
    from salespipe.monitoring.cards import Table

    told = [
        [one["attribute"], option["option"], number(option["gap"]), number(option["precision"]),
         number(option["price"])]
        for one in watched.options
        for option in one["options"]
    ]  # fmt: skip
    if not told:
        return []
    columns = ["attribute", "option", "gap of the selection rate", "precision", "price"]
    title = "What could be done about a gap, and its price in precision"
    return [Table(name="options", title=title, figures={}, columns=columns, rows=told)]
