"""What offers do otherwise than customer models: their rows are customers with product groups."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import Any

from salespipe.params import ModelParams
from salespipe.pipelines import model_nodes
from salespipe.types import Frame, Table, Tables

logger = logging.getLogger(__name__)


def find_item_groups(tables: Tables, model: ModelParams) -> dict[str, Any]:
    """The product groups known before the first cutoff, ready for JSON; see `find_groups`."""
    from salespipe.modelling.pairs import groups_for, orders_of

    groups = groups_for(orders_of(tables), model)
    logger.info("  %d product groups: %s", len(groups.names), ", ".join(groups.names))
    return groups.model_dump(mode="json")


def build_pairs(tables: Tables, item_groups: dict[str, Any], model: ModelParams) -> Table:
    """Customers with product groups, split, label and features; see `pair_frame`."""
    from salespipe.features import ItemGroups
    from salespipe.modelling.pairs import pair_frame

    return pair_frame(tables, ItemGroups.model_validate(item_groups), model)


def audit_pairs(
    tables: Tables, item_groups: dict[str, Any], model_input: Frame, model: ModelParams
) -> dict[str, Any]:
    """Look for features that see their future; see `audit_leaks`."""
    from salespipe.features import ItemGroups, pair_features
    from salespipe.modelling.audit import audit_leaks

    build = partial(pair_features, groups=ItemGroups.model_validate(item_groups))
    found: dict[str, Any] = audit_leaks(tables, model_input, model, build)
    return found


def fit_offers(
    model_input: Frame, item_groups: dict[str, Any], model: ModelParams
) -> tuple[Any, Any]:
    """As `fit_model`; the model carries its product groups, so that scoring uses the same."""
    trained, champion = model_nodes.fit_model(model_input, model)
    return trained, replace(champion, meta=champion.meta | {"item_groups": item_groups})
