"""What a label means in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What a label means in words.

    Attributes:
        question: what the model asks.
        likely: `the higher, the likelier to …`.
        happened: of a customer with label 1.
        instead: of one with label 0.
        those: the customers with label 1.
    """

    question: str
    likely: str
    happened: str
    instead: str
    those: str


def outcome_words(outcome: str, days: int | None) -> Outcome:
    """What a label means: of orders within so many days, or of a table without days."""
    if outcome == "no_order":
        if days is None:
            return Outcome("Who will leave?", "leave", "left", "stayed", "those who left")
        return Outcome(f"Who will not order in the next {days} days?", "stop ordering",
                       f"did not order within {days} days", "ordered again",
                       "those who stopped ordering")  # fmt: skip
    if outcome == "order":
        if days is None:
            return Outcome("Who will say yes?", "say yes", "said yes", "said no",
                           "those who said yes")  # fmt: skip
        return Outcome(f"Who will order in the next {days} days?", "order",
                       f"ordered within {days} days", "did not order",
                       "those who ordered")  # fmt: skip
    if outcome == "order_group":
        return Outcome(f"Who will buy of which product group in the next {days} days?",
                       "buy of the group", "bought of the group", "did not buy of the group",
                       "purchases")  # fmt: skip
    return Outcome(f"What will a customer spend in the next {days} days?", "spend more",
                   "spent", "spent", "money spent")  # fmt: skip
