"""Finds product groups: categories where there are some, else clusters of item names."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np

from salespipe.errors import SalespipeError
from salespipe.features.item_groups import SCALE, ItemGroups, Words, first_names, group_days
from salespipe.features.lines import is_sale
from salespipe.modelling.frame import Floats, Integers

if TYPE_CHECKING:
    import pandas as pd

LETTERS = r"[^\W\d_]{3,}"
"""Words of three letters and more; shorter ones say how, not what."""
MIN_ITEMS = 3
"""Items that share a word, for it to say anything."""
NAMED_BY = 3
"""Words in a group's name."""
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
    if words is None:
        raise SalespipeError(
            "Offers need product groups: orders have no category and no item_name before "
            f"{before} that tell two apart. Map one in source.yml, or take offers off params.yaml."
        )
    found = ItemGroups(names=tuple(words.size), words=words)
    return ItemGroups(names=most_bought(known, found), words=words)


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


def word_groups(names: pd.Series[str], most: int) -> Words | None:
    """Groups of like names, by k-means on TF-IDF; None where they share too few words."""
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer
    from threadpoolctl import threadpool_limits

    vectorizer = TfidfVectorizer(token_pattern=LETTERS, min_df=MIN_ITEMS)
    try:
        matrix = vectorizer.fit_transform(names)
    except ValueError:  # scikit-learn's way to say that no word is left
        return None
    if matrix.shape[0] < most or matrix.shape[1] < most:
        return None
    with threadpool_limits(1):  # sums over threads differ in the last digit
        centres = KMeans(most, n_init=4, random_state=SEED).fit(matrix).cluster_centers_
    return as_words(list(vectorizer.get_feature_names_out()), vectorizer.idf_, centres)


def as_words(words: list[str], idf: Floats, centres: Floats) -> Words:
    """The centres in whole numbers, each called by its heaviest words."""
    twice = np.rint(2 * SCALE * idf * centres).astype(int)
    names = [group_name(words, row) for row in twice]
    weight = {
        name: {str(words[i]): int(row[i]) for i in np.flatnonzero(row)}
        for name, row in zip(names, twice, strict=True)
    }
    rarity = zip(map(str, words), np.rint(SCALE * idf**2).astype(int).tolist(), strict=True)
    size = zip(names, np.rint(SCALE * (centres**2).sum(axis=1)).astype(int).tolist(), strict=True)
    return Words(weight=weight, rarity=dict(rarity), size=dict(size))


def group_name(words: list[str], weights: Integers) -> str:
    """The few heaviest words, the heaviest first."""
    heaviest = np.lexsort((np.array(words), -weights))[:NAMED_BY]
    return " ".join(str(words[i]) for i in heaviest)
