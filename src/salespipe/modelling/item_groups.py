"""Finds product groups: categories where there are some, else clusters of item names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np

from salespipe.errors import SalespipeError
from salespipe.features.item_groups import ItemGroups, first_names, group_days
from salespipe.features.lines import is_sale

if TYPE_CHECKING:
    import pandas as pd

LETTERS = r"[^\W\d_]{3,}"
"""Words of three letters and more; shorter ones say how, not what."""
MIN_ITEMS = 3
"""Items that share a word, for it to say anything."""
NAMED_BY = 3
"""Words in a group's name."""
SCALE = 10_000
"""Weights are whole numbers of this fraction."""
MIN_GROUPS = 2
SEED = 7


def find_groups(orders: ir.Table, before: date, most: int) -> ItemGroups:
    """The product groups of a shop as they could be known before a day.

    Args:
        orders: Canonical order lines.
        before: The first cutoff; nothing from that day on is looked at.
        most: How many groups at most.

    Returns:
        The most bought categories where lines have some, else groups of items with like names,
        each called by its heaviest words; the most bought first.

    Raises:
        SalespipeError: neither tells two groups apart.
    """
    known = orders.filter(orders.ordered_at.date() < ibis.literal(before))
    categories = most_bought(known, ItemGroups(names=category_names(known)))[:most]
    if len(categories) >= MIN_GROUPS:
        return ItemGroups(names=categories)
    names = first_names(known.filter(is_sale(known))).order_by("item_id").to_pandas()
    words = word_groups(names.item_name, most)
    if len(words) < MIN_GROUPS:
        raise SalespipeError(
            "Offers need product groups: orders have no category and no item_name before "
            f"{before} that tell two apart. Map one in source.yml, or take offers off params.yaml."
        )
    ranked = most_bought(known, ItemGroups(names=tuple(words), words=words))
    return ItemGroups(names=ranked, words={name: words[name] for name in ranked})


def category_names(orders: ir.Table) -> tuple[str, ...]:
    """Every category, by name."""
    names = orders.filter(orders.category.notnull()).select("category").distinct()
    return tuple(sorted(names.to_pandas().category))


def most_bought(orders: ir.Table, groups: ItemGroups) -> tuple[str, ...]:
    """The groups that anyone bought, most customers first."""
    if not groups.names:
        return ()
    days = group_days(orders, groups)
    buyers = days.group_by("item_group").agg(buyers=days.customer_id.nunique())
    ranked = buyers.order_by(ibis.desc("buyers"), "item_group").to_pandas()
    return tuple(ranked.item_group)


def word_groups(names: pd.Series[str], most: int) -> dict[str, dict[str, int]]:
    """Words and their weights of groups of like names; empty where no word is shared.

    k-means on TF-IDF says which words go together; its centres, made equally long, are then the
    weights, so that a new item finds its group by adding up those of its words.
    """
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer
    from threadpoolctl import threadpool_limits

    vectorizer = TfidfVectorizer(token_pattern=LETTERS, min_df=MIN_ITEMS, sublinear_tf=True)
    try:
        matrix = vectorizer.fit_transform(names)
    except ValueError:  # scikit-learn's way to say that no word is left
        return {}
    told = matrix[matrix.getnnz(axis=1) > 0]
    if told.shape[0] < most:
        return {}
    with threadpool_limits(1):  # sums over threads differ in the last digit
        centres = KMeans(most, n_init=4, random_state=SEED).fit(told).cluster_centers_
    length = np.linalg.norm(centres, axis=1, keepdims=True)
    weights = np.rint(SCALE * vectorizer.idf_ * centres / np.where(length > 0, length, 1))
    return named_groups(vectorizer.get_feature_names_out(), weights.astype(int))


def named_groups(words: Sequence[str], weights: np.ndarray) -> dict[str, dict[str, int]]:
    """Weights by word and group, each group called by its heaviest words."""
    groups: dict[str, dict[str, int]] = {}
    for row in weights:
        order = np.lexsort((words, -row))
        kept = {str(words[i]): int(row[i]) for i in order if row[i] > 0}
        name = " ".join(list(kept)[:NAMED_BY])
        groups.setdefault(name, kept)
    return groups
