"""How to approve, reject and roll back: the commands themselves, with the version in them."""

from __future__ import annotations

from dataclasses import dataclass

from salespipe.review.record import Candidate
from salespipe.review.verdict import verdict_of


@dataclass(frozen=True)
class Command:
    """Something a person can do.

    Attributes:
        title: what.
        when: what it does, or why it can't be done now.
        lines: what to type; none where it can't be done.
    """

    title: str
    when: str
    lines: tuple[str, ...] = ()


def commands_of(candidate: Candidate) -> tuple[Command, ...]:
    """What can be done about a version as things stand, and what can't and why."""
    return (approve(candidate), reject(candidate), rollback(candidate), more(candidate))


def _line(candidate: Candidate, action: str, option: str) -> str:
    env = candidate.business
    return (
        f".venv/bin/salespipe {action} {candidate.line.model} --env {env}{option} \\\n"
        '    --by "YOUR NAME" --reason "WHY"'
    )


def approve(candidate: Candidate) -> Command:
    """Let the version in."""
    number, gate, now = candidate.number, candidate.dossier.gate, candidate.line.champion
    if now == number:
        return Command("Approve", f"Nothing to approve: version {number} is champion.")
    verdict = candidate.dossier.made.tags.get("verdict", gate["verdict"])
    if verdict == "reject":
        return Command(
            "Approve", "A version that was turned down can’t be approved: train another."
        )
    if gate["compared_with"] != now:
        return Command(
            "Approve",
            "The champion is not the one this version was compared with: run the loop again first.",
        )
    return Command("Approve", f"Makes version {number} champion.",
                   (_line(candidate, "approve", f" --version {number}"),))  # fmt: skip


def reject(candidate: Candidate) -> Command:
    """Turn the version down."""
    number = candidate.number
    if candidate.line.champion == number:
        return Command("Reject", "A champion can’t be rejected; roll back instead.")
    if not verdict_of(candidate).asks:
        return Command("Reject", f"Nothing waits for it: version {number} is not in the running.")
    return Command("Reject", f"Turns version {number} down for good; the champion stays.",
                   (_line(candidate, "reject", f" --version {number}"),))  # fmt: skip


def rollback(candidate: Candidate) -> Command:
    """Go back to an earlier champion."""
    now, number = candidate.line.champion, candidate.number
    if now is None:
        return Command("Roll back", "There is no champion to roll back.")
    served = [one.version for one in candidate.line.steps if one.action != "reject"]
    before = [one.previous for one in candidate.line.steps if one.version == now]
    if number != now and number in served:
        return Command("Roll back", f"Puts version {number} back in office.",
                       (_line(candidate, "rollback", f" --to {number}"),))  # fmt: skip
    if not before or before[-1] is None:
        return Command("Roll back", f"Nothing to go back to: version {now} is the first champion.")
    return Command("Roll back", f"Takes version {now} out and puts version {before[-1]} back in.",
                   (_line(candidate, "rollback", f" --to {before[-1]}"),))  # fmt: skip


def more(candidate: Candidate) -> Command:
    """Where to see who decided what, and how to bring this page up to date."""
    env = candidate.business
    return Command("Look closer", "Every decision so far; and drift, quality and bias as of now.", (
        f".venv/bin/salespipe champions --env {env} --history",
        f".venv/bin/salespipe monitor --env {env}",
    ))  # fmt: skip
