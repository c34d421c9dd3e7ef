"""Whether a new model may take over: every check with its value, its bound and its result."""

from __future__ import annotations

from collections.abc import Mapping

from salespipe.modelling.bootstrap import Interval, mean_interval
from salespipe.modelling.decision import Challenger, Champion, Check, Decision, Measured, Verdict
from salespipe.modelling.frame import Floats
from salespipe.params import GateParams


def decide(challenger: Challenger, champion: Champion | None, params: GateParams) -> Decision:
    """Weighs a new model against the one in office.

    Args:
        challenger: the new model's record.
        champion: the model in office, if there is one.
        params: bounds.

    Returns:
        `reject` if a check failed that no later evidence would mend; `hold` if it cannot be told
        that the new model is better; else `promote`.
    """
    checks = (
        check_leaks(challenger.leaky),
        *check_volume(challenger.counts, params),
        check_baseline(challenger, params),
        check_champion(challenger, champion, params),
        *(check_measured(one) for one in challenger.measured),
        check_latency(challenger.latency_ms, params),
    )
    verdict = verdict_of(checks)
    told = [check.detail for check in checks if not check.passed]
    return Decision(
        verdict=verdict,
        reason="; ".join(told) or "every check passed",
        checks=checks,
        compared_with=champion.version if champion else None,
        approval=params.approval,
    )


def verdict_of(checks: tuple[Check, ...]) -> Verdict:
    """The worst that a failed check asks for."""
    asked = {check.otherwise for check in checks if not check.passed}
    if "reject" in asked:
        return "reject"
    return "hold" if asked else "promote"


def check_leaks(leaky: tuple[str, ...]) -> Check:
    """No feature saw its future."""
    detail = f"these see their future: {', '.join(leaky)}" if leaky else "no leak found"
    return Check("leaks", len(leaky), 0, not leaky, detail)


def check_volume(counts: Mapping[str, int], params: GateParams) -> list[Check]:
    """There are enough test rows to judge by; with too few nothing can be told."""
    bounds = {"test_rows": params.min_test_rows, "test_outcomes": params.min_test_outcomes}
    return [
        Check(name, count, bounds[name], count >= bounds[name], _volume(name, count, bounds[name]),
              otherwise="hold")
        for name, count in counts.items()
    ]  # fmt: skip


def _volume(name: str, count: int, bound: int) -> str:
    what = {"test_rows": "test rows", "test_outcomes": "test rows of the rarer outcome"}[name]
    return f"{count:,} {what}{'' if count >= bound else f', {bound:,} are needed to judge'}"


def check_baseline(challenger: Challenger, params: GateParams) -> Check:
    """The model is not clearly worse than what a person would do without it."""
    compared = {
        name: _difference(challenger, losses, params)
        for name, losses in challenger.baselines.items()
    }
    if not compared:
        return Check("baseline", None, None, True, "the chosen model is the baseline itself")
    name, found = max(compared.items(), key=lambda item: _low(item[1]))
    worse = _told_apart(found, params) > 0
    detail = f"its {challenger.score} is {_told(found)} against {name}'s"
    return Check(
        "baseline",
        found["value"],
        0.0,
        not worse,
        f"{detail}: {'clearly worse' if worse else 'not clearly worse'}",
        interval=_bounds(found),
    )


def check_champion(challenger: Challenger, champion: Champion | None, params: GateParams) -> Check:
    """The model is clearly better than the one in office, on the same rows."""
    if champion is None:
        return Check("champion", None, None, True, "there is no champion yet")
    office = f"champion v{champion.version}"
    if champion.losses is None:
        detail = f"{office} can't be compared: {champion.obstacle}; a reviewer has to decide"
        return Check("champion", None, 0.0, False, detail, otherwise="hold")
    found = _difference(challenger, champion.losses, params)
    apart = _told_apart(found, params)
    better, worse = apart < 0, apart > 0
    told = "clearly better" if better else "clearly worse" if worse else "cannot tell them apart"
    return Check(
        "champion",
        found["value"],
        0.0,
        better,
        f"its {challenger.score} is {_told(found)} against {office}'s: {told}",
        otherwise="reject" if worse else "hold",
        interval=_bounds(found),
    )


def check_measured(measured: Measured) -> Check:
    """A figure keeps to its bound, as far as its interval can tell."""
    figure = measured.figure
    value, bound = figure["value"], measured.at_most
    if value is None:
        return Check(measured.name, None, bound, True, f"{measured.words}: too few rows to tell")
    above = measured.at_most is not None and _low(figure) > measured.at_most
    below = measured.at_least is not None and _high(figure) < measured.at_least
    if below or (bound is None and measured.at_least is not None):
        bound = measured.at_least
    detail = f"{measured.words}: {value:.3f} (bound {_range(measured)})"
    broken = above or below
    if broken and measured.waiver:
        detail = f"{detail}, waived by {measured.waiver}"
    passed = not broken or measured.waiver is not None
    return Check(
        measured.name, value, bound, passed, detail, measured.otherwise, interval=_bounds(figure)
    )


def check_latency(latency_ms: float, params: GateParams) -> Check:
    """1,000 rows are scored in time."""
    bound = params.max_latency_ms
    detail = f"1,000 rows are scored in {latency_ms:.0f} ms (bound {bound:.0f})"
    return Check("latency_ms", latency_ms, bound, latency_ms <= bound, detail)


def _difference(challenger: Challenger, losses: Floats, params: GateParams) -> Interval:
    """Challenger minus other, mean loss a row, resampled by cluster."""
    paired = challenger.losses - losses
    return mean_interval(paired, challenger.clusters, params.bootstrap_samples, params.seed)


def _told_apart(found: Interval, params: GateParams) -> int:
    """-1 where the challenger is clearly better, 1 where it is clearly worse, else 0."""
    if abs(found["value"] or 0.0) < params.least_difference:
        return 0
    return int(_low(found) > 0) - int(_high(found) < 0)


def _low(figure: Interval) -> float:
    return float("-inf") if figure["low"] is None else figure["low"]


def _high(figure: Interval) -> float:
    return float("inf") if figure["high"] is None else figure["high"]


def _bounds(figure: Interval) -> tuple[float, float] | None:
    low, high = figure["low"], figure["high"]
    return None if low is None or high is None else (low, high)


def _told(figure: Interval) -> str:
    interval = _bounds(figure)
    told = f" ({interval[0]:+.4f} to {interval[1]:+.4f})" if interval else ""
    return f"{figure['value']:+.4f}{told}"


def _range(measured: Measured) -> str:
    low, high = measured.at_least, measured.at_most
    if low is not None and high is not None:
        return f"{low:.2f} to {high:.2f}"
    return f"at least {low:.2f}" if low is not None else f"at most {high:.2f}"
