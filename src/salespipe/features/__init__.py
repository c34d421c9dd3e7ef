"""Features as Ibis expressions: used alike by training and by serving, on any Ibis backend."""

from salespipe.features.build import FEATURE_GROUPS, FeatureGroup, customer_features
from salespipe.features.history import Inputs
from salespipe.features.item_groups import ItemGroups
from salespipe.features.lines import is_return, is_sale, sale_days
from salespipe.features.pairs import pair_features
from salespipe.features.words import feature_help

__all__ = [
    "FEATURE_GROUPS",
    "FeatureGroup",
    "Inputs",
    "ItemGroups",
    "customer_features",
    "feature_help",
    "is_return",
    "is_sale",
    "pair_features",
    "sale_days",
]
