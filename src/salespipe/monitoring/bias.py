"""How differently groups of people fare: rates by group with intervals, gaps, and waivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.frame import entity_codes
from salespipe.modelling.gaps import BOTH, Gap, Verdict, rates_and_gaps
from salespipe.modelling.gate import check_measured
from salespipe.modelling.groups import calibration_gaps, groups_of
from salespipe.modelling.rates import Outcomes
from salespipe.monitoring.looks import PREDICTION, Look
from salespipe.params import GateParams, GroupParams

CALIBRATION = "calibration"


@dataclass(frozen=True)
class Bias:
    """What was found of groups.

    Attributes:
        rows: how many rows it was found on, and which.
        look: their name.
        groups: JSON-ready: attribute, group, rows, and each rate as value, low and high; null
            where there are too few rows to tell.
        gaps: of each attribute and figure.
        contact_share: share of best-ranked rows that counts as selected.
        obstacle: why nothing can be told.
    """

    rows: int = 0
    look: str | None = None
    groups: tuple[dict[str, Any], ...] = ()
    gaps: tuple[Gap, ...] = ()
    contact_share: float = GroupParams().contact_share
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


def find_bias(looks: Sequence[Look], columns: Sequence[str], gate: GateParams) -> Bias:
    """Compares groups of each sensitive attribute, and of each two.

    Args:
        looks: oldest first.
        columns: sensitive attributes.
        gate: share selected, smallest group, bounds and waivers: the same as at the gate.
    """
    found = judged_rows(looks)
    if found is None or not columns:
        why = "no sensitive attributes are named in conf" if not columns else "no outcome is known"
        return Bias(obstacle=why)
    name, rows = found
    named = {column: groups_of(rows[column]) for column in columns if column in rows}
    if gate.groups.intersections:
        named |= {
            one + BOTH + other: named[one] + BOTH + named[other]
            for one, other in combinations(list(named), 2)
        }
    score = rows[PREDICTION].to_numpy(dtype=np.float64)
    facts = Outcomes.of(rows, score, gate.groups)
    groups, gaps = rates_and_gaps(named, facts, gate)
    return Bias(
        rows=len(rows),
        look=name,
        groups=tuple(groups),
        gaps=(*gaps, *_calibration(rows, columns, gate)),
        contact_share=gate.groups.contact_share,
    )


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
