"""The model card: purpose, population, data, limits, groups, owner."""

from __future__ import annotations

from dataclasses import dataclass

from salespipe.review.outcomes import outcome_words
from salespipe.review.record import Candidate
from salespipe.review.words import GAPS, check_words, count, joined, plain, sentence

PAST_ALONE = (
    "It knows the past of this business alone: after a change of prices, range or rules its "
    "figures have to be earned again."
)
FEW = 300
"""Test outcomes below which intervals are told to be wide."""


@dataclass(frozen=True)
class Term:
    """A heading with its paragraphs."""

    name: str
    texts: tuple[str, ...]


def card_of(candidate: Candidate) -> tuple[Term, ...]:
    """The card, heading by heading."""
    card = candidate.dossier.facts.card
    owner = card.owner or (
        f"Nobody is named yet. Put “owner: NAME” into conf/{candidate.business}/globals.yml."
    )
    found = [
        Term("Purpose", (card.purpose or _purpose(candidate),)),
        Term("Owner", (owner,)),
        Term("Whom it speaks of", (population(candidate),)),
        Term("Data", data_words(candidate)),
        Term("Groups", groups_words(candidate)),
        Term("Limits", limits(candidate)),
    ]
    if card.not_for:
        found.insert(2, Term("Not for", card.not_for))
    return tuple(Term(one.name, tuple(sentence(plain(text)) for text in one.texts))
                 for one in found)  # fmt: skip


def _purpose(candidate: Candidate) -> str:
    customers, metrics = candidate.dossier.facts.customers, candidate.dossier.metrics
    if customers is None:
        return "Say how much will be sold."
    return f"Answer: {outcome_words(customers.outcome, metrics.get('horizon_days')).question}"


def population(candidate: Candidate) -> str:
    """Whom the model speaks of."""
    facts, metrics = candidate.dossier.facts, candidate.dossier.metrics
    if facts.series is not None:
        return (
            f"{count(len(facts.columns), 'series', 'series')} of daily {facts.series.ahead.measure}"
        )
    test = metrics["rows"]["test"]
    if metrics.get("horizon_days") is None:
        return f"every row of the business’s table, {count(test['rows'], 'row')} of it in the test"
    active = facts.conf.get("snapshots.active_days")
    who = f"customers with an order in the last {active} days" if active else "all past customers"
    pairs = " with each product group" if facts.customers and _pairs(candidate) else ""
    return f"{who}{pairs}, {test['customers']:,} of them in the test"


def _pairs(candidate: Candidate) -> bool:
    customers = candidate.dossier.facts.customers
    return customers is not None and customers.outcome == "order_group"


def data_words(candidate: Candidate) -> tuple[str, ...]:
    """What was read, kept, learned from and judged on."""
    return (*ingest_words(candidate), *split_words(candidate))


def ingest_words(candidate: Candidate) -> tuple[str, ...]:
    """Rows in, kept and quarantined, of each source table."""
    return tuple(_table_words(name, one)
                 for name, one in (candidate.dossier.facts.ingest or {}).items())  # fmt: skip


def _table_words(name: str, counts: dict[str, object]) -> str:
    told = f"{name.capitalize()}: {counts['rows_in']:,} rows in, {counts['rows_kept']:,} kept"
    reasons = counts.get("reasons")
    if not counts.get("rows_quarantined"):
        return told + "."
    why = [f"{reason} {number:,}" for reason, number in reasons.items()] if isinstance(
        reasons, dict) else []  # fmt: skip
    return f"{told}, {counts['rows_quarantined']:,} set aside ({', '.join(why)})."


def split_words(candidate: Candidate) -> tuple[str, ...]:
    """Which rows were learned from, chosen on and judged on."""
    splits = candidate.dossier.metrics.get("rows", {})
    if candidate.dossier.facts.series is not None:
        test = splits["test"]
        days = f"{test['first_cutoff']} to {test['last_cutoff']}"
        chosen = f"chosen on {count(test['choice_origins'], 'earlier day')}"
        return (f"Judged as of {count(test['origins'], 'past day')}, {days}; {chosen}.",)
    names = (("train", "Learned from"), ("valid", "Chosen on"), ("test", "Judged on"))
    return tuple(_split(words, splits[name]) for name, words in names if name in splits)


def _split(words: str, split: dict[str, object]) -> str:
    told = f"{words} {split['rows']:,} rows of {split['customers']:,} customers"
    if split["first_cutoff"] == split["last_cutoff"]:
        days = f", as of {split['last_cutoff']}" if split["last_cutoff"] else ""
    else:
        days = f", as of days from {split['first_cutoff']} to {split['last_cutoff']}"
    return f"{told}{days}; mean outcome {split['base_rate']:.3g}."


def groups_words(candidate: Candidate) -> tuple[str, ...]:
    """How groups of people fare at the gate."""
    checks = [one for one in candidate.dossier.gate["checks"]
              if one["name"].partition(".")[0] in GAPS]  # fmt: skip
    if candidate.dossier.facts.series is not None:
        return ("A forecast of sums: it tells no people apart.",)
    if not candidate.dossier.facts.sensitive:
        place = f"conf/{candidate.business}/globals.yml"
        return (f"No sensitive attributes are named (“sensitive” in {place}): nothing is known.",)
    told = [f"{check_words(one['name']).title}: {one['detail']}." for one in checks]
    names = joined(list(candidate.dossier.facts.sensitive))
    return (
        f"Looked at by {names}; the model reads none of them unless conf gives a reason.",
        *told,
    )


def limits(candidate: Candidate) -> tuple[str, ...]:
    """What must be known before its figures are used."""
    facts, metrics = candidate.dossier.facts, candidate.dossier.metrics
    found = [PAST_ALONE]
    if facts.series is not None:
        found.append("It knows of no promotion, price change or event that is still to come.")
        return (*found, "Test windows overlap where their step is shorter than the horizon.")
    test = metrics["rows"]["test"]
    rarer = round(min(test["base_rate"], 1 - test["base_rate"]) * test["rows"])
    if facts.customers is not None and facts.customers.outcome != "spend" and rarer < FEW:
        found.append(f"Only {rarer:,} test rows have the rarer outcome: its intervals are wide.")
    if metrics.get("horizon_days") is None:
        found.append(
            "The table says nothing of days, so it is not known how long its figures hold."
        )
    else:
        found.append("It was judged on one later period; another season can be kinder or harsher.")
    found.append("Contributions say what moved a score, not what would happen if it were changed.")
    return tuple(found)
