"""What Kedro-Viz is shown of datasets, also where there is little or nothing to show."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from salespipe.datasets.atomic import Atomic, Plots
from salespipe.datasets.frames import ScoreLists
from salespipe.datasets.models import ModelFolder
from salespipe.datasets.previews import first_of
from salespipe.datasets.sources import SourceTables
from salespipe.datasets.tables import ParquetBatches, ParquetFrame, ParquetTables


@pytest.fixture
def orders(tmp_path):
    table = pa.table(
        {
            "order_id": [f"o{i}" for i in range(20)],
            "ordered_at": [datetime(2024, 1, 1 + i) for i in range(20)],
            "unit_price": [Decimal("1.50")] * 20,
        }
    )
    pq.write_table(table, tmp_path / "orders.parquet")
    pq.write_table(pa.table({"customer_id": ["c1"]}), tmp_path / "customers.parquet")
    return tmp_path


def test_of_a_set_of_tables_the_orders_stand_first(orders):
    shown = ParquetTables(folder=str(orders)).preview(nrows=3)
    assert shown["columns"] == ["order_id", "ordered_at", "unit_price"]
    assert [row[0] for row in shown["data"]] == ["o0", "o1", "o2"]
    assert shown["data"][0][1].startswith("2024-01-01T00:00")
    assert json.dumps(shown)
    files = {"orders": str(orders / "orders.parquet"), "a": str(orders / "customers.parquet")}
    assert ParquetBatches(files=files).preview(nrows=3) == shown
    assert ParquetFrame(filepath=files["orders"]).preview(nrows=3) == shown


def test_without_orders_the_first_by_name_does():
    assert first_of(["snapshots", "customers"]) == "customers"
    assert first_of([]) is None


def test_what_was_not_made_yet_is_an_empty_table(tmp_path):
    empty = ParquetTables(folder=str(tmp_path)).preview()
    assert (empty["columns"], empty["data"]) == ([], [])
    assert ScoreLists(folder=str(tmp_path)).preview() == empty
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "none.parquet")
    shown = ParquetFrame(filepath=str(tmp_path / "none.parquet")).preview()
    assert (shown["columns"], shown["data"]) == (["a"], [])


def test_a_source_shows_its_rows_and_a_database_is_not_asked(tmp_path):
    (tmp_path / "export.csv").write_text("Order;Who\n1;Ann\n2;Bob\n")
    columns = dict.fromkeys(("order_id", "customer_id"), "Order")
    source = {"orders": {"columns": columns}}
    shown = SourceTables(folder=str(tmp_path), source=source).preview(nrows=1)
    assert shown["columns"][:2] == ["Order", "Who"]
    assert shown["data"][0][:2] == ["1", "Ann"]
    asked = {"orders": {"columns": columns, "read": {"url": "NO_SUCH_URL", "query": "select 1"}}}
    assert SourceTables(folder=str(tmp_path), source=asked).preview()["data"] == []


def test_a_library_dataset_keeps_its_own_preview(tmp_path):
    report = Atomic(filepath=str(tmp_path / "r.json"), dataset={"type": "json.JSONDataset"})
    report.save({"verdict": "promote"})
    assert json.loads(report.preview()) == {"verdict": "promote"}
    text = Atomic(filepath=str(tmp_path / "t.txt"), dataset={"type": "text.TextDataset"})
    assert not hasattr(text, "preview")


def test_of_pictures_the_named_one_is_shown_or_the_first(tmp_path):
    for name in ("calibration", "gain"):
        (tmp_path / f"{name}.png").write_bytes(b"\x89PNG" + name.encode())
    plots = Plots(filepath=str(tmp_path), dataset={"type": "matplotlib.MatplotlibDataset"})
    assert plots.preview("gain") != plots.preview("calibration")
    assert plots.preview("nothing") == plots.preview("calibration")


def test_a_model_shows_its_facts(tmp_path):
    (tmp_path / "meta.json").write_text('{"facts": {"horizon_days": 90}}')
    assert json.loads(ModelFolder(folder=str(tmp_path)).preview())["facts"]["horizon_days"] == 90


def test_a_list_shows_its_best(tmp_path):
    rows = pd.DataFrame({"entity_id": list("abcdefgh"), "probability": range(8)})
    lists = ScoreLists(folder=str(tmp_path))
    lists.save({"churn": rows})
    assert [row[0] for row in lists.preview(nrows=2)["data"]] == ["a", "b"]
