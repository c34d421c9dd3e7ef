"""Progress, and one clear line instead of a traceback."""

from __future__ import annotations

import logging

import pytest
from kedro.pipeline import node

from salespipe.errors import SalespipeError
from salespipe.hooks import MlflowHooks, ProgressHooks


def test_what_a_user_can_mend_is_one_line_and_exit_code_1(caplog):
    error = RuntimeError("kedro's own words")
    error.__cause__ = SalespipeError("No orders file.")
    caplog.set_level(logging.ERROR, logger="salespipe")
    logging.getLogger("salespipe").propagate = True
    with pytest.raises(SystemExit) as stopped:
        ProgressHooks().on_pipeline_error(error=error)
    assert stopped.value.code == 1
    assert set(caplog.messages) == {"salespipe: No orders file."}


def test_any_other_error_keeps_its_traceback():
    ProgressHooks().on_pipeline_error(error=RuntimeError("a fault of ours"))


def test_a_node_is_told_once_when_its_last_output_is_saved(caplog):
    caplog.set_level(logging.INFO, logger="salespipe")
    logging.getLogger("salespipe").propagate = True
    hooks, work = ProgressHooks(), node(lambda x: (x, x), "a", ["b", "c"], name="work")
    hooks.before_node_run(node=work)
    for name in ("b", "c"):
        hooks.after_dataset_saved(dataset_name=name, data=1, node=work)
    assert len(set(caplog.messages)) == 1
    assert "work" in caplog.messages[0]


def test_without_a_tracked_dataset_nothing_is_tracked():
    hooks = MlflowHooks()
    hooks.after_dataset_saved(dataset_name="tables", data=1)
    hooks.after_pipeline_run()
    hooks.on_pipeline_error()
