"""What `docs/serving.md` says can be asked, set and met is what the code knows, and all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import ibis
import pytest
from serving.client import PASSING
from serving.guard import OPERATIONS, PROBES
from serving.messages import (
    features_type,
    forecast_type,
    history_type,
    question_type,
    read,
)
from serving.observe import metrics
from serving.openapi import RECEIPT, STATUSES
from serving.settings import PREFIX, Settings

from salespipe.predictions import prediction_schema
from salespipe.schemas import CONTRACTS

ROOT = Path(__file__).resolve().parents[2]
DOC = (ROOT / "docs/serving.md").read_text("utf-8")
QUESTION = re.compile(r"3000/(\w+)/(\w+) [^']*'content-type: application/json'[^']*-d '([^']*)'")
OUTSIDE = {"SALESPIPE_WORKERS"}
"""What BentoML has to know before the settings are read."""


def section(title: str) -> str:
    return DOC.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def columns(text: str) -> list[list[str]]:
    """The rows of the tables in a text."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def canonical() -> dict[str, dict[str, str]]:
    """Ibis types by column, by table that a history may bring."""
    return {
        table: {
            name: str(ibis.dtype(field.dtype)) for name, field in CONTRACTS[table].fields.items()
        }
        for table in ("orders", "events", "customers")
    }


def type_of(model: str, operation: str) -> Any:
    if operation == "predict":
        return forecast_type(["revenue"], ["total", "country"], ["day", "week"], 28)
    groups = ["kitchen", "stationery"] if model == "offers" else []
    history = None if groups else history_type(canonical())
    features = features_type([("recency_days", "number")])
    return question_type(features, history, groups, operation == "explain")


@pytest.mark.parametrize(("model", "operation", "body"), QUESTION.findall(DOC))
def test_every_question_in_the_docs_can_be_asked(model: str, operation: str, body: str) -> None:
    assert read(type_of(model, operation), body.encode())


def test_the_docs_ask_in_every_way() -> None:
    asked = QUESTION.findall(DOC)
    assert {operation for _, operation, _ in asked} == set(OPERATIONS)
    ways = {
        key for *_, body in asked for one in json.loads(body).get("entities", ()) for key in one
    }
    assert {"customer_id", "history", "item_group"} <= ways
    assert "examples.features.value" in DOC


def test_every_setting_is_told_and_none_that_is_not_known() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | OUTSIDE
    listed = {names(row[0])[0] for row in columns(section("Settings"))[2:]}
    assert listed == known
    assert set(re.findall(r"SALESPIPE_[A-Z_]+", DOC)) == known


def test_defaults_of_settings_are_as_told() -> None:
    told = {names(row[0])[0]: row[1] for row in columns(section("Settings"))[2:]}
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert re.search(rf"; {field.default:g}\b", told[PREFIX + name.upper()]), name


def raised() -> set[tuple[int, str]]:
    """Status and code of every error that the server answers with."""
    code = "\n".join(file.read_text("utf-8") for file in sorted((ROOT / "serving").glob("*.py")))
    found = re.findall(r'ApiError\(\s*(\d+),\s*"(\w+)"', code)
    return {(int(status), name) for status, name in found}


def test_every_error_is_told_and_none_that_does_not_happen() -> None:
    whole, _, within = section("Errors").partition("Within an answer")
    assert {(int(row[0]), names(row[1])[0]) for row in columns(whole)[2:]} == raised()
    files = ("answers", "forecasts")
    code = "\n".join((ROOT / f"serving/{name}.py").read_text("utf-8") for name in files)
    inner = set(re.findall(r'problem\(\s*"(\w+)"', code))
    assert {names(row[0])[0] for row in columns(within)[2:]} == inner


def test_every_status_is_in_the_openapi_document() -> None:
    assert {status for status, _ in raised()} == set(STATUSES)


def test_the_client_tries_again_where_the_docs_say() -> None:
    told = section("A client in Python")
    assert all(str(status) in told for status in PASSING)


def test_the_log_has_the_columns_that_are_told() -> None:
    listed = [name for row in columns(section("The prediction log"))[2:] for name in names(row[0])]
    assert listed == prediction_schema().names


def test_a_receipt_has_the_fields_that_are_told() -> None:
    assert set(RECEIPT["properties"]) <= set(names(section("Receipts")))


def test_every_metric_is_told_with_its_labels() -> None:
    ours = metrics()
    known = {}
    for one in [*ours._metrics.values(), ours.failures, ours.dropped]:
        (family,) = one.describe()
        name = family.name + ("_total" if family.type == "counter" else "")
        known[name] = set(one._labelnames)
    told = {names(row[0])[0]: set(names(row[1])) for row in columns(section("Watching it"))[2:]}
    assert told == known


def test_probes_are_told() -> None:
    assert {"/livez", "/readyz"} <= set(PROBES)
    assert {"/livez", "/readyz"} <= set(names(section("Watching it")))
