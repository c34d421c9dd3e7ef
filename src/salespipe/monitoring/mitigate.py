"""What could be done about a gap between groups, and what it would cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Floats
from salespipe.modelling.gaps import BOTH, Gap
from salespipe.modelling.groups import groups_of
from salespipe.modelling.rates import selected
from salespipe.monitoring.looks import PREDICTION
from salespipe.params import GroupParams


def selected_by_group(score: Floats, groups: pd.Series, share: float) -> np.ndarray:
    """Whether each row is among the best-ranked share of its own group."""
    rank = pd.Series(-score).groupby(groups.to_numpy()).rank(method="first")
    size = groups.map(groups.value_counts()).to_numpy(dtype=np.float64)
    return np.asarray(rank.to_numpy() <= np.round(share * size))


def mitigations(
    rows: pd.DataFrame, gap: Gap, champion: Any, params: GroupParams
) -> list[dict[str, Any]]:
    """What could be done about a gap of the selection rate, and what it costs in precision.

    `group thresholds` takes the same share of every group. `without <feature>` scores again with
    the attribute itself, where it is a feature, or the feature that tells the two groups apart
    most, spread by chance: what leaving it out would do, before a retraining makes use of the
    others.

    Args:
        rows: with outcomes.
        gap: the gap, of one attribute or two.
        champion: the model in office.
        params: share selected.
    """
    groups = _named(rows, gap.attribute)
    score, label = rows[PREDICTION].to_numpy(), rows["label"].to_numpy() > 0
    plain = selected(score, params.contact_share)
    options = {"as it is": plain}
    options["group thresholds"] = selected_by_group(score, groups, params.contact_share)
    for name in dropped(rows, groups, gap, champion):
        mixed = rows[name].sample(frac=1, random_state=params.seed).to_numpy()
        again = np.asarray(champion.predict(rows.assign(**{name: mixed})))
        options[f"without {name}"] = selected(again, params.contact_share)
    return [
        {"option": option, "gap": _rate_gap(chosen, groups, gap.groups),
         "precision": float(label[chosen].mean()),
         "price": float(label[plain].mean() - label[chosen].mean())}
        for option, chosen in options.items()
    ]  # fmt: skip


def _named(rows: pd.DataFrame, attribute: str) -> pd.Series:
    parts = [groups_of(rows[column]) for column in attribute.split(BOTH)]
    return parts[0] if len(parts) == 1 else parts[0] + BOTH + parts[1]


def _rate_gap(chosen: np.ndarray, groups: pd.Series, pair: tuple[str, str] | None) -> float:
    most, least = pair or ("", "")
    inside = groups.to_numpy()
    return float(chosen[inside == most].mean() - chosen[inside == least].mean())


def dropped(rows: pd.DataFrame, groups: pd.Series, gap: Gap, champion: Any) -> list[str]:
    """Features to try without: the attributes themselves where they are some, and the proxy."""
    own = [name for name in gap.attribute.split(BOTH) if name in champion.schema.names]
    proxy = proxy_of(rows, groups, gap.groups, champion) if gap.groups else None
    return list(dict.fromkeys([*own, *([proxy] if proxy else [])]))


def proxy_of(
    rows: pd.DataFrame, groups: pd.Series, pair: tuple[str, str], champion: Any
) -> str | None:
    """The feature whose mean contribution differs most between two groups."""
    parts = champion.contributions(rows)
    names = groups.to_numpy()
    apart: Mapping[str, float] = (
        parts[names == pair[0]].mean() - parts[names == pair[1]].mean()
    ).abs()
    return max(apart.keys(), key=lambda name: apart[name], default=None)
