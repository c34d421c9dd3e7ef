"""The one pipeline every model shares; a model's own folder names it and says what is different."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kedro.pipeline import Pipeline, node, pipeline
from kedro.pipeline.node import Node

from salespipe.pipelines import model_nodes

Step = Callable[..., Any]


@dataclass(frozen=True)
class Steps:
    """What a kind of model does at each step; `model_nodes` has the steps of customer models."""

    build_model_input: Step = model_nodes.build_model_input
    keeps: bool = True
    """Whether rows are kept from run to run, where conf says so."""
    audit_features: Step = model_nodes.audit_features
    fit_model: Step = model_nodes.fit_model
    judge_model: Step = model_nodes.judge_model
    draw_plots: Step = model_nodes.draw_plots
    gather_evidence: Step = model_nodes.gather_evidence
    decide_promotion: Step = model_nodes.decide_promotion
    gather_review: Step = model_nodes.gather_review


def model_pipeline(name: str, steps: Steps = Steps(), prepare: Node | None = None) -> Pipeline:
    """Features and training of one model.

    Args:
        name: the model's namespace; its conf is `conf/base/parameters_<name>.yml`.
        steps: what is done at each step, where it is not what customer models do.
        prepare: what comes first, if anything; the steps that build and audit features and the
            one that fits get its outputs.
    """
    made = prepare.outputs if prepare else []
    features = [*([prepare] if prepare else []), *feature_nodes(steps, made)]
    train = [*train_nodes(steps, made), *review_nodes(steps)]
    return pipeline(
        pipeline(features, tags="features") + pipeline(train, tags="train"),
        namespace=name,
        inputs={"tables", "truth", "ingest_report"},
        parameters={"params:model": f"params:{name}", "params:simulator": "params:simulator"},
    )


def feature_nodes(steps: Steps, made: list[str]) -> list[Node]:
    """From tables to audited features."""
    before, kept = (["rows_before"], ["rows_kept"]) if steps.keeps else ([], [])
    return [
        node(
            steps.build_model_input,
            ["tables", *made, *before, "params:model"],
            ["model_input", *kept] if kept else "model_input",
            name="build_model_input",
        ),
        node(
            steps.audit_features,
            ["tables", *made, "model_input", "params:model"],
            "audit",
            name="audit_features",
        ),
    ]


def train_nodes(steps: Steps, made: list[str]) -> list[Node]:
    """From features to a decision."""
    return [
        node(
            steps.fit_model,
            ["model_input", *made, "params:model"],
            ["trained", "model"],
            name="fit_model",
        ),
        node(
            steps.judge_model,
            ["model_input", "trained", "truth", "params:model", "params:simulator"],
            ["metrics", "test_predictions"],
            name="judge_model",
        ),
        node(
            steps.draw_plots,
            ["model_input", "trained", "params:model"],
            "plots",
            name="draw_plots",
        ),
        node(
            steps.gather_evidence,
            ["model_input", "trained", "champion", "metrics", "audit", "params:model"],
            "evidence",
            name="gather_evidence",
        ),
        node(
            steps.decide_promotion,
            ["evidence", "review_facts", "params:model"],
            "gate",
            name="decide_promotion",
        ),
    ]


def review_nodes(steps: Steps) -> list[Node]:
    """What people read of it.

    The gate's verdict is registered as it is saved: only then is a version there to write of.
    """
    return [
        node(
            steps.gather_review,
            ["model_input", "model", "trained", "champion", "ingest_report", "params:model"],
            "review_facts",
            name="gather_review",
        ),
        node(
            model_nodes.write_review,
            ["versions", "gate", "metrics", "review_facts"],
            "review_pages",
            name="write_review",
        ),
    ]
