"""The log holds every answer, soon, and outlives the worker that wrote it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving.answers import Scored
from serving.journal import bound_size, recover, regrouped
from serving.log import Entry, PredictionLog

from salespipe.predictions import prediction_schema, pseudonym, read_predictions

ROOT = Path(__file__).parents[2]


def entry(*ids, model="churn", matrix=None, errors=None):
    count = len(ids)
    scored = Scored(
        "customer_id", list(range(count)), ids, None, [None] * count, np.full(count, 0.25),
        [3] * count, [True] * count, errors or {}, matrix,
    )  # fmt: skip
    return Entry(datetime.now(UTC), "r1", model, 4, "hash", ((1, ("x", "y")),), scored)


def test_what_is_answered_can_be_read_back(tmp_path):
    log = PredictionLog(tmp_path, plain_ids=True)
    log.write(entry("a", "b"))
    log.write(entry("c", model="offers"))
    log.close()
    rows = read_predictions(tmp_path, "churn")
    assert rows.schema == prediction_schema()
    assert rows["entity"].to_pylist() == ["a", "b"]
    assert rows["prediction"].to_pylist() == [0.25, 0.25]
    assert set(rows["version"].to_pylist()) == {4}
    assert read_predictions(tmp_path, "offers").num_rows == 1


def test_it_can_be_read_within_a_second_while_it_is_written(tmp_path):
    log = PredictionLog(tmp_path)
    log.write(entry("a"))
    time.sleep(1)
    assert read_predictions(tmp_path, "churn").num_rows == 1
    log.close()
    assert read_predictions(tmp_path, "churn").num_rows == 1


def test_ids_are_hidden_behind_a_key_that_stays(tmp_path):
    for _ in range(2):
        log = PredictionLog(tmp_path)
        log.write(entry("alice@example.org"))
        log.close()
    names = read_predictions(tmp_path, "churn")["entity"].to_pylist()
    assert len(names) == 2
    assert len(set(names)) == 1
    assert "alice" not in names[0]
    for file in tmp_path.rglob("*.parquet"):
        assert b"alice" not in file.read_bytes()
    assert pseudonym("a", b"k1") != pseudonym("a", b"k2")
    assert (tmp_path / "log.key").stat().st_mode & 0o077 == 0


def test_what_a_request_brought_is_kept_in_the_order_of_the_schema(tmp_path):
    matrix = np.array([[1.5, 1.0, np.nan], [2.5, np.nan, 7.0]])
    log = PredictionLog(tmp_path)
    log.write(entry("a", "b", matrix=matrix))
    log.close()
    rows = read_predictions(tmp_path, "churn")
    assert np.array_equal(rows["numbers"].to_pylist(), [[1.5, np.nan], [2.5, 7.0]], equal_nan=True)
    assert rows["texts"].to_pylist() == [["y"], [None]]


def test_who_has_no_score_is_not_logged(tmp_path):
    log = PredictionLog(tmp_path, plain_ids=True)
    log.write(entry("a", "b", errors={0: {"code": "unknown_customer"}}))
    log.close()
    assert read_predictions(tmp_path, "churn")["entity"].to_pylist() == ["b"]


WRITER = """
import sys, time
sys.path.insert(0, {root!r})
from tests.serving.test_log import entry
from serving.log import PredictionLog
from pathlib import Path
log = PredictionLog(Path({folder!r}), plain_ids=True)
for number in range(10_000):
    log.write(entry(str(number)))
    print(number, flush=True)
    time.sleep(0.01)
"""


def test_a_killed_worker_loses_a_second_at_most(tmp_path):
    code = WRITER.format(root=str(ROOT), folder=str(tmp_path))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    ) as worker:
        times = []
        for line in worker.stdout:
            times.append((int(line), time.monotonic()))
            if len(times) == 250:
                worker.send_signal(signal.SIGKILL)
                break
        killed = time.monotonic()
    kept = set(map(int, read_predictions(tmp_path, "churn")["entity"].to_pylist()))
    due = {number for number, at in times if at < killed - 1}
    assert due, "it ran for more than a second"
    assert due <= kept
    assert recover(tmp_path) == 1
    assert set(map(int, read_predictions(tmp_path, "churn")["entity"].to_pylist())) == kept
    assert not list(tmp_path.rglob("*.arrows"))


def test_a_living_worker_s_journal_is_left_alone(tmp_path):
    log = PredictionLog(tmp_path, plain_ids=True)
    log.write(entry("a"))
    time.sleep(0.8)
    assert recover(tmp_path) == 0
    other = PredictionLog(tmp_path, plain_ids=True)
    other.write(entry("b"))
    log.close()
    other.close()
    assert sorted(read_predictions(tmp_path, "churn")["entity"].to_pylist()) == ["a", "b"]


@given(sizes=st.lists(st.integers(0, 4), max_size=12), rows=st.integers(1, 6))
def test_a_journal_becomes_parquet_part_by_part_and_in_its_order(sizes, rows):
    numbers = iter(range(sum(sizes)))
    batches = [
        pa.RecordBatch.from_pydict(
            {"n": pa.array([next(numbers) for _ in range(size)], pa.int64())}
        )
        for size in sizes
    ]
    parts = list(regrouped(batches, rows))
    assert [n for part in parts for n in part["n"].to_pylist()] == [*range(sum(sizes))]
    assert all(part.num_rows >= rows for part in parts[:-1])
    assert all(0 < part.num_rows < rows + 4 for part in parts)


def test_a_full_journal_s_rows_are_all_in_its_parquet(tmp_path, monkeypatch):
    monkeypatch.setattr("serving.journal.PART_ROWS", 2)
    monkeypatch.setattr("serving.log.FLUSH_SECONDS", 0.01)
    log = PredictionLog(tmp_path, plain_ids=True)
    for name in "abcde":
        log.write(entry(name))
        time.sleep(0.05)
    log.close()
    (file,) = tmp_path.rglob("*.parquet")
    assert pq.ParquetFile(file).num_row_groups > 1
    assert pq.read_table(file)["entity"].to_pylist() == [*"abcde"]


def test_the_oldest_days_go_first_when_it_grows_too_large(tmp_path):
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        (tmp_path / f"day={day}").mkdir()
        (tmp_path / f"day={day}" / "1-1.parquet").write_bytes(b"x" * 1000)
    bound_size(tmp_path, 2100)
    assert [d.parent.name for d in sorted(tmp_path.rglob("*.parquet"))] == [
        "day=2026-01-02",
        "day=2026-01-03",
    ]


def test_what_can_t_wait_is_counted_as_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr("serving.log.MAX_WAITING", 3)
    monkeypatch.setattr("serving.log.FLUSH_SECONDS", 60)
    dropped = []
    log = PredictionLog(tmp_path, dropped=dropped.append)
    for _ in range(3):
        log.write(entry("a", "b"))
    assert dropped == [2, 2]
    log.close()
    assert read_predictions(tmp_path, "churn").num_rows == 2


def test_served_answers_are_logged(shop, serve, tmp_path):
    served = serve(bundle=shop.bundle, log=tmp_path / "log", log_plain_ids=True)
    customer = shop.lists["churn"]["entity_id"].iloc[0]
    golden = json.loads((shop.bundle / shop.parts["churn"] / "golden.json").read_text())[0]
    entities = [{"customer_id": customer}, {"features": golden["features"], "customer_id": "me"}]
    told = served.client.results("/churn/score", entities=entities)
    served.server.log.close()
    rows = read_predictions(tmp_path / "log", "churn").to_pandas().set_index("entity")
    assert rows.loc[customer, "prediction"] == pytest.approx(told[0]["probability"])
    assert rows.loc["me", "asked_by"] == "features"
    assert rows.loc["me", "feature_schema"]
    brought = len(rows.loc["me", "numbers"]) + len(rows.loc["me", "texts"])
    assert brought == len(golden["features"])
    assert rows.loc[customer, "numbers"] is None
