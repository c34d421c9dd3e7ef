"""The verdict in one sentence, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from salespipe.review.record import Candidate, Step
from salespipe.review.words import GAPS, check_words, joined

Tone = Literal["good", "wait", "bad", "past"]


@dataclass(frozen=True)
class Verdict:
    """What became of a version.

    Attributes:
        tone: colour and sign.
        badge: one or two words.
        sentence: the whole of it.
        after: what a person decided later; None where nobody did.
        asks: whether it waits for a person.
    """

    tone: Tone
    badge: str
    sentence: str
    after: str | None = None
    asks: bool = False


def verdict_of(candidate: Candidate) -> Verdict:
    """The verdict on a version as things stand now."""
    number, now = candidate.number, candidate.line.champion
    tags, gate = candidate.dossier.made.tags, candidate.dossier.gate
    step = last_step(candidate)
    approval = tags.get("approval", "")
    if now == number:
        return Verdict("good", "Champion", _in_office(candidate, step), _by_hand(step))
    if approval == "rejected":
        return Verdict("bad", "Turned down", f"Version {number} was turned down by a person.",
                       _by_hand(step))  # fmt: skip
    if was_champion(candidate):
        successor = _successor(candidate)
        told = f"Version {number} was champion until {successor} took over."
        return Verdict("past", "Former champion", told, _by_hand(step))
    if approval == "pending":
        told = f"Version {number} passed every check and waits for a person’s approval."
        return Verdict("wait", "Waits for approval", told, asks=True)
    if gate["verdict"] == "reject":
        return Verdict("bad", "Turned down", f"Version {number} must not take over: {failed(gate)}")
    return Verdict("wait", "Held", f"Version {number} stays out for now: {held(candidate)}",
                   asks=now == gate["compared_with"])  # fmt: skip


def _in_office(candidate: Candidate, step: Step | None) -> str:
    number, gate = candidate.number, candidate.dossier.gate
    if step is not None and step.action == "approve":
        return f"Version {number} is champion: a person let it in."
    if step is not None and step.action == "rollback":
        return f"Version {number} is champion again: a person went back to it."
    if step is None or step.action in ("moved", "interrupted", "reject"):
        return f"Version {number} is champion: someone set it so in MLflow."
    against = gate["compared_with"]
    if against is None:
        return f"Version {number} is the first champion: it passed every check."
    return (
        f"Version {number} is champion: it passed every check and clearly beats version {against}."
    )


def _by_hand(step: Step | None) -> str | None:
    if step is None or step.by == "auto":
        return None
    return f"{step.action.capitalize()} by {step.by}, {step.at[:10]}: “{step.reason}”"


def last_step(candidate: Candidate) -> Step | None:
    """The last decision that was about this version."""
    steps = [one for one in candidate.line.steps if one.version == candidate.number]
    return steps[-1] if steps else None


def was_champion(candidate: Candidate) -> bool:
    """Whether it ever was in office."""
    steps = [one for one in candidate.line.steps if one.action != "reject"]
    return any(one.version == candidate.number for one in steps)


def _successor(candidate: Candidate) -> str:
    after = [one.version for one in candidate.line.steps
             if one.previous == candidate.number and one.action != "reject"]  # fmt: skip
    now = after[-1] if after and after[-1] is not None else candidate.line.champion
    return "no version" if now is None else f"version {now}"


def failed(gate: Mapping[str, Any]) -> str:
    """What a rejected version failed at, in words."""
    titles = [check_words(one["name"]).title for one in _missed(gate) if
              one["otherwise"] == "reject"]  # fmt: skip
    return f"{joined([f'“{title}”' for title in titles])} is not met." if titles else "see below."


def held(candidate: Candidate) -> str:
    """Why a version is held, in words."""
    names = {one["name"] for one in _missed(candidate.dossier.gate)}
    against = candidate.dossier.gate["compared_with"]
    if names & {"test_rows", "test_outcomes"}:
        return "there is too little to judge it by."
    comparison = candidate.dossier.facts.comparison
    if "champion" in names and comparison is not None and comparison.obstacle:
        return f"it can’t be compared with champion version {against}, so a person has to decide."
    if any(name.partition(".")[0] in GAPS for name in names):
        return "groups of people fare differently, and a person has to accept that."
    if "champion" in names:
        return f"it cannot be told apart from champion version {against}."
    return candidate.dossier.made.tags.get("reason", "the champion changed meanwhile") + "."


def _missed(gate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in gate["checks"] if not one["passed"]]
