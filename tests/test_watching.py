"""`salespipe monitor` as typed: what it prints, sends, runs and exits with."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from salespipe import cli_monitor as commands
from salespipe.cli import cli
from salespipe.params_monitor import MonitorParams, WebhookParams
from salespipe.watching import gravest, reaches, typed
from tests.test_cli import a_shop


def a_report(*levels):
    reasons = [{"level": "watch", "kind": "drift", "words": "spend moved"}]
    return {
        f"m{i}": {
            "champion_version": 1,
            "as_of": "2024-12-31",
            "decision": {"level": level, "reasons": reasons if level != "ok" else [], "untold": []},
            "reports": "data/08_reporting/demo/m",
        }
        for i, level in enumerate(levels)
    }


@pytest.fixture
def monitor(tmp_path, monkeypatch):
    """Runs the command on what a pipeline would have found; keeps what was sent and run."""
    a_shop(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(level, *options, webhook=None, changed=True):
        given, done = {}, []

        def pipeline(root, env, overrides):
            given.update(overrides)
            return a_report("ok", level), webhook or WebhookParams()

        def repeat(*_):
            done.append("loop")
            return changed

        monkeypatch.setattr("salespipe.watching.run_monitoring", pipeline)
        monkeypatch.setattr("salespipe.webhook.send", lambda _, content: done.append(content))
        monkeypatch.setattr(commands, "reproduce", repeat)
        result = CliRunner().invoke(cli, ["monitor", *options])
        return result, given, done

    return run


def test_decision_and_reasons_are_printed(monitor):
    result, given, _ = monitor("watch", "--model", "churn", "--as-of", "2024-06-01")
    assert result.exit_code == 0
    assert "watch (drift): spend moved" in result.output
    assert "nothing moved beyond what is normal" in result.output
    assert given == {"models": ["churn"], "as_of": "2024-06-01"}


@pytest.mark.parametrize(
    ("level", "bound", "code"),
    [
        ("ok", "watch", 0),
        ("watch", "watch", 1),
        ("watch", "retrain", 0),
        ("retrain", "watch", 1),
        ("retrain", "retrain", 1),
    ],
)
def test_the_exit_code_is_for_schedulers(monitor, level, bound, code):
    assert monitor(level, "--fail-on", bound)[0].exit_code == code


def test_a_wrong_bound_is_exit_code_2(monitor):
    assert monitor("ok", "--fail-on", "never")[0].exit_code == 2


def test_json_is_what_was_found(monitor):
    result, _, _ = monitor("retrain", "--json")
    assert json.loads(result.stdout)["m1"]["decision"]["level"] == "retrain"


def test_retrain_runs_the_loop_only_where_it_was_decided(monitor):
    assert monitor("watch", "--retrain")[2] == []
    assert monitor("retrain", "--retrain")[2] == ["loop"]
    assert "Nothing to learn from" in monitor("retrain", "--retrain", changed=False)[0].output


@pytest.mark.parametrize(("at", "sent"), [("watch", 1), ("retrain", 0), ("always", 1)])
def test_the_webhook_is_called_from_its_level_on(monitor, at, sent):
    webhook = WebhookParams(url="http://127.0.0.1:9/", at=at)
    _, _, done = monitor("watch", webhook=webhook)
    assert len(done) == sent
    assert all(one["business"] == "demo" for one in done)


def test_an_unknown_model_is_one_line(monitor):
    result, _, _ = monitor("ok", "--model", "tax")
    assert (result.exit_code, "has no model 'tax'" in result.output) == (1, True)


def test_the_gravest_counts():
    assert gravest(a_report("ok", "retrain", "watch")) == "retrain"
    assert gravest({}) == "ok"
    assert not reaches("retrain", None)
    assert typed({"seed": 3}) == MonitorParams(seed=3)


def test_a_drill_is_a_table(tmp_path, monkeypatch):
    a_shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    blank = {"expected": True, "alarms": [], "level": "ok", "days": None, "smallest": None,
             "obstacle": None}  # fmt: skip
    seen = {"alarms": ["spend: moved; more", "b: x", "c: y"], "days": 14, "smallest": 0.25}
    found = {"churn": [
        {"fault": "unit change", **blank, **seen},
        {"fault": "missed", **blank},
        {"fault": "no season", **blank, "obstacle": "too young"},
    ]}  # fmt: skip
    monkeypatch.setattr("salespipe.watching.run_drill", lambda *_: found)
    told = CliRunner().invoke(cli, ["drill"]).output
    for words in ("14 days", "0.25", "1 more", "not seen (!)", "too young"):
        assert words in told
    assert json.loads(CliRunner().invoke(cli, ["drill", "--json"]).stdout) == found
