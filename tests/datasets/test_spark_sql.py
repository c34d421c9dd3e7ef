"""DuckDB's SQL in Spark's words; what the words do on Spark, the tests of ingest say."""

from __future__ import annotations

import re

import pytest

from salespipe.datasets.spark_formats import java_format
from salespipe.datasets.spark_sql import NUMBER, TIME, to_spark
from salespipe.errors import SalespipeError


def test_names_are_quoted_as_spark_quotes_them():
    assert to_spark("select \"order\" from raw where status like 'C%'") == (
        "SELECT `order` FROM raw WHERE status LIKE 'C%'"
    )


def test_text_is_a_number_only_where_duckdb_takes_it_for_one():
    said = to_spark("try_cast(price as double)")
    assert "TRY_CAST(price AS DOUBLE)" in said
    assert "RLIKE" in said
    assert [bool(re.match(NUMBER, text)) for text in ("1.5", " -2e3 ", "1d", "0x1p3", "inf")] == [
        True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-01-05", True),
        ("2024-1-5 9:30", True),
        ("2024-01-05T10:30:00.5", True),
        ("2024-01-05 10:30:00+02:00", True),
        ("2024", False),
        ("10:30", False),
        ("2024-01", False),
    ],
)
def test_text_is_a_time_only_where_duckdb_takes_it_for_one(text, read):
    assert bool(re.match(TIME, text)) == read


def test_what_has_a_type_is_not_taken_for_text():
    assert to_spark("cast(n as double)", {"n": "int64"}) == "TRY_CAST(n AS DOUBLE)"
    assert "RLIKE" not in to_spark("cast(x > 1 as integer)")
    assert "CONCAT" in to_spark("cast(n as varchar)", {"n": "float64"})


def test_only_the_first_match_is_replaced():
    said = to_spark(r"regexp_replace(x, '(\d+)-', '\1+')")
    pattern, words = re.search(r"REGEXP_REPLACE\(x, '(.*)', '(.*)'\)", said).groups()
    assert words == "$1$2+$3"
    python = re.sub(r"\$(\d)", r"\\\1", words)
    assert re.sub(pattern.replace("\\\\", "\\"), python, "1-2-3") == "1+2-3"
    assert to_spark("regexp_replace(x, 'a', 'b', 'g')") == "REGEXP_REPLACE(x, 'a', 'b')"


def test_a_time_is_moved_between_zones():
    said = to_spark("(w at time zone 'Europe/London') at time zone 'UTC'", {"w": "timestamp(6)"})
    assert said == "CONVERT_TIMEZONE('Europe/London', 'UTC', w)"
    with pytest.raises(SalespipeError, match="give the column's timezone"):
        to_spark("w at time zone 'Europe/London'")


def test_formats_are_javas():
    assert java_format("%m/%d/%Y %H:%M") == "M/d/yyyy H:m"
    assert java_format("%Y-%m-%dT%H:%M:%S") == "yyyy-M-d'T'H:m:s"
    with pytest.raises(SalespipeError, match="nothing for %Z"):
        java_format("%Y %Z")


def test_two_digits_of_a_year_are_of_1969_to_2068():
    said = to_spark("try_strptime(w, ['%m/%d/%y', '%Y'])")
    assert "100' YEAR" in said or "100 YEARS" in said.upper()
    assert "'M/d/yy'" in said
    assert "'yyyy'" in said
