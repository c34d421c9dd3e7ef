"""Names for what passes between nodes.

Kedro reads the hints of node functions at run time to type their parameters, so these names must
exist then too, without the heavy imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    Table = ir.Table
    Frame = pd.DataFrame
else:
    Table = Any
    Frame = Any

Tables = dict[str, Table]
