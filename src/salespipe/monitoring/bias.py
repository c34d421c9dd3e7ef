"""How differently groups of people fare: rates by group with intervals, gaps, and waivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

from salespipe.modelling.bootstrap import LEVEL
from salespipe.modelling.frame import entity_codes
from salespipe.modelling.gate import check_measured
from salespipe.modelling.groups import calibration_gaps, groups_of
from salespipe.monitoring.looks import PREDICTION, Look
from salespipe.monitoring.rates import (
    OPPORTUNITY,
    RATES,
    SELECTION,
    Outcomes,
    Rate,
    enough_rows,
    group_rates,
    resampled_rates,
)
from salespipe.params import GateParams, Waiver
from salespipe.params_monitor import BiasParams

Verdict = Literal["within", "cannot tell", "above", "waived", "too few to tell"]
CALIBRATION = "calibration"
BOTH = " & "
CROSSED = 10
"""By how much less often a gap of crossed attributes may be found by chance: there are many."""


@dataclass(frozen=True)
class Gap:
    """The widest gap of one figure between two groups of an attribute.

    Attributes:
        attribute: its name; two names for an intersection.
        figure: what is compared.
        value: the gap, as fairlearn's `difference` has it.
        low: lower end of its 95% interval.
        high: upper end.
        groups: the group with more, and the one with less.
        bound: what it has to keep to; None where nothing is asked for.
        verdict: above only where the whole interval lies beyond the bound.
        waiver: who accepts it, and why.
    """

    attribute: str
    figure: str
    value: float | None
    low: float | None
    high: float | None
    groups: tuple[str, str] | None
    bound: float | None
    verdict: Verdict
    waiver: str | None = None


@dataclass(frozen=True)
class Bias:
    """What was found of groups.

    Attributes:
        rows: how many rows it was found on, and which.
        look: their name.
        groups: JSON-ready: attribute, group, rows, and each rate as value, low and high; null
            where there are too few rows to tell.
        gaps: of each attribute and figure.
        obstacle: why nothing can be told.
    """

    rows: int = 0
    look: str | None = None
    groups: tuple[dict[str, Any], ...] = ()
    gaps: tuple[Gap, ...] = ()
    obstacle: str | None = None

    @property
    def problems(self) -> tuple[Gap, ...]:
        """Gaps beyond their bound that nobody accepts."""
        return tuple(gap for gap in self.gaps if gap.verdict == "above")

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def judged_rows(looks: Sequence[Look]) -> tuple[str, pd.DataFrame] | None:
    """The rows to judge groups on: the latest with outcomes, unseen by the champion if possible.

    Of a table, all rows that the champion did not learn from; looks of days show the same customers
    again and again, so the latest one alone.
    """
    known = [look for look in looks if look.known]
    some = [look for look in known if not look.learned] or known
    if not some:
        return None
    kept = some if some[-1].day is None else some[-1:]
    name = kept[0].name if len(kept) == 1 else f"{kept[0].name} to {kept[-1].name}"
    return name, pd.concat([look.rows for look in kept], ignore_index=True)


def find_bias(
    looks: Sequence[Look], columns: Sequence[str], gate: GateParams, params: BiasParams
) -> Bias:
    """Compares groups of each sensitive attribute, and of each two.

    Args:
        looks: oldest first.
        columns: sensitive attributes.
        gate: smallest group, bound on calibration and waivers: the same as at the gate.
        params: share selected and bounds.
    """
    found = judged_rows(looks)
    if found is None or not columns:
        why = "no sensitive attributes are named in conf" if not columns else "no outcome is known"
        return Bias(obstacle=why)
    name, rows = found
    named = {column: groups_of(rows[column]) for column in columns if column in rows}
    if params.intersections:
        named |= {
            one + BOTH + other: named[one] + BOTH + named[other]
            for one, other in combinations(list(named), 2)
        }
    facts = Outcomes.of(rows, params)
    parts = [_attribute(column, groups, facts, gate, params) for column, groups in named.items()]
    gaps = [gap for _, some in parts for gap in some]
    return Bias(
        rows=len(rows),
        look=name,
        groups=tuple(group for some, _ in parts for group in some),
        gaps=(*gaps, *_calibration(rows, columns, gate)),
    )


def _attribute(
    attribute: str, groups: pd.Series, outcomes: Outcomes, gate: GateParams, params: BiasParams
) -> tuple[list[dict[str, Any]], list[Gap]]:
    found = group_rates(outcomes.label, outcomes.chosen, groups)
    names = [str(name) for name in found.index]
    enough = enough_rows(groups, names, outcomes, gate, params)
    samples = resampled_rates(groups, names, outcomes, params)
    rates = {name: Rate(found[name].to_numpy(), samples[name], enough[name]) for name in RATES}
    listed = [
        {"attribute": attribute, "group": name, "rows": int(found["rows"].iloc[i])}
        | {rate: one.told(i) for rate, one in rates.items()}
        for i, name in enumerate(names)
    ]
    waiver = gate.waivers.get(attribute)
    bounds = {SELECTION: params.max_parity_gap, OPPORTUNITY: params.max_opportunity_gap}
    crossed = 1 if BOTH not in attribute else CROSSED
    level = 1 - (1 - LEVEL) / crossed
    gaps = [_widest(attribute, rate, one, names, level) for rate, one in rates.items()]
    return listed, [_judged(gap, bounds.get(gap.figure), waiver) for gap in gaps]


def _widest(attribute: str, figure: str, rate: Rate, names: Sequence[str], level: float) -> Gap:
    """The gap between the groups with the most and the least, of all that can be told.

    Of many groups some two differ by chance, so the interval is that of all their gaps at once: as
    wide as the range of the groups' deviations is in `level` of the samples.
    """
    places = np.flatnonzero(rate.enough)
    if len(places) < 2:  # noqa: PLR2004 - a gap has two sides
        return Gap(attribute, figure, None, None, None, None, None, "too few to tell")
    values = rate.values[places]
    reach = float(np.nanquantile(np.ptp(rate.samples[:, places] - values, axis=1), level))
    most, least = int(np.argmax(values)), int(np.argmin(values))
    size = float(values[most] - values[least])
    pair = (names[places[most]], names[places[least]])
    return Gap(attribute, figure, size, max(size - reach, 0.0), size + reach, pair, None, "within")


def _judged(gap: Gap, bound: float | None, waiver: Waiver | None) -> Gap:
    told = asdict(gap) | {"bound": bound, "waiver": str(waiver) if waiver else None}
    if gap.value is not None and bound is not None:
        told["verdict"] = verdict_of(gap, bound, waiver)
    return Gap(**told)


def verdict_of(gap: Gap, bound: float, waiver: Waiver | None) -> Verdict:
    """Above where the whole interval is; within where the value is; else it can't be told."""
    if gap.low is not None and gap.low > bound:
        return "waived" if waiver else "above"
    return "within" if (gap.value or 0.0) <= bound else "cannot tell"


def _calibration(rows: pd.DataFrame, columns: Sequence[str], gate: GateParams) -> list[Gap]:
    """The gate's own figure: how differently far off a group's probabilities are."""
    error = (rows[PREDICTION] - rows["label"]).to_numpy(dtype=np.float64)
    found = calibration_gaps(rows, error, entity_codes(rows), columns, gate)
    gaps = []
    for one in found:
        attribute = one.name.removeprefix("group_gap.")
        value, low, high = (one.figure[key] for key in ("value", "low", "high"))
        bound = gate.max_group_gap
        group = one.words.removeprefix(f"calibration gap of {attribute}, ")
        pair = None if value is None else (group.removesuffix(" against the others"), "the others")
        verdict: Verdict = "too few to tell"
        if value is not None:
            passed = check_measured(one).passed
            broken = low is not None and low > bound
            verdict = "above" if not passed else "waived" if broken else "within"
        gaps.append(Gap(attribute, CALIBRATION, value, low, high, pair, bound, verdict, one.waiver))
    return gaps
