"""Which candidate becomes the model: by its loss on the validation block, never on test rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from salespipe.modelling.frame import Floats, Integers
from salespipe.modelling.links import clustered_error, next_period_error


@dataclass(frozen=True)
class Ties:
    """What rows have in common, so that chance hits them together.

    Attributes:
        clusters: Customer of each row, as numbers from 0.
        periods: Period of each row.
    """

    clusters: Integers
    periods: Integers


@dataclass(frozen=True)
class Choice:
    """The chosen candidate.

    Attributes:
        name: Its name.
        reason: Why, in words.
        losses: Mean held-out loss of each candidate.
        errors: Standard error of each one's paired difference to the lowest, as a guess at the
            difference in a period to come.
    """

    name: str
    reason: str
    losses: dict[str, float]
    errors: dict[str, float]


def choose_candidate(
    losses: Mapping[str, Floats],
    ties: Ties,
    fallback: str,
    steady: str,
    score: str = "log loss",
) -> Choice:
    """The candidate with the lowest mean loss, provided that it clearly beats the fallback.

    The steady one, an average of the others, is chosen also where it is no more than one standard
    error of the paired difference above the lowest: what the validation block cannot tell, the next
    season may, and an average is hit least by either's error there. The error is that of a guess at
    the next period, so a lead that comes and goes from period to period counts for little.
    A learned model has to earn its place against the rule a person can apply without any model: by
    more than one standard error, whatever the periods.

    Args:
        losses: Held-out loss of each row, by candidate; all for the same rows.
        ties: What those rows have in common.
        fallback: Name of the rule.
        steady: Name of the average of the learned models, where there is one.
        score: Name of the loss.
    """
    means = {name: float(loss.mean()) for name, loss in losses.items()}
    best = min(means, key=lambda name: means[name])
    errors = {
        name: next_period_error(loss - losses[best], ties.clusters, ties.periods)
        for name, loss in losses.items()
    }
    gain = means[fallback] - means[best]
    error = clustered_error(losses[fallback] - losses[best], ties.clusters)
    if best != fallback and gain <= error:
        return Choice(fallback, _not_earned(best, fallback, gain, error, score), means, errors)
    near = steady in means and means[steady] - means[best] <= errors[steady]
    if near and best not in (steady, fallback):
        return Choice(steady, _steadier(steady, best, means, errors, score), means, errors)
    return Choice(best, _won(best, means, errors, score), means, errors)


def _not_earned(best: str, fallback: str, gain: float, error: float, score: str) -> str:
    return (
        f"{best} has the lowest validation {score}, but beats {fallback} by only {gain:.4f} "
        f"(standard error {error:.4f}): too little to prefer a model to a rule."
    )


def _steadier(
    steady: str, best: str, means: Mapping[str, float], errors: Mapping[str, float], score: str
) -> str:
    return (
        f"{best} has the lowest {score} on the validation rows ({means[best]:.4f}), but {steady} "
        f"({means[steady]:.4f}) is within one standard error ({errors[steady]:.4f}), and averages "
        "the others' errors."
    )


def _won(best: str, means: Mapping[str, float], errors: Mapping[str, float], score: str) -> str:
    others = sorted((name for name in means if name != best), key=lambda name: means[name])
    if not others:
        return f"{best} is the only candidate."
    second = others[0]
    gap, error = means[second] - means[best], errors[second]
    told = "more" if gap > error else "no more"
    return (
        f"{best} has the lowest {score} on the validation rows ({means[best]:.4f}); {second} "
        f"follows with {means[second]:.4f}, {told} than one standard error ({error:.4f}) away."
    )
