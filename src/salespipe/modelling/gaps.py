"""The widest gaps between groups of people: who is selected, and who of those that should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from salespipe.modelling.bootstrap import LEVEL
from salespipe.modelling.decision import Measured
from salespipe.modelling.frame import Floats
from salespipe.modelling.groups import groups_of
from salespipe.modelling.rates import (
    OPPORTUNITY,
    RATES,
    SELECTION,
    Outcomes,
    Rate,
    enough_rows,
    group_rates,
    inside_of,
    resampled_rates,
)
from salespipe.params import GateParams, Waiver

Verdict = Literal["within", "cannot tell", "above", "waived", "too few to tell"]
BOTH = " & "
CROSSED = 10
"""By how much less often a gap of crossed attributes may be found by chance: there are many."""
CHECKED = {SELECTION: "parity_gap", OPPORTUNITY: "opportunity_gap"}
"""Rates that the gate has a check of."""


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


def unequal_treatment(
    rows: pd.DataFrame, score: Floats, columns: Sequence[str], gate: GateParams
) -> tuple[Measured, ...]:
    """What the gate is told of each sensitive attribute's gaps, the same figures as monitoring's.

    Groups whose outcomes differ are selected unequally by any model that is right, so a gap beyond
    its bound is a person's to decide: it holds a model, and does not reject it.

    Args:
        rows: n rows with outcomes and the attributes.
        score: n probabilities, or amounts.
        columns: sensitive attributes.
        gate: bounds, smallest group and waivers.
    """
    named = {column: groups_of(rows[column]) for column in columns if column in rows}
    _, gaps = rates_and_gaps(named, Outcomes.of(rows, score, gate.groups), gate)
    return tuple(_measured(gap) for gap in gaps if gap.figure in CHECKED)


def _measured(gap: Gap) -> Measured:
    between = f", {gap.groups[0]} against {gap.groups[1]}" if gap.groups else ""
    return Measured(
        name=f"{CHECKED[gap.figure]}.{gap.attribute}",
        figure={"value": gap.value, "low": gap.low, "high": gap.high},
        words=f"gap of the {gap.figure.replace('_', ' ')} of {gap.attribute}{between}",
        at_most=gap.bound,
        waiver=gap.waiver,
        otherwise="hold",
    )


def rates_and_gaps(
    named: Mapping[str, pd.Series], outcomes: Outcomes, gate: GateParams
) -> tuple[list[dict[str, Any]], list[Gap]]:
    """Rates of each attribute's groups, and the widest gap of each rate.

    Args:
        named: attribute, two names for an intersection, to the groups of n rows.
        outcomes: of the n rows.
        gate: bounds, smallest group and waivers.

    Returns:
        JSON-ready groups, and a gap of each of `RATES` of each attribute.
    """
    if not named:
        return [], []
    found = {name: group_rates(outcomes.label, outcomes.chosen, groups)
             for name, groups in named.items()}  # fmt: skip
    inside = np.hstack([inside_of(named[name], list(one.index)) for name, one in found.items()])
    enough = enough_rows(inside, outcomes, gate)
    samples = resampled_rates(inside, outcomes, gate.groups)
    ends = np.cumsum([len(one) for one in found.values()])
    listed: list[dict[str, Any]] = []
    gaps: list[Gap] = []
    for (attribute, one), end in zip(found.items(), ends, strict=True):
        own = slice(end - len(one), end)
        rates = {rate: Rate(one[rate].to_numpy(), samples[rate][:, own], enough[rate][own])
                 for rate in RATES}  # fmt: skip
        listed += _listed(attribute, one, rates)
        gaps += _attribute_gaps(attribute, list(one.index), rates, gate)
    return listed, gaps


def _listed(attribute: str, found: pd.DataFrame, rates: Mapping[str, Rate]) -> list[dict[str, Any]]:
    return [
        {"attribute": attribute, "group": str(name), "rows": int(found["rows"].iloc[i])}
        | {rate: one.told(i) for rate, one in rates.items()}
        for i, name in enumerate(found.index)
    ]


def _attribute_gaps(
    attribute: str, names: Sequence[str], rates: Mapping[str, Rate], gate: GateParams
) -> list[Gap]:
    bounds = {SELECTION: gate.groups.max_parity_gap, OPPORTUNITY: gate.groups.max_opportunity_gap}
    crossed = 1 if BOTH not in attribute else CROSSED
    level = 1 - (1 - LEVEL) / crossed
    gaps = [_widest(attribute, rate, one, names, level) for rate, one in rates.items()]
    return [_judged(gap, bounds.get(gap.figure), gate.waivers.get(attribute)) for gap in gaps]


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
