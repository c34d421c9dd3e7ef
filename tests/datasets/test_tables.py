"""Tables on disk: sets, batches, single frames."""

from __future__ import annotations

import pyarrow as pa
import pytest

from salespipe.datasets.engine import connect
from salespipe.datasets.tables import ParquetBatches, ParquetFrame, ParquetTables


def table(**columns):
    return connect().create_table(f"t{abs(hash(str(columns)))}", pa.table(columns), overwrite=True)


def test_a_set_is_replaced_whole(tmp_path):
    dataset = ParquetTables(folder=str(tmp_path), prefix="quarantine_")
    assert not dataset.exists()
    dataset.save({"orders": table(a=[1]), "events": table(b=[2])})
    dataset.save({"orders": table(a=[3, 4])})
    assert [f.name for f in tmp_path.iterdir()] == ["quarantine_orders.parquet"]
    assert dataset.load()["orders"].a.execute().tolist() == [3, 4]
    assert dataset.exists()


def test_batches_are_appended_in_order(tmp_path):
    files = {"orders": str(tmp_path / "x/orders.parquet"), "truth": str(tmp_path / "y/t.parquet")}
    dataset = ParquetBatches(files=files)
    dataset.save({"orders": pa.table({"a": [i]}), "truth": pa.table({"b": [-i]})} for i in range(3))
    assert dataset.load()["orders"].a.execute().tolist() == [0, 1, 2]
    assert dataset.exists()


def test_a_failing_batch_leaves_no_file(tmp_path):
    files = {"orders": str(tmp_path / "orders.parquet")}

    def batches():
        yield {"orders": pa.table({"a": [1]})}
        raise RuntimeError("killed")

    with pytest.raises(Exception, match="killed"):
        ParquetBatches(files=files).save(batches())
    assert list(tmp_path.iterdir()) == []


def test_a_frame_is_saved_from_ibis_and_loaded_in_pandas(tmp_path):
    dataset = ParquetFrame(filepath=str(tmp_path / "frame.parquet"))
    dataset.save(table(a=[1, 2]))
    assert dataset.exists()
    assert dataset.load()["a"].tolist() == [1, 2]
