"""Everyone's scores, found by id."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from salespipe.parts import read_frame


class Lookup:
    """The scores of a part; empty where it was packaged without customers.

    Args:
        file: `scores.arrow`.
    """

    def __init__(self, file: Path) -> None:
        table = read_frame(file) if file.is_file() else None
        self.known = table is not None
        ids = [] if table is None else table["entity_id"].to_pylist()
        self.first: dict[str, int] = {}
        for place in range(len(ids) - 1, -1, -1):
            self.first[ids[place]] = place
        if table is None:
            self.predictions = self.ranked = np.empty(0)
            self.groups: list[str] = []
            self.deciles = self.contacts = self.not_scored = []
            self.item_groups = None
            return
        self.predictions = table["prediction"].to_numpy()
        self.ranked = np.sort(self.predictions[~np.isnan(self.predictions)])
        self.deciles = table["decile"].to_pylist()
        self.contacts = table["contact"].to_pylist()
        self.not_scored = table["not_scored"].to_pylist()
        has_groups = "item_group" in table.column_names
        self.item_groups = table["item_group"].to_pylist() if has_groups else None
        self.groups = sorted(set(self.item_groups or ()))

    def pairs(self, customer: str) -> range:
        """The places of a customer's product groups."""
        first = self.first[customer]
        return range(first, first + len(self.groups))
