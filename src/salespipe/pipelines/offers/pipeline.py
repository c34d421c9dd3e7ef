"""Offers are the shared path over pairs of customer and product group."""

from kedro.pipeline import Pipeline, node

from salespipe.pipelines.model import Steps, model_pipeline
from salespipe.pipelines.offers.nodes import (
    audit_pairs,
    build_pairs,
    find_item_groups,
    fit_offers,
)

STEPS = Steps(
    build_model_input=build_pairs, keeps=False, audit_features=audit_pairs, fit_model=fit_offers
)


def create_pipeline() -> Pipeline:
    """The offers model's pipeline."""
    groups = node(
        find_item_groups, ["tables", "params:model"], "item_groups", name="find_item_groups"
    )
    return model_pipeline("offers", STEPS, prepare=groups)
