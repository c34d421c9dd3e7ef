"""Drift, quality and bias at a glance, from what `salespipe monitor` left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from salespipe.review.words import count, figure_words, tell

LEVELS = {"ok": "good", "watch": "wait", "retrain": "bad"}
BROKEN = ("above", "waived")
SHOWN = 3


@dataclass(frozen=True)
class Glance:
    """One side of a champion in use.

    Attributes:
        title: which side.
        tone: good, wait, bad or past where it can't be told.
        told: what was found, in a sentence.
        lines: the strongest findings.
        report: file name of the report.
    """

    title: str
    tone: str
    told: str
    lines: tuple[str, ...]
    report: str


@dataclass(frozen=True)
class Watch:
    """What monitoring found of the champion.

    Attributes:
        version: of the champion that was looked at.
        day: as of when.
        level: ok, watch or retrain.
        tone: of the level.
        sides: drift, quality, bias.
    """

    version: int
    day: str
    level: str
    tone: str
    sides: tuple[Glance, ...]


def watch_of(record: Mapping[str, Any] | None) -> Watch | None:
    """The record of `monitor.json` at a glance; None where there is none.

    Args:
        record: what `monitor.json` holds.
    """
    if record is None:
        return None
    level = record["decision"]["level"]
    reasons = record["decision"]["reasons"]
    return Watch(
        version=record["champion_version"],
        day=seen(record),
        level=level,
        tone=LEVELS[level],
        sides=(
            drift_glance(record["drift"], _of(reasons, "drift", "data", "outcome")),
            quality_glance(record["quality"], _of(reasons, "quality")),
            bias_glance(record["bias"], _of(reasons, "bias")),
        ),
    )


def seen(record: Mapping[str, Any]) -> str:
    """When the champion was looked at, in words."""
    return f"as of {record['as_of']}" if record["as_of"] else "over the whole table"


def _of(reasons: Sequence[Mapping[str, Any]], *kinds: str) -> list[Mapping[str, Any]]:
    return [one for one in reasons if one["kind"] in kinds]


def _tone(reasons: Sequence[Mapping[str, Any]]) -> str:
    worst = max((("ok", "watch", "retrain").index(one["level"]) for one in reasons), default=0)
    return ("good", "wait", "bad")[worst]


def drift_glance(drift: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]]) -> Glance:
    """What moved."""
    if drift["obstacle"]:
        return Glance("Drift", "past", f"Cannot be told: {drift['obstacle']}.", (), "drift.html")
    alarms = drift["alarms"]
    told = "Nothing moved more than it usually does."
    if alarms:
        told = (f"{count(len(alarms), 'column')} moved more than usual: "
                f"{drift['moved_share']:.0%} of what the champion looks at.")  # fmt: skip
    lines = tuple(f"{one['words']} (since {one['since']})" for one in alarms[:SHOWN])
    return Glance("Drift", _tone(reasons), told, lines, "drift.html")


def quality_glance(quality: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]]) -> Glance:
    """What was promised, and what was kept."""
    if quality["obstacle"]:
        told = f"Cannot be told yet: {quality['obstacle']}."
        return Glance("Quality", "past", told, (), "quality.html")
    lines = []
    for look in quality["looks"][-1:]:
        for name, promise in quality["promised"].items():
            if name in ("roc_auc", "gini", "wape", "ece") and name in look["figures"]:
                lines.append(
                    f"{figure_words(name).name}: {tell(name, look['figures'][name])}, "
                    f"promised {tell(name, promise)}"
                )
    told = "It keeps what its test promised." if not reasons else reasons[0]["words"] + "."
    return Glance("Quality", _tone(reasons), told, tuple(lines), "quality.html")


def bias_glance(bias: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]]) -> Glance:
    """Which groups fare differently."""
    if bias["obstacle"]:
        return Glance("Bias", "past", f"Cannot be told: {bias['obstacle']}.", (), "bias.html")
    broken = [one for one in bias["gaps"] if one["verdict"] in BROKEN]
    told = "No gap between groups is beyond its bound."
    if broken:
        told = f"{count(len(broken), 'gap')} between groups beyond the bound."
    lines = tuple(_gap(one) for one in broken[:SHOWN])
    return Glance("Bias", _tone(reasons), told, lines, "bias.html")


def _gap(gap: Mapping[str, Any]) -> str:
    above = f"{gap['groups'][0]} above {gap['groups'][1]} by " if gap["groups"] else ""
    waived = " (waived)" if gap["verdict"] == "waived" else ""
    what = f"{gap['figure'].replace('_', ' ')} by {gap['attribute']}"
    return f"{what}: {above}{gap['value']:.3f}, bound {gap['bound']:.2f}{waived}"
