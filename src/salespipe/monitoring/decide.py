"""What follows from what was found: ok, watch or retrain, with every reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from salespipe.modelling.gaps import Gap
from salespipe.monitoring.bias import Bias
from salespipe.monitoring.drift import Alarm, Drift
from salespipe.monitoring.feeds import Silence
from salespipe.monitoring.quality import Quality
from salespipe.params_monitor import Level, MonitorParams

LEVELS: tuple[Level, ...] = ("ok", "watch", "retrain")


@dataclass(frozen=True)
class Reason:
    """One thing that asks for something.

    Attributes:
        level: what it asks for.
        kind: drift, outcome, requests, quality, answers, bias or data.
        words: what, how much and since when.
    """

    level: Level
    kind: str
    words: str


@dataclass(frozen=True)
class Decision:
    """What to do, why, and what could not be told."""

    level: Level
    reasons: tuple[Reason, ...] = ()
    untold: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


@dataclass(frozen=True)
class Found:
    """Everything that was found of one champion."""

    drift: Drift = field(default_factory=Drift)
    outcomes: Drift = field(default_factory=Drift)
    quality: Quality = field(default_factory=Quality)
    bias: Bias = field(default_factory=Bias)
    feeds: tuple[Silence, ...] = ()
    asked: Drift = field(default_factory=Drift)
    """Drift of what the services were asked."""
    answers: Quality = field(default_factory=Quality)
    """How good what they answered was, now that outcomes are known."""


def decide(found: Found, params: MonitorParams) -> Decision:
    """The gravest that a reason asks for; with a fault of the data, never to learn it.

    Args:
        found: everything that was found.
        params: from where on movement matters.
    """
    reasons = [
        *(Reason("watch", "data", f"{one.words}; mend the source") for one in found.feeds),
        *drift_reasons(found.drift, params),
        *(Reason("watch", "outcome", _of_drift(one)) for one in found.outcomes.alarms),
        *(Reason("watch", "requests", _of_drift(one)) for one in found.asked.alarms),
        *(Reason("retrain" if one.loss else "watch", "quality", one.words)
          for one in found.quality.findings),
        # apps ask for whom they choose, so a worse ranking among those is no reason to retrain
        *(Reason("watch", "answers", f"of those asked for, {one.words}")
          for one in found.answers.findings),
        *bias_reasons(found.bias),
    ]  # fmt: skip
    told = [*reasons]
    if any(one.kind == "data" for one in reasons):
        told = [_held(one) for one in reasons]
    level: Level = max((one.level for one in told), key=LEVELS.index, default="ok")
    obstacles = {"drift": found.drift.obstacle, "quality": found.quality.obstacle,
                 "bias": found.bias.obstacle}  # fmt: skip
    untold = [f"{name}: {why}" for name, why in obstacles.items() if why]
    return Decision(level, tuple(told), tuple(untold))


def _held(reason: Reason) -> Reason:
    """A retraining would learn the fault: first the data, then the model."""
    if reason.level != "retrain":
        return reason
    return Reason("watch", reason.kind, f"{reason.words}; not to be learned before the data are")


def drift_reasons(drift: Drift, params: MonitorParams) -> list[Reason]:
    """Faults of the data; then what the rest of the movement asks for, all of it together."""
    faults = [one for one in drift.alarms if one.fault]
    shifts = [one for one in drift.alarms if not one.fault]
    mend = "it looks like a fault of the data: mend the source, do not retrain"
    reasons = [Reason("watch", "data", f"{_of_drift(one)}; {mend}") for one in faults]
    if not shifts or not matters(shifts, drift, params):
        return reasons
    level: Level = "retrain" if asks_for_retraining(shifts, drift, params) else "watch"
    return reasons + [Reason(level, "drift", _of_drift(one)) for one in shifts]


def matters(shifts: Sequence[Alarm], drift: Drift, params: MonitorParams) -> bool:
    """Whether enough of what the champion reads has moved, or its scores have."""
    return drift.moved_share >= params.watch_share or largest_change(shifts) >= params.watch_change


def asks_for_retraining(shifts: Sequence[Alarm], drift: Drift, params: MonitorParams) -> bool:
    """Whether much of what the champion reads has moved, and its scores with it."""
    return (
        drift.moved_share >= params.retrain_share
        and largest_change(shifts) >= params.retrain_change
    )


def largest_change(shifts: Sequence[Alarm]) -> float:
    """The largest mean change of the scores that an alarm is behind."""
    return max((abs(one.score_change or 0.0) for one in shifts), default=0.0)


def _of_drift(alarm: Alarm) -> str:
    effect = ""
    if alarm.score_change is not None:
        effect = f"; scores {alarm.score_change:+.3f} on average"
    return (
        f"{alarm.words}; moved by {alarm.distance:.2f} against {alarm.reference}, where "
        f"{alarm.usual:.2f} was the most so far; since {alarm.since}{effect}"
    )


def bias_reasons(bias: Bias) -> list[Reason]:
    """Each attribute's broken bounds, and how many intersections broke theirs."""
    alone = [gap for gap in bias.problems if "&" not in gap.attribute]
    both = [gap for gap in bias.problems if "&" in gap.attribute]
    reasons = [Reason("watch", "bias", _of_gap(gap)) for gap in alone]
    if both and not alone:
        worst = max(both, key=lambda gap: gap.low or 0.0)
        reasons.append(Reason("watch", "bias", _of_gap(worst)))
    return reasons


def _of_gap(gap: Gap) -> str:
    most, least = gap.groups or ("", "")
    return (
        f"{gap.figure.replace('_', ' ')} by {gap.attribute}: {most} above {least} by "
        f"{gap.value:.3f} ({gap.low:.3f} to {gap.high:.3f}), bound {gap.bound:.2f}"
    )
