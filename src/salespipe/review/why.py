"""Why: what the version is worth, in a few sentences and a few large numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salespipe.review.compare import compared
from salespipe.review.outcomes import outcome_words
from salespipe.review.record import Candidate
from salespipe.review.words import (
    candidate_name,
    check_words,
    count,
    figure_words,
    inside,
    plain,
    sentence,
    tell,
)

TILES = ("roc_auc", "gini", "wape", "gain_at_20pct", "wape_7d", "bias", "ece")
MOST_TILES = 4


@dataclass(frozen=True)
class Tile:
    """A large number with its interval and what stands beside it."""

    name: str
    value: str
    interval: str
    beside: str


def tiles_of(candidate: Candidate) -> tuple[Tile, ...]:
    """The figures to know, the first of them first."""
    metrics = candidate.dossier.metrics
    mine = metrics["candidates"][metrics["chosen"]]
    rule = best_rule(metrics)
    tiles = [_tile(name, mine[name], rule) for name in TILES if mine.get(name)]
    costs = metrics.get("costs")
    if costs is not None:
        tiles.append(_profit(costs))
    return tuple(tiles[:MOST_TILES])


def _tile(name: str, figure: Mapping[str, Any], rule: tuple[str, Mapping[str, Any]] | None) -> Tile:
    beside = ""
    if rule is not None and rule[1].get(name):
        beside = f"{candidate_name(rule[0])}: {tell(name, rule[1][name])}"
    return Tile(figure_words(name).name, tell(name, figure), _interval(name, figure), beside)


def _interval(name: str, figure: Mapping[str, Any]) -> str:
    if figure["low"] is None:
        return ""
    form = figure_words(name).form
    return plain(f"{form.format(figure['low'])} to {form.format(figure['high'])}")


def _profit(costs: Mapping[str, Any]) -> Tile:
    profit, everyone = costs["profit"], costs["profit_contacting_everyone"]
    between = "" if profit["low"] is None else f"{profit['low']:.2f} to {profit['high']:.2f}"
    value = "cannot be told" if profit["value"] is None else f"{profit['value']:.2f}"
    beside = "" if everyone["value"] is None else f"Contacting everyone: {everyone['value']:.2f}"
    return Tile("Profit a customer", *(plain(words) for words in (value, between, beside)))


def best_rule(metrics: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """The simple rule that comes nearest, by the figure told first."""
    from salespipe.champions import best_baseline

    name = best_baseline(metrics["candidates"], metrics["chosen"], metrics["headline"])
    return None if name is None else (name, metrics["candidates"][name])


def why_of(candidate: Candidate) -> tuple[str, ...]:
    """Why the verdict is what it is, in three or four sentences."""
    gate = candidate.dossier.gate
    missed = [one for one in gate["checks"] if not one["passed"]]
    kept = len(gate["checks"]) - len(missed)
    found = [
        f"Missed: “{check_words(one['name']).title}”. {sentence(plain(one['detail']))}"
        for one in missed
    ]
    if not missed:
        waived = sum(", waived by " in one["detail"] for one in gate["checks"])
        accepted = f", {waived} of them because somebody accepts the gap" if waived else ""
        found.append(f"All {count(kept, 'check')} of the gate are met{accepted}.")
    else:
        found.append(f"{kept} of {count(len(gate['checks']), 'check')} are met.")
    found.append(worth(candidate))
    found += [one for one in (beside_rules(candidate),) if one]
    if not any(one["name"] == "champion" for one in missed):
        found.append(compared(candidate))
    return tuple(found)


def beside_rules(candidate: Candidate) -> str:
    """Whether the gain over the nearest simple rule is more than chance, in a sentence."""
    checks = candidate.dossier.gate["checks"]
    check = next((one for one in checks if one["name"] == "baseline" and one["interval"]), None)
    if check is None or not check["passed"]:
        return ""
    better = check["interval"][1] < 0
    told = "is clearly better than" if better else "cannot be told apart from"
    figures = plain(check["detail"].rpartition(":")[0])
    beats = f"By what the gate compares it {told} the nearest simple rule"
    return f"{beats}: {figures}; below 0 is better."


def worth(candidate: Candidate) -> str:
    """How good it is beside the best simple rule, for people who read no figures."""
    metrics, facts = candidate.dossier.metrics, candidate.dossier.facts
    mine, rule = metrics["candidates"][metrics["chosen"]], best_rule(metrics)
    if facts.customers is None:
        told = f"A day’s forecast is off by {tell('wape', mine['wape'])} of what is sold"
        told += f", a week’s by {tell('wape_7d', mine['wape_7d'])}"
        return told + _beside("wape", rule) + "."
    words = outcome_words(facts.customers.outcome, metrics.get("horizon_days"))
    told = f"The top fifth of its list holds {tell('gain_at_20pct', mine['gain_at_20pct'])}"
    return f"{told} of {words.those}{_beside('gain_at_20pct', rule)}; chance finds 20%."


def _beside(name: str, rule: tuple[str, Mapping[str, Any]] | None) -> str:
    if rule is None:
        return ""
    return f" ({inside(candidate_name(rule[0]))}: {tell(name, rule[1][name])})"
