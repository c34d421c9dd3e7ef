"""Whether a new model may take over: every check with its value, its bound and its result."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["promote", "hold", "reject"]


@dataclass(frozen=True)
class Check:
    """One condition on a challenger.

    Attributes:
        name: what is checked.
        value: what was found; None where it could not be.
        bound: what it had to keep to.
        passed: whether it did.
        detail: the same in words.
    """

    name: str
    value: float | str | None
    bound: float | str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Decision:
    """The verdict with its reason and every check behind it."""

    verdict: Verdict
    reason: str
    checks: tuple[Check, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"checks": [asdict(check) for check in self.checks]}


def decide(checks: tuple[Check, ...]) -> Decision:
    """Promote if every check passed, else reject and name those that did not."""
    failed = [check for check in checks if not check.passed]
    if failed:
        return Decision("reject", "; ".join(check.detail for check in failed), checks)
    return Decision("promote", "every check passed", checks)


def check_leaks(audit: dict[str, Any]) -> Check:
    """No feature saw its future."""
    leaky = sorted({name for check in audit["checks"] for name in check["features"]})
    detail = f"these see their future: {', '.join(leaky)}" if leaky else "no leak found"
    return Check("leaks", len(leaky), 0, bool(audit["passed"]), detail)


def check_baseline(metrics: dict[str, Any]) -> Check:
    """The chosen model ranks no worse than each baseline, as far as the test rows can tell."""
    highs = {name: d["roc_auc"]["high"] for name, d in metrics["differences"].items()}
    known = {name: high for name, high in highs.items() if high is not None}
    if not known:
        return Check("baseline", None, 0.0, True, "the chosen model is the baseline itself")
    name, high = min(known.items(), key=lambda item: item[1])
    worse = high < 0
    detail = f"its AUC is {'clearly below' if worse else 'no worse than'} that of {name}"
    return Check("baseline", high, 0.0, not worse, detail)


def decide_from(metrics: dict[str, Any], audit: dict[str, Any]) -> Decision:
    """The verdict on a newly trained model.

    Args:
        metrics: what `metrics.json` holds.
        audit: what the leak audit found.
    """
    return decide((check_leaks(audit), check_baseline(metrics)))
