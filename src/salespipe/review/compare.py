"""Champion beside challenger and the simple rules: figures with their intervals, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from salespipe.review.record import Candidate
from salespipe.review.words import ORDER, candidate_name, figure_words, plain, tell

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Bar:
    """One model's figure: its text, and where its interval lies, in percent of the strip."""

    who: str
    tone: str
    text: str
    left: float
    width: float
    at: float


@dataclass(frozen=True)
class Table:
    """One figure of everyone."""

    title: str
    meaning: str
    better: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Level:
    """One level of a forecast: who forecasts it, how far it is off, how much intervals hold."""

    name: str
    series: int
    chosen: str
    error: str
    best_rule: str
    champion: str
    coverage: tuple[str, ...]
    reason: str


def tables_of(candidate: Candidate) -> tuple[Table, ...]:
    """A table a figure: this version, the champion, and everyone else on the same rows."""
    everyone = people(candidate)
    mine = everyone[0][2]
    return tuple(table(name, everyone) for name in ORDER if name in mine)


def people(candidate: Candidate) -> list[tuple[str, str, Figures]]:
    """Name, tone and figures: this version first, then the champion, then the others."""
    metrics, facts = candidate.dossier.metrics, candidate.dossier.facts
    chosen = metrics["chosen"]
    found = [(f"Version {candidate.number} ({candidate_name(chosen)})", "model",
              _figures(metrics["candidates"][chosen]))]  # fmt: skip
    if facts.comparison is not None and facts.comparison.figures:
        old = {name: one.model_dump() for name, one in facts.comparison.figures.items()}
        found.append((f"Champion, version {facts.comparison.version}", "champion", old))
    for name, figures in metrics["candidates"].items():
        if name != chosen:
            rule = figures["role"] == "baseline"
            words = candidate_name(name) + ("" if rule else ", not chosen")
            found.append((words, "rule" if rule else "other", _figures(figures)))
    return found


def _figures(figures: Figures) -> Figures:
    return {name: one for name, one in figures.items() if isinstance(one, Mapping)}


def table(name: str, everyone: Iterable[tuple[str, str, Figures]]) -> Table:
    """One figure of everyone who has it, on one scale."""
    words = figure_words(name)
    rows = [(who, tone, one[name]) for who, tone, one in everyone if one.get(name)]
    known = [row for row in rows if row[2]["value"] is not None]
    low, high = _span([row[2] for row in known])
    bars = tuple(
        Bar(who, tone, tell(name, figure, interval=True), *_place(figure, low, high))
        for who, tone, figure in known
    )
    return Table(words.name, words.meaning, words.better, bars)


def _span(figures: Iterable[Figures]) -> tuple[float, float]:
    """The scale of a strip, with a little room at both ends."""
    ends = [value for one in figures for value in one.values() if value is not None] or [0.0]
    air = max(0.06 * (max(ends) - min(ends)), 1e-9)
    return min(ends) - air, max(ends) + air


def _place(figure: Figures, low: float, high: float) -> tuple[float, float, float]:
    def at(value: float | None) -> float:
        known = figure["value"] if value is None else value
        return round(100 * (float(known) - low) / (high - low), 2)

    left, right = at(figure["low"]), at(figure["high"])
    return left, round(right - left, 2), at(None)


def compared(candidate: Candidate) -> str:
    """What the comparison with the champion comes to, in a sentence or two."""
    comparison, gate = candidate.dossier.facts.comparison, candidate.dossier.gate
    check = next((one for one in gate["checks"] if one["name"] == "champion"), None)
    if comparison is None or check is None:
        return "There was no champion yet: the simple rules are what it is measured against."
    who = f"champion version {comparison.version}"
    if comparison.obstacle:
        return f"It can’t be compared with {who}: {comparison.obstacle}."
    verdict = "is clearly better" if check["passed"] else "cannot be told apart"
    if not check["passed"] and check["otherwise"] == "reject":
        verdict = "is clearly worse"
    told = [
        f"{figure_words(name).name} {_signed(name, one.model_dump())}"
        for name, one in comparison.differences.items()
    ]
    known = f" Differences on the same rows: {'; '.join(told)}." if told else ""
    preposition = "from" if "apart" in verdict else "than"
    return f"On the same test rows it {verdict} {preposition} {who}.{known}"


def _signed(name: str, figure: Figures) -> str:
    form = figure_words(name).form.replace("{:", "{:+").replace("++", "+")
    if figure["value"] is None:
        return "cannot be told"
    if figure["low"] is None:
        return plain(form.format(figure["value"]))
    low, high = (form.format(figure[key]) for key in ("low", "high"))
    return plain(f"{form.format(figure['value'])} ({low} to {high})")


def levels_of(candidate: Candidate) -> tuple[Level, ...]:
    """The levels of a forecast; empty for other models."""
    series, metrics = candidate.dossier.facts.series, candidate.dossier.metrics
    if series is None:
        return ()
    levels = metrics["measures"][series.ahead.measure]["levels"]
    return tuple(
        _level(name, one, series.champion_levels.get(name, {})) for name, one in levels.items()
    )


def _level(name: str, facts: Figures, champion: Mapping[str, Any]) -> Level:
    rules = {n: one["wape"] for n, one in facts["candidates"].items() if one["role"] == "baseline"
             and n != facts["chosen"] and one["wape"]["value"] is not None}  # fmt: skip
    best = min(rules, key=lambda n: rules[n]["value"], default=None)
    coverage = [
        f"{share.removeprefix('at_')}%: {one['value']:.1%}"
        for share, one in facts["coverage"].items()
        if one["value"] is not None
    ]
    return Level(
        name=name,
        series=facts["series"],
        chosen=candidate_name(facts["chosen"]),
        error=tell("wape", facts["forecast"]["wape"], interval=True),
        best_rule="none"
        if best is None
        else f"{candidate_name(best)}, {tell('wape', rules[best])}",
        champion=tell("wape", champion["wape"]) if "wape" in champion else "",
        coverage=tuple(coverage),
        reason=plain(facts["reason"]),
    )
