"""Files as businesses have them: several kinds, encodings, separators; and what can't be read."""

from __future__ import annotations

import pytest

from salespipe.datasets.sources import SourceTables, read_source
from salespipe.errors import SalespipeError
from salespipe.params_source import ReadParams

CSV = "id,name,price\n1,Café,2.50\n2,Tea,x\n"


def rows(folder, **read):
    table = read_source("orders", folder, ReadParams(**read))
    return table.order_by("_row").execute().to_dict("records")


def test_a_csv_is_read_as_text_with_row_numbers(tmp_path):
    (tmp_path / "orders.csv").write_text(CSV, "utf-8")
    assert rows(tmp_path) == [
        {"id": "1", "name": "Café", "price": "2.50", "_line": None, "_row": 1},
        {"id": "2", "name": "Tea", "price": "x", "_line": None, "_row": 2},
    ]


def test_latin_1_is_understood_without_being_told(tmp_path):
    (tmp_path / "orders.csv").write_bytes(CSV.encode("latin-1"))
    assert rows(tmp_path)[0]["name"] == "Café"


def test_a_separator_can_be_given(tmp_path):
    (tmp_path / "orders.csv").write_text("a,x;b\n1,5;2\n")
    assert rows(tmp_path, separator=";") == [{"a,x": "1,5", "b": "2", "_line": None, "_row": 1}]


def test_parquet_and_xlsx_give_the_same_values(tmp_path):
    import polars as pl

    frame = pl.DataFrame({"id": ["1", "C2"], "price": [2.5, -3.0]})
    (tmp_path / "p").mkdir()
    (tmp_path / "x").mkdir()
    frame.write_parquet(tmp_path / "p" / "orders.parquet")
    frame.write_excel(tmp_path / "x" / "orders.xlsx")
    parquet, xlsx = rows(tmp_path / "p"), rows(tmp_path / "x")
    assert [(r["id"], float(r["price"]), r["_row"]) for r in parquet] == [
        (r["id"], float(r["price"]), r["_row"]) for r in xlsx
    ]


@pytest.mark.parametrize("name", ["orders.parquet", "orders.xlsx"])
def test_a_file_that_is_not_what_it_says_is_told_in_one_sentence(tmp_path, name):
    (tmp_path / name).write_text("no such thing")
    with pytest.raises(SalespipeError, match=f"{name} can't be read as") as raised:
        rows(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_broken_line_is_a_row_of_its_own(tmp_path):
    (tmp_path / "orders.csv").write_text("a,b\n1,2\n1,2,3\n4\n5,6\n")
    assert rows(tmp_path) == [
        {"a": "1", "b": "2", "_line": None, "_row": 1},
        {"a": "5", "b": "6", "_line": None, "_row": 2},
        {"a": None, "b": None, "_line": "1,2,3", "_row": 3},
        {"a": None, "b": None, "_line": "4", "_row": 4},
    ]


def test_semicolons_and_compression_are_found(tmp_path):
    import gzip

    with gzip.open(tmp_path / "orders.csv.gz", "wt") as file:
        file.write("a;b\n1;2\n")
    assert rows(tmp_path) == [{"a": "1", "b": "2", "_line": None, "_row": 1}]


@pytest.mark.parametrize(("text", "words"), [("", "is empty"), ("a,b,a\n1,2,3\n", "twice: a")])
def test_a_csv_needs_a_header(tmp_path, text, words):
    (tmp_path / "orders.csv").write_text(text)
    with pytest.raises(SalespipeError, match=words):
        rows(tmp_path)


def test_the_only_file_is_taken_whatever_its_name(tmp_path):
    (tmp_path / "Online Retail.csv").write_text(CSV)
    assert len(rows(tmp_path)) == 2


def test_several_files_need_a_word_from_the_user(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(CSV)
    with pytest.raises(SalespipeError, match=r"a\.csv, b\.csv"):
        rows(tmp_path)
    assert len(rows(tmp_path, file="b.csv")) == 2


def test_no_file_says_how_to_give_one(tmp_path):
    with pytest.raises(SalespipeError, match="make run ENV=acme DATA="):
        rows(tmp_path / "acme")


def test_a_database_needs_its_url_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("ACME_URL", raising=False)
    with pytest.raises(SalespipeError, match="ACME_URL"):
        rows(tmp_path, query="select 1", url="ACME_URL")


def test_a_source_is_never_written(tmp_path):
    dataset = SourceTables(folder=str(tmp_path), source={})
    with pytest.raises(Exception, match="never written"):
        dataset.save({})
