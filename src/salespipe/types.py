"""Names for what passes between nodes.

Kedro reads the hints of node functions at run time to type their parameters, so these names must
exist then too, without the heavy imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ibis.expr.types import Table
    from pandas import DataFrame as Frame
else:
    Table = Frame = Any

Tables = dict[str, Table]

__all__ = ["Frame", "Table", "Tables"]
