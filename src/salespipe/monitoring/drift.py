"""Which columns moved more than this business's columns do, how much, since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from salespipe.modelling.frame import Floats, Integers
from salespipe.monitoring.looks import PREDICTION, Look
from salespipe.monitoring.movement import History, movement_of
from salespipe.monitoring.profiles import Profile
from salespipe.monitoring.told import in_words, is_fault, since
from salespipe.params_monitor import DriftParams

FLOOR = {"shape": 0.05, "absent": 0.0}
"""Records below count as this much: a column that hardly ever moved is no measure of itself."""
MOST_WEIGHT = 1.5


@dataclass(frozen=True)
class Alarm:
    """One column that moved more than is normal.

    Attributes:
        column: the feature, or `prediction`.
        kind: `shape`, or `absent` for missing and unknown values.
        distance: how far it moved.
        usual: how far it moves as a rule over as long a time.
        limit: from where on it is an alarm.
        reference: the earlier look it is compared with.
        since: the first look of the movement.
        words: what moved, in words.
        fault: whether it looks like a fault of the data, which a retraining would learn.
        share: of the champion's importance.
        score_change: mean change of the scores by this column's movement; None where unknown.
    """

    column: str
    kind: str
    distance: float
    usual: float
    limit: float
    reference: str
    since: str
    words: str
    fault: bool
    share: float
    score_change: float | None = None


@dataclass(frozen=True)
class Drift:
    """What moved, and what was looked at.

    Attributes:
        alarms: the strongest first.
        columns: JSON-ready figures of every column at the lag that it moved most at.
        reference: name of the look that reports show beside now.
        obstacle: why nothing can be told, in words.
    """

    alarms: tuple[Alarm, ...] = ()
    columns: tuple[dict[str, Any], ...] = ()
    reference: str | None = None
    obstacle: str | None = None

    @property
    def moved_share(self) -> float:
        """Share of the champion's importance that moved and is no fault of the data."""
        shares = {one.column: one.share for one in self.alarms if not one.fault}
        return float(sum(shares.values()))

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"moved_share": self.moved_share}


def find_drift(
    looks: Sequence[Look],
    profiles: Sequence[Profile],
    importance: Mapping[str, float],
    params: DriftParams,
) -> Drift:
    """Compares the last look with earlier ones, as earlier ones were with theirs.

    Args:
        looks: oldest first.
        profiles: of the champion's features and its predictions over these looks.
        importance: share of each feature in the champion's mean absolute contribution.
        params: see there.
    """
    if obstacle := obstacle_to_tell(looks, params):
        return Drift(obstacle=obstacle)
    kept = usable(looks, params)
    cut = tuple(_only(one, kept) for one in profiles)
    seen = [looks[i] for i in kept]
    lags = lags_of(seen, params)
    history = history_of(cut, importance, params, checks=2 * len(lags))
    rows = [
        found
        for kind in ("shape", "absent")
        for lag in lags
        for found in _told(history, kind, lag, seen)
    ]
    columns = _strongest(rows)
    alarms = [_alarm(row, cut, seen, importance) for row in columns if row["alarm"]]
    return Drift(
        alarms=tuple(sorted(alarms, key=lambda one: -one.distance / max(one.limit, 1e-12))),
        columns=tuple(columns),
        reference=seen[-1 - lags[-1]].name,
    )


def obstacle_to_tell(looks: Sequence[Look], params: DriftParams) -> str | None:
    """Why movement can't be judged, in words; None if it can."""
    if not looks or len(looks[-1].rows) < params.min_rows:
        rows = len(looks[-1].rows) if looks else 0
        return f"too few to tell: {rows:,} rows now, {params.min_rows:,} are needed"
    pairs = len(usable(looks, params)) - 2
    if pairs < params.min_pairs:
        return (
            f"too little history to know what is normal: {max(pairs, 0)} earlier movements, "
            f"{params.min_pairs} are needed"
        )
    return None


def usable(looks: Sequence[Look], params: DriftParams) -> list[int]:
    """Positions of the looks with enough rows."""
    return [i for i, look in enumerate(looks) if len(look.rows) >= params.min_rows]


def _only(profile: Profile, kept: Sequence[int]) -> Profile:
    places: Integers = np.asarray(kept, dtype=np.int64)
    return Profile(
        profile.name, profile.shares[places], profile.absent[places], profile.middle[places],
        profile.labels, profile.rows[places],
    )  # fmt: skip


def weights_of(
    names: Sequence[str], importance: Mapping[str, float], params: DriftParams
) -> Floats:
    """Factor of each column's movement: the root of its importance over the average column's."""
    known = np.array([importance.get(name, 0.0) for name in names]) * max(len(importance), 1)
    weights = np.clip(np.sqrt(known), max(params.min_weight, 0.01), MOST_WEIGHT)
    return np.where(np.array(names) == PREDICTION, 1.0, weights)


def lags_of(looks: Sequence[Look], params: DriftParams) -> tuple[int, ...]:
    """One look back, and back to what the champion learned from last, as far as can be judged."""
    learned = [i for i, look in enumerate(looks) if look.learned]
    back = len(looks) - 1 - learned[-1] if learned else 1
    most = min(params.max_lag, (len(looks) - params.min_pairs) // 2)
    return tuple(sorted({1, max(min(back, most), 1)}))


def history_of(
    profiles: tuple[Profile, ...],
    importance: Mapping[str, float],
    params: DriftParams,
    checks: int,
) -> History:
    """What movement is computed from; `alpha` is shared among so many checks."""
    weights = weights_of([one.name for one in profiles], importance, params)
    least = {"shape": params.min_distance, "absent": params.min_nulls}
    return History(profiles, weights, least, FLOOR, params.alpha / checks)


def _told(history: History, kind: str, lag: int, looks: Sequence[Look]) -> list[dict[str, Any]]:
    """JSON-ready figures of one kind of movement over one lag."""
    movement = movement_of(history, kind, lag)
    limits = np.maximum(movement.limits, history.least[kind])
    return [
        {
            "column": one.name,
            "kind": kind,
            "lag": lag,
            "reference": looks[-1 - lag].name,
            "distance": float(movement.distance[i]),
            "usual": float(movement.usual[i]),
            "limit": float(limits[i]),
            "alarm": bool(movement.distance[i] > limits[i]),
        }
        for i, one in enumerate(history.profiles)
    ]


def _strongest(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each column the movement that comes closest to its limit, or lies furthest beyond."""
    best: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda one: -one["distance"] / one["limit"]):
        best.setdefault(row["column"], row)
    return list(best.values())


def _alarm(
    row: Mapping[str, Any],
    profiles: Sequence[Profile],
    looks: Sequence[Look],
    importance: Mapping[str, float],
) -> Alarm:
    profile = next(one for one in profiles if one.name == row["column"])
    told = ("column", "kind", "distance", "usual", "limit", "reference")
    return Alarm(
        **{name: row[name] for name in told},
        since=since(profile, row, looks),
        words=in_words(profile, row),
        fault=is_fault(profile, row),
        share=float(importance.get(profile.name, 0.0)),
    )
