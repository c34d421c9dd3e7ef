"""The steps from canonical tables to a decision, the same for every model."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

from salespipe.params import GateParams, ModelParams, SimulatorParams
from salespipe.types import Frame, Table, Tables

logger = logging.getLogger(__name__)

TRUTH = "_true_probability"
LATENCY_ROWS, LATENCY_TRIES = 1000, 5
OPTIONAL_TABLES = ("customers", "events")


def build_model_input(
    tables: Tables, rows_before: Tables, model: ModelParams
) -> tuple[Table, Tables]:
    """Snapshots with split, label, features and sensitive attributes; see `build_frame`.

    Returns:
        The rows, and what of them is kept for the next run; see `build_kept`.
    """
    from salespipe.modelling.kept import build_kept
    from salespipe.modelling.model_input import build_frame

    if "orders" in tables:
        for absent in sorted(set(OPTIONAL_TABLES) - set(tables)):
            logger.info("  no %s table: the features it would give are left out", absent)
    if not (model.snapshots.keep and "orders" in tables and "snapshots" not in tables):
        return build_frame(tables, model), {}
    frame, kept = build_kept(tables, model, rows_before)
    known = len(kept.keys() & rows_before.keys())
    logger.info("  %d of %d cutoffs are kept from earlier runs", known, len(kept))
    return frame, kept


def audit_features(tables: Tables, model_input: Frame, model: ModelParams) -> dict[str, Any]:
    """Look for features that see their future; see `audit_leaks`."""
    from salespipe.modelling.audit import audit_leaks

    found: dict[str, Any] = audit_leaks(tables, model_input, model)
    return found


def fit_model(model_input: Frame, model: ModelParams) -> tuple[Any, Any]:
    """Fit every candidate and baseline before the test period and choose one.

    Returns:
        All of them with the choice, and the chosen model.
    """
    from salespipe.datasets.engine import spark_session
    from salespipe.modelling.candidates import train_candidates
    from salespipe.modelling.evidence import model_facts
    from salespipe.modelling.frame import infer_schema
    from salespipe.modelling.target import target_of

    schema, target = infer_schema(model_input, model.sensitive.kept_out), target_of(model.outcome)
    if model.engine == "spark":
        spark_session()  # the trees are grown on the one that runs
    trained = train_candidates(model_input, schema, model.growing, model.baselines, target)
    logger.info("  chosen: %s (%s)", trained.chosen, trained.reason)
    champion = trained.champion
    return trained, replace(champion, meta=champion.meta | model_facts(model_input, model))


def judge_model(
    model_input: Frame,
    trained: Any,
    truth: Frame | None,
    model: ModelParams,
    simulator: SimulatorParams | None,
) -> tuple[dict[str, Any], Frame]:
    """Judge on the untouched test rows.

    Returns:
        What `metrics.json` holds, and the test rows' keys, labels and probabilities.
    """
    from salespipe.modelling.costs import judge_costs
    from salespipe.modelling.evaluate import evaluate_candidates, settled
    from salespipe.modelling.frame import row_keys

    test = model_input[model_input["split"] == "test"]
    frame = model_input
    if truth is not None and simulator is not None and model.outcome in ("no_order", "order"):
        known = _true_probability(test, truth, model, simulator)
        frame = model_input.assign(**{TRUTH: known})
    metrics = evaluate_candidates(frame, trained, model.evaluate, TRUTH if TRUTH in frame else None)
    costs = judge_costs(model_input, trained, model.costs, model.evaluate)
    as_of = metrics["rows"]["test"]["last_cutoff"]
    facts = {"as_of": as_of, "horizon_days": model.snapshots.horizon_days if as_of else None}
    keys = test[[*row_keys(test), "label"]].reset_index(drop=True)
    predictions = keys.assign(
        **{name: candidate.predict(test) for name, candidate in trained.models.items()}
    )
    return facts | metrics | {"costs": settled(costs)}, predictions


def _true_probability(
    rows: Frame, truth: Frame, model: ModelParams, simulator: SimulatorParams
) -> Any:
    """The simulator's own probability of label 1, with the rows' index."""
    import pandas as pd

    from salespipe.simulator.truth import chance_of_no_order

    known = truth.set_index("customer_id").loc[rows["entity_id"]].reset_index()
    as_of = pd.to_datetime(rows["as_of"]).reset_index(drop=True)
    silent = chance_of_no_order(known, as_of, model.snapshots.horizon_days, simulator)
    return pd.Series(silent if model.outcome == "no_order" else 1 - silent, index=rows.index)


def draw_plots(model_input: Frame, trained: Any, model: ModelParams) -> dict[str, Any]:
    """Calibration, gain and profit curves and strongest features, from the test rows, by file."""
    from salespipe.modelling import plots
    from salespipe.modelling.costs import curves_on_test

    figures = plots.draw_plots(model_input, trained, model.evaluate.calibration_bins)
    curves = curves_on_test(model_input, trained, model.costs)
    figures["profit"] = plots.profit_figure(curves, trained.chosen)
    return {f"{name}.png": figure for name, figure in figures.items()}


def gather_evidence(
    model_input: Frame,
    trained: Any,
    champion: Any,
    metrics: dict[str, Any],
    audit: dict[str, Any],
    model: ModelParams,
) -> tuple[Any, Any]:
    """What the gate is told of the new model and of the one in office."""
    from salespipe.modelling import evidence

    facts = evidence.model_facts(model_input, model)
    challenger = evidence.challenger_record(model_input, trained, metrics, audit, model)
    latency = scoring_ms(trained.champion.predict, model_input)
    office = evidence.champion_record(model_input, champion, facts)
    return replace(challenger, latency_ms=latency), office


def scoring_ms(predict: Callable[[Frame], Any], rows: Frame) -> float:
    """Milliseconds to score 1,000 rows, the median of a few tries.

    The one place where a node looks at a clock: time is what it measures.
    """
    batch = rows.iloc[[i % len(rows) for i in range(LATENCY_ROWS)]]

    def timed() -> float:
        started = time.perf_counter()
        predict(batch)
        return 1000 * (time.perf_counter() - started)

    return round(median(timed() for _ in range(LATENCY_TRIES)), 1)


def decide_promotion(
    evidence: tuple[Any, Any], review_facts: dict[str, Any], model: ModelParams
) -> dict[str, Any]:
    """Whether the new model becomes champion, with every check behind it.

    Args:
        evidence: what is known of the new model and of the one in office.
        review_facts: gathered before, while the champion is the one that was compared with.
        model: conf.
    """
    del review_facts
    return decide_by(evidence, model.gate)


def decide_by(evidence: tuple[Any, Any], gate: GateParams) -> dict[str, Any]:
    """The gate's decision on any kind of model; see `decide`."""
    from salespipe.modelling.gate import decide

    decision = decide(*evidence, gate)
    logger.info("  verdict: %s (%s)", decision.verdict, decision.reason)
    return decision.as_dict()


def gather_review(
    model_input: Frame,
    chosen: Any,
    trained: Any,
    champion: Any,
    ingest_report: dict[str, Any] | None,
    model: ModelParams,
) -> dict[str, Any]:
    """What the review page needs that only training knows; see `customer_facts`."""
    from salespipe.review.gather.customers import customer_facts

    del chosen
    facts = customer_facts(model_input, trained, champion, ingest_report, model)
    return facts.model_dump(mode="json")


def write_review(
    versions: Any, gate: dict[str, Any], metrics: dict[str, Any], review_facts: dict[str, Any]
) -> Any:
    """The pages of the new version and of the champion, and the index of all; see `pages_of`.

    Args:
        versions: as MLflow has them.
        gate: in MLflow with the others, so that `versions` holds them.
        metrics: likewise.
        review_facts: likewise.
    """
    from salespipe.review.pages import pages_of

    del gate, metrics, review_facts
    return pages_of(versions)
