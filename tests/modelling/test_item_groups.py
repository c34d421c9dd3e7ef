"""Product groups: categories, else like names; new items find theirs; the future says nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salespipe.errors import SalespipeError
from salespipe.features import ItemGroups
from salespipe.features.item_groups import group_days, items_by_words
from salespipe.modelling.item_groups import find_groups
from tests.features.shop import sale, table

BEFORE = date(2023, 6, 1)
THINGS = ("red mug large", "blue mug small", "green mug", "wooden frame", "metal frame",
          "frame gold", "paper napkins", "napkins dots", "napkins red")  # fmt: skip


def named(count: int = 27) -> list[dict[str, Any]]:
    """Items of three kinds, bought by one customer each, mugs by most."""
    return [
        sale(str(i), "2023-05-01", customer_id=f"C{i}", item_id=f"I{i:02}",
             item_name=f"{THINGS[i % 9].upper()} {i}")
        for i in [*range(count), 0, 1, 2]
    ]  # fmt: skip


def groups_of(lines: list[dict[str, Any]], groups: ItemGroups) -> dict[str, str]:
    """Item to group."""
    assert groups.words is not None
    frame = items_by_words(table("orders", lines), groups.words).to_pandas()
    return dict(zip(frame.item_id, frame.item_group, strict=True))


def test_categories_are_the_groups_where_there_are_some() -> None:
    lines = [
        sale(str(i), "2023-05-01", customer_id=f"C{i}", category=category, item_name="red mug")
        for i, category in enumerate("XYYZZZ")
    ]
    assert find_groups(table("orders", lines), BEFORE, 2) == ItemGroups(names=("Z", "Y"))


def test_items_of_like_names_share_a_group_called_by_its_words() -> None:
    groups = find_groups(table("orders", named()), BEFORE, 3)
    kinds = groups_of(named(), groups)
    told = {name: {kinds[f"I{i:02}"] for i in range(27) if name in THINGS[i % 9]}
            for name in ("mug", "frame", "napkins")}  # fmt: skip
    assert all(len(some) == 1 and next(iter(some)).startswith(n) for n, some in told.items())
    assert set(groups.names) == set(kinds.values())


def test_a_new_item_finds_the_group_of_its_words_and_any_other_the_rest() -> None:
    groups = find_groups(table("orders", named()), BEFORE, 3)
    assert groups.words is not None
    new = [sale("9", "2023-07-01", item_id="N1", item_name="Mug, striped!"),
           sale("9", "2023-07-01", item_id="N2", item_name="???")]  # fmt: skip
    found = groups_of(named() + new, groups)
    assert found["N1"] == found["I00"]
    assert found["N2"] == groups.words.rest


def test_groups_pass_through_json() -> None:
    groups = find_groups(table("orders", named()), BEFORE, 3)
    assert ItemGroups.model_validate(groups.model_dump(mode="json")) == groups


@settings(max_examples=5)
@given(st.lists(st.sampled_from(THINGS), max_size=6))
def test_lines_from_the_first_cutoff_on_change_no_group(names: list[str]) -> None:
    later = [
        sale("L", "2023-06-01", item_id=f"I{i:02}", item_name=f"{name} later", category="K")
        for i, name in enumerate(names)
    ]
    known = find_groups(table("orders", named()), BEFORE, 3)
    assert find_groups(table("orders", named() + later), BEFORE, 3) == known
    assert groups_of(named() + later, known) == groups_of(named(), known)


def test_lines_of_no_group_are_left_out() -> None:
    lines = [sale("1", "2023-05-01", category="X"), sale("1", "2023-05-01", category="Q")]
    days = group_days(table("orders", lines), ItemGroups(names=("X",))).to_pandas()
    assert days.item_group.tolist() == ["X"]


@pytest.mark.parametrize("name", [None, "ab", "one of a kind"])
def test_without_categories_and_shared_words_the_run_says_what_to_do(name: str | None) -> None:
    lines = [sale("1", "2023-05-01", item_name=name)]
    with pytest.raises(SalespipeError, match="Offers need product groups"):
        find_groups(table("orders", lines), BEFORE, 3)
