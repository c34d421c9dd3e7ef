"""The tutorial's demo part, command by command, and what the docs say can be looked at after it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.clone import ROOT, calls
from tests.docs.fences import Block, Shell, blocks, make_small

NOTEBOOK = "docs/notebooks/champion-scores.ipynb"
LAYERS = ["raw", "intermediate", "primary", "model_input", "models", "model_output", "reporting"]
OWN_ORDERS = ("4. Your own orders", "5. A score of your own customer")
"""Run by tests/real/test_tutorial.py."""


@pytest.fixture(scope="module")
def walked(copy_project: Callable[[], Path]) -> tuple[Shell, list[tuple[Block, str]]]:
    """A clone in which every block of the tutorial's demo part was run, and what each printed."""
    folder = copy_project()
    make_small(folder)
    shell = Shell(folder)
    try:
        told = [
            (block, shell.run(block.text))
            for block in blocks("docs/tutorial.md")
            if block.section not in OWN_ORDERS
        ]
    finally:
        shell.stop()
    return shell, told


def said(told: list[tuple[Block, str]], command: str) -> str:
    (found,) = [output for block, output in told if block.text.startswith(command)]
    return found


def test_the_demo_runs_and_shows_its_champions(walked: Any) -> None:
    _, told = walked
    for command in ("make run", "salespipe champions"):
        assert "churn" in said(told, command)
        assert "promote" in said(told, command)


def test_no_command_warns(walked: Any) -> None:
    shell, told = walked
    warned = {text: said for text, said in shell.errors.items() if "warning" in said.lower()}
    assert shell.errors
    assert not warned
    assert not [output for _, output in told if "warning" in output.lower()]


def test_the_list_is_as_long_as_was_asked_for(walked: Any) -> None:
    shell, told = walked
    lines = said(told, "salespipe score").splitlines()
    header = next(line for line in lines if line.startswith("entity_id,"))
    assert {"probability", "reason_1", "contact"} <= set(header.split(","))
    listed = shell.folder / "data/07_model_output/demo/churn_scores.csv"
    contact = header.split(",").index("contact")
    marked = [row.split(",")[contact] for row in listed.read_text().splitlines()[1:4]]
    assert marked == ["True"] * 3


def test_the_server_answers_and_says_why(walked: Any) -> None:
    _, told = walked
    assert said(told, "curl -s -o /dev/null") == "200\n"
    decoder, text = json.JSONDecoder(), said(told, "customer=").strip()
    score, end = decoder.raw_decode(text)
    reasons, _ = decoder.raw_decode(text[end:].strip())
    assert 0 < score["results"][0]["probability"] < 1
    assert len(reasons["results"][0]["contributions"]) == 3


def test_a_receipt_leads_back(walked: Any) -> None:
    _, told = walked
    traced = said(told, "curl -s http://127.0.0.1:3000/churn/score")
    assert "demo-churn" in traced
    assert "v1" in traced


def test_monitoring_decides(walked: Any) -> None:
    _, told = walked
    assert "decision" in said(told, "salespipe monitor")


def test_the_notebook_runs_and_stores_no_output(walked: Any) -> None:
    shell, _ = walked
    notebook = nbformat.read(ROOT / NOTEBOOK, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    place = (shell.folder / NOTEBOOK).parent.as_posix()
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": place}}).execute()
    shown = "\n".join(
        str(out.get("text") or out.get("data", {}).get("text/plain", ""))
        for cell in cells
        for out in cell.outputs
    )
    assert "came true" in shown
    assert "days since the last order" in shown or "visits" in shown
    assert any("image/png" in out.get("data", {}) for cell in cells for out in cell.outputs)


@pytest.fixture(scope="module")
def drawn(walked: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What Kedro-Viz exports: the graph, and each dataset by name."""
    shell, _ = walked
    shell.run("kedro viz build --include-previews")
    api = shell.folder / "build/api"
    graph = json.loads((api / "main").read_text())
    data = [node for node in graph["nodes"] if node["type"] == "data"]
    return graph, {
        node["name"]: json.loads((api / "nodes" / node["id"]).read_text()) | node for node in data
    }


def test_kedro_viz_draws_every_node_under_a_readable_name(drawn: Any) -> None:
    graph, _ = drawn
    tasks = {node["name"] for node in graph["nodes"] if node["type"] == "task"}
    assert {"map_sources", "build_model_input", "fit_model", "decide_promotion"} <= tasks
    tags = {tag["id"] for tag in graph["tags"]}
    assert {"ingest", "features", "train", "score", "monitor"} <= tags


def test_kedro_viz_puts_layers_in_their_order(drawn: Any) -> None:
    graph, datasets = drawn
    assert [layer for layer in graph["layers"] if layer != "truth"] == LAYERS
    # in memory only, or of no layer (conf says why)
    passed_on = ("mapped_tables", ".trained", ".evidence", ".rows_before", ".rows_kept")
    bare = {name for name, one in datasets.items() if one["layer"] is None}
    assert bare
    assert all(name.endswith(passed_on) for name in bare)


def test_kedro_viz_previews_tables_reports_and_pictures(drawn: Any) -> None:
    _, datasets = drawn
    orders = datasets["tables"]
    assert "08_reporting/demo/" in datasets["churn.metrics"]["filepath"]
    assert len(orders["preview"]["data"]) == 5
    assert "customer_id" in orders["preview"]["columns"]
    for name in ("source_tables", "quarantine", "churn.model_input", "scores"):
        assert datasets[name]["preview"]["columns"], name
    for name in ("churn.metrics", "churn.gate", "churn.model"):
        assert json.loads(datasets[name]["preview"]), name
    assert datasets["churn.plots"]["preview"].startswith("iVBOR")


def test_nothing_of_all_this_called_anywhere(walked: Any, drawn: Any) -> None:
    shell, _ = walked
    assert calls(shell.folder) == ""
