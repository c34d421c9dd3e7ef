"""Features with their direction, and single customers or series in words."""

from __future__ import annotations

from dataclasses import dataclass

from salespipe.review.gather.facts import CustomerFacts, Person, SeriesStory, Strong
from salespipe.review.outcomes import Outcome
from salespipe.review.words import plain

SMALL = 0.05
"""Of a score's scale: below it the rest of the contributions changes next to nothing."""
WAYS = {"up": "the higher, the likelier to {}", "down": "the higher, the less likely to {}",
        "mixed": "both ways, it depends on the rest"}  # fmt: skip


@dataclass(frozen=True)
class Feature:
    """A strong feature: how much of all movement is its, in percent, and which way it points."""

    name: str
    words: str
    share: str
    width: float
    way: str
    sign: str


@dataclass(frozen=True)
class Push:
    """One contribution: of what, its value, which way and how far, in percent of the longest."""

    words: str
    value: str
    way: str
    width: float


@dataclass(frozen=True)
class Story:
    """One customer or series in words."""

    title: str
    chosen: str
    said: str
    came: str
    pushes: tuple[Push, ...] = ()
    rest: str = ""
    remarks: tuple[str, ...] = ()


def features_of(facts: CustomerFacts | None, words: Outcome | None) -> tuple[Feature, ...]:
    """The strongest features, the longest bar first."""
    if facts is None or words is None or not facts.strongest:
        return ()
    longest = facts.strongest[0].share
    return tuple(_feature(one, longest, words.likely) for one in facts.strongest)


def _feature(one: Strong, longest: float, likely: str) -> Feature:
    way = one.detail if one.way == "levels" else WAYS[one.way].format(likely)
    way = way.replace("the likelier to spend more", "the more is spent")
    way = way.replace("the less likely to spend more", "the less is spent")
    signs = {"up": "↑", "down": "↓", "mixed": "↕", "levels": "≡"}
    return Feature(one.name, one.words, f"{one.share:.0%}", round(100 * one.share / longest, 1),
                   way, signs[one.way])  # fmt: skip


def explained(one: Person | SeriesStory, words: Outcome | None, amount: bool) -> Story:
    """A person or a series as a story."""
    if isinstance(one, SeriesStory):
        return _series(one)
    assert words is not None  # noqa: S101 - people have outcomes
    longest = max((abs(reason.moves) for reason in one.reasons), default=1.0)
    title = f"Customer {one.id}" + (f" and {one.group}" if one.group else "")
    came = words.happened if one.outcome > 0 else words.instead
    return Story(
        title=title,
        chosen=one.chosen,
        said=f"{one.predicted:,.2f} expected" if amount else f"{_chance(one.predicted)} likely to "
        f"{words.likely}",
        came=f"spent {one.outcome:,.2f}" if amount else came,
        pushes=tuple(
            Push(reason.words, reason.value, "raises" if reason.moves > 0 else "lowers",
                 round(100 * abs(reason.moves) / longest, 1))
            for reason in one.reasons
        ),
        rest=_rest(one, longest),
    )  # fmt: skip


def _chance(value: float) -> str:
    return f"{value:.1%}" if value < 0.1 or value > 0.9 else f"{value:.0%}"  # noqa: PLR2004


def _rest(one: Person, longest: float) -> str:
    if one.others <= 0:
        return ""
    far = abs(one.rest) / longest
    size = "hardly change it" if far < SMALL else f"{'raise' if one.rest > 0 else 'lower'} it "
    much = "" if far < SMALL else "a little" if far < 0.5 else "more than a little"  # noqa: PLR2004
    return f"The other {one.others} together {size}{much}."


def _series(one: SeriesStory) -> Story:
    name = "the total" if one.level == "total" else f"{one.level} {one.key}"
    off = one.told / one.sold - 1 if one.sold else 0.0
    return Story(
        title=name[0].upper() + name[1:],
        chosen="",
        said=plain(f"{one.told:,.0f} forecast over the test windows, {off:+.1%}"),
        came=f"{one.sold:,.0f} sold; a day is off by {one.error:.0%}",
        remarks=one.remarks,
    )
