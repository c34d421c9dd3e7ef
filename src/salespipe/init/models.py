"""Which models a business's tables and the length of its history allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from salespipe.errors import SalespipeError
from salespipe.init.asking import Proposal
from salespipe.init.synonyms import plain
from salespipe.params import SnapshotParams
from salespipe.params_forecast import BacktestParams

MODELS = ("churn", "propensity", "offers", "forecast")
_LEAVING = ("churn", "attrition", "exited", "left", "cancel", "unsubscribed", "gekundigt",
            "abgewandert", "abwanderung", "kundigung", "resilie", "desabonne", "abandon",
            "abbandono")  # fmt: skip


def possible_models(
    proposal: Proposal,
    first: date | None,
    last: date | None,
    conf: Mapping[str, Any],
    wanted: Sequence[str] = (),
) -> tuple[list[str], dict[str, str]]:
    """Models that can be trained, and why the others can't.

    Args:
        proposal: what was mapped.
        first: day of the first order.
        last: day of the last.
        conf: parameters of conf/base.
        wanted: what a person asked for; of a table with labels they know best what a 1 is.
    """
    if proposal.table == "snapshots":
        fits = wanted[0] if [*wanted] in (["churn"], ["propensity"]) else _outcome_model(proposal)
        why = dict.fromkeys(("offers", "forecast"), "needs orders")
        other = "propensity" if fits == "churn" else "churn"
        return [fits], {other: f"the table has one outcome; --models {other}, if it is that", **why}
    left_out = {}
    for model in MODELS:
        if (why_not := _why_not(model, proposal, first, last, conf)) is not None:
            left_out[model] = why_not
    return [model for model in MODELS if model not in left_out], left_out


def choose_models(
    wanted: Sequence[str], possible: Sequence[str], left_out: Mapping[str, str]
) -> list[str]:
    """The models a person wants, or all that are possible.

    Raises:
        SalespipeError: none is possible, or one that is wanted is not.
    """
    for model in wanted:
        if model not in possible:
            why = left_out.get(model, f"there are {', '.join(MODELS)}")
            raise SalespipeError(f"The model {model!r} can't be made of this file: {why}.")
    if not possible:
        reasons = "; ".join(f"{model}: {why}" for model, why in left_out.items())
        raise SalespipeError(f"No model can be made of this file: {reasons}. Give more history.")
    return [model for model in MODELS if model in (wanted or possible)]


def _outcome_model(proposal: Proposal) -> str:
    label = plain(proposal.columns["label"].column or "")
    return "churn" if any(word in label for word in _LEAVING) else "propensity"


def _why_not(
    model: str, proposal: Proposal, first: date | None, last: date | None, conf: Mapping[str, Any]
) -> str | None:
    if first is None or last is None:
        return "no order has a time"
    if model == "offers" and not {"category", "item_name"} & set(proposal.columns):
        return "needs category or item_name to form product groups"
    there, needed = (last - first) // timedelta(days=1), _days_needed(model, conf)
    return f"needs {needed} days of orders; there are {there}" if there < needed else None


def _days_needed(model: str, conf: Mapping[str, Any]) -> int:
    """What the models themselves ask for."""
    own = conf.get(model, {})
    if model == "forecast":
        backtest = BacktestParams.model_validate(own.get("backtest", {}))
        overlap = -(-backtest.horizon_days // backtest.step_days) - 1
        steps = (overlap + 1) * backtest.step_days
        return backtest.min_history_days + backtest.horizon_days + steps
    params = SnapshotParams.model_validate(own.get("snapshots", {}))
    return params.min_history_days + params.step_days + 2 * params.horizon_days
