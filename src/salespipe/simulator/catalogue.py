"""What the shop sells: categories, items and their prices, fixed for all sizes and seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CATEGORIES = np.array(["kitchen", "garden", "toys", "books", "decor", "stationery"])
ITEMS_PER_CATEGORY = 60
TYPICAL_PRICE = np.array([18.0, 24.0, 14.0, 11.0, 16.0, 5.0])
LOYALTY = 0.7
"""Share of lines from a customer's own category."""

_rng = np.random.default_rng(2024)
_category = np.repeat(np.arange(len(CATEGORIES)), ITEMS_PER_CATEGORY)
_number = np.tile(np.arange(ITEMS_PER_CATEGORY), len(CATEGORIES))

CATEGORY: NDArray[Any] = CATEGORIES[_category]
ITEM_ID: NDArray[Any] = np.char.add(
    "I", np.char.zfill((np.arange(len(_category)) + 1).astype(str), 4)
)
ITEM_NAME: NDArray[Any] = np.char.add(
    np.char.add(CATEGORY.astype(str), " item "), (_number + 1).astype(str)
)
PRICE: NDArray[np.float64] = np.round(
    TYPICAL_PRICE[_category] * _rng.lognormal(0, 0.5, len(_category)), 2
)
_POPULARITY = 1 / np.arange(1, ITEMS_PER_CATEGORY + 1)
_CUMULATED = np.cumsum(_POPULARITY) / _POPULARITY.sum()


def draw_items(taste: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One item for each line, mostly from the customer's own category; few items sell most.

    Args:
        taste: index of the buyer's category for each line.
        rng: the batch's generator.
    """
    count = len(taste)
    other = rng.integers(0, len(CATEGORIES), count)
    category = np.where(rng.random(count) < LOYALTY, taste, other)
    rank = np.searchsorted(_CUMULATED, rng.random(count))
    return np.asarray(category * ITEMS_PER_CATEGORY + rank)
