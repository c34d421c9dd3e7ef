"""What the tests of Spark share: conf that names it, and tables held against one another."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import yaml


def on_spark(project: Path, env: str, **spark: object) -> None:
    """Conf that names Spark, with settings for a small machine."""
    small = {"partitions": 2, "driver_memory": "1g"}
    conf = {"name": "spark", "spark": small | spark}
    (project / f"conf/{env}/engine.yml").write_text(yaml.safe_dump(conf))


def same_tables(one: Path, other: Path) -> None:
    """The same columns of the same types and, in the same order, the same rows to 1e-9."""
    left, right = (pq.read_table(file).replace_schema_metadata(None) for file in (one, other))
    assert left.schema == right.schema
    pd.testing.assert_frame_equal(left.to_pandas(), right.to_pandas(), rtol=1e-9, atol=1e-9)
