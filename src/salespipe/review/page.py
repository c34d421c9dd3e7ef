"""Everything one page says, as a typed view; the template only lays it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salespipe.review.card import Term, card_of, population
from salespipe.review.changes import Change, changes_of
from salespipe.review.charts import Chart
from salespipe.review.commands import Command, commands_of
from salespipe.review.compare import Level, Table, compared, levels_of, tables_of
from salespipe.review.explained import Feature as FeatureBar
from salespipe.review.explained import Story, explained, features_of
from salespipe.review.glance import Watch, watch_of
from salespipe.review.outcomes import outcome_words
from salespipe.review.pictures import ahead, curves
from salespipe.review.record import Candidate
from salespipe.review.verdict import Verdict, verdict_of
from salespipe.review.why import Tile, tiles_of, why_of
from salespipe.review.words import (
    candidate_name,
    check_words,
    joined,
    plain,
    sentence,
)

WAIVED = ", waived by "
"""What the gate says of a broken bound that somebody accepts."""


@dataclass(frozen=True)
class CheckView:
    """One check of the gate in words."""

    title: str
    why: str
    result: str
    tone: str
    found: str
    otherwise: str


@dataclass(frozen=True)
class People:
    """Customers, or series, of one kind."""

    title: str
    intro: str
    stories: tuple[Story, ...]


@dataclass(frozen=True)
class Page:
    """What the template of a page lays out, from top to bottom."""

    business: str
    model: str
    number: int
    question: str
    facts: tuple[str, ...]
    verdict: Verdict
    why: tuple[str, ...]
    tiles: tuple[Tile, ...]
    checks: tuple[CheckView, ...]
    compared: str
    tables: tuple[Table, ...]
    levels: tuple[Level, ...]
    charts: tuple[Chart, ...]
    wide: tuple[Chart, ...]
    changes: tuple[Change, ...]
    watch: Watch | None
    features: tuple[FeatureBar, ...]
    patterns: tuple[str, ...]
    people: tuple[People, ...]
    privacy: str
    card: tuple[Term, ...]
    commands: tuple[Command, ...]
    origin: tuple[Term, ...]


def page_of(candidate: Candidate) -> Page:
    """The page of one version."""
    facts = candidate.dossier.facts
    series = facts.series
    people = people_of(candidate)
    return Page(
        business=candidate.business,
        model=candidate.line.model,
        number=candidate.number,
        question=question_of(candidate),
        facts=headline(candidate),
        verdict=verdict_of(candidate),
        why=why_of(candidate),
        tiles=tiles_of(candidate),
        checks=tuple(check_view(one) for one in candidate.dossier.gate["checks"]),
        compared=compared(candidate),
        tables=tables_of(candidate),
        levels=levels_of(candidate),
        charts=charts_of(candidate),
        wide=() if series is None else ahead(series.ahead),
        changes=changes_of(candidate),
        watch=watch_of(candidate.line.monitor),
        features=features_of(facts.customers, question_words(candidate)),
        patterns=() if series is None else tuple(plain(one) for one in series.patterns),
        people=people,
        privacy=privacy(candidate, people),
        card=card_of(candidate),
        commands=commands_of(candidate),
        origin=origin_of(candidate),
    )


def question_words(candidate: Candidate) -> Any:
    """What the model's outcome is in words; None for a forecast."""
    customers = candidate.dossier.facts.customers
    if customers is None:
        return None
    return outcome_words(customers.outcome, candidate.dossier.metrics.get("horizon_days"))


def question_of(candidate: Candidate) -> str:
    """What the model asks."""
    words = question_words(candidate)
    if words is not None:
        return str(words.question)
    days = candidate.dossier.facts.conf.get("horizon_days")
    return f"How much will be sold in the next {days} days?"


def headline(candidate: Candidate) -> tuple[str, ...]:
    """The line under the title."""
    metrics, made = candidate.dossier.metrics, candidate.dossier.made
    told = [candidate_name(metrics["chosen"]), population(candidate)]
    if metrics.get("as_of"):
        told.append(f"judged as of {metrics['as_of']}")
    told.append(f"registered {made.made[:10]}")
    return tuple(told)


def check_view(check: Mapping[str, Any]) -> CheckView:
    """A check of `gate.json` in words."""
    words = check_words(check["name"])
    after = {"reject": "a version that misses it is turned down",
             "hold": "a version that misses it is held for a person"}  # fmt: skip
    found = f"{sentence(plain(check['detail']))}{_bound(check)}"
    return CheckView(words.title, words.why, *_result(check), found, after[check["otherwise"]])


def _result(check: Mapping[str, Any]) -> tuple[str, str]:
    """What came of a check, and its tone."""
    if not check["passed"]:
        return "missed", "bad"
    return ("waived", "wait") if WAIVED in check["detail"] else ("met", "good")


def _bound(check: Mapping[str, Any]) -> str:
    """The bound and the interval, where the gate's own words do not say them."""
    if check["name"].startswith("test_"):
        return f" At least {check['bound']:,} are needed."
    compares = check["name"] in ("baseline", "champion") and check["value"] is not None
    if compares:
        return " Below 0 is better."
    between = check["interval"]
    return f" 95% sure: {between[0]:.3f}–{between[1]:.3f}." if between else ""


def charts_of(candidate: Candidate) -> tuple[Chart, ...]:
    """The curves of a customer model."""
    customers = candidate.dossier.facts.customers
    if customers is None:
        return ()
    words = question_words(candidate)
    return curves(customers, candidate.dossier.metrics.get("costs", {}), words.those)


def people_of(candidate: Candidate) -> tuple[People, ...]:
    """Five typical and five odd ones, explained."""
    facts = candidate.dossier.facts
    found = facts.customers or facts.series
    assert found is not None  # noqa: S101 - every model is of one kind
    words = question_words(candidate)
    what = "series" if facts.series is not None else "customers"
    usual = ("One near the middle of each fifth of the list." if words is not None else
             "Those whose error is nearest to the middle one.")  # fmt: skip
    strange = ("Those least like all others, each by something else." if words is not None else
               "Those that the forecast misses most.")  # fmt: skip
    amount = facts.customers is not None and facts.customers.outcome == "spend"
    return (
        People(f"Typical {what}", usual,
               tuple(explained(one, words, amount) for one in found.typical)),
        People(f"Odd {what}", strange, tuple(explained(one, words, amount) for one in found.odd)),
    )  # fmt: skip


def privacy(candidate: Candidate, people: tuple[People, ...]) -> str:
    """What of single people the page shows."""
    if candidate.dossier.facts.series is not None:
        return "This page shows sums of sales by day and by product, and no single customer."
    shown, prefix = sum(len(one.stories) for one in people), "sensitive.as_features."
    read = [key.removeprefix(prefix) for key in candidate.dossier.facts.conf
            if key.startswith(prefix)]  # fmt: skip
    kept = f", but for {joined(read)}, which conf made features" if read else ""
    return (
        f"This page shows {shown} customers by the id that the business gave them (e-mail "
        "addresses are shortened), with the values "
        f"of their strongest features, and no names or sensitive attributes{kept}. It lies in "
        "the business’s own reporting folder and MLflow, and calls nothing on the network. Whoever "
        "gets the file sees them: pass it on with the same care as the list of customers."
    )


def origin_of(candidate: Candidate) -> tuple[Term, ...]:
    """Where the version comes from, for those who want to trace it."""
    made = candidate.dossier.made
    tags, registered = made.tags, f"{candidate.business}-{candidate.line.model}"
    return (
        Term("MLflow run", (made.run_id,)),
        Term("Registered model", (f"{registered}, version {made.number}",)),
        Term("Code", (tags.get("git_commit", "unknown"),)),
        Term("Rows (MD5)", (tags.get("data_hash", "unknown"),)),
    )  # fmt: skip
