"""`salespipe` as typed."""

from __future__ import annotations

import json

from click.shell_completion import BashComplete
from click.testing import CliRunner

from salespipe.cli import cli


def a_shop(folder):
    """A project with one business and one model, of which nothing was ever registered."""
    (folder / "conf/demo").mkdir(parents=True)
    (folder / "conf/base").mkdir()
    (folder / "conf/base/mlflow.yml").write_text("tracking_uri: sqlite:///mlflow.db\n")
    (folder / "params.yaml").write_text("env: demo\nmodels: [churn]\n")


def test_help_says_what_each_command_does():
    told = CliRunner().invoke(cli, ["--help"]).output
    assert "champions" in told
    assert "version, figures with intervals" in told


def test_champions_as_json(tmp_path, monkeypatch):
    a_shop(tmp_path)
    folder = tmp_path / "data/08_reporting/demo/churn"
    folder.mkdir(parents=True)
    auc = {"value": 0.8, "low": 0.7, "high": 0.9}
    candidates = {
        "recency_rule": {"role": "baseline", "roc_auc": {**auc, "value": 0.6}},
        "rfm_logistic": {"role": "baseline", "roc_auc": {**auc, "value": 0.7}},
        "xgboost": {"role": "candidate", "roc_auc": auc},
    }
    (folder / "metrics.json").write_text(
        json.dumps({"chosen": "xgboost", "candidates": candidates})
    )
    (folder / "gate.json").write_text(json.dumps({"verdict": "promote"}))
    (folder / "champion.json").write_text(json.dumps({"version": 3}))
    monkeypatch.chdir(tmp_path)
    (row,) = json.loads(CliRunner().invoke(cli, ["champions", "--json"]).output)
    assert (row["champion_version"], row["chosen"], row["value"]) == (3, "xgboost", auc)
    assert (row["baseline"], row["baseline_value"]["value"]) == ("rfm_logistic", 0.7)
    table = CliRunner().invoke(cli, ["champions"]).output
    assert "0.800 (0.700–0.900)" in table


def test_an_unknown_business_is_one_line_and_exit_code_1(tmp_path, monkeypatch):
    (tmp_path / "conf/demo").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["champions", "--env", "acne"])
    assert result.exit_code == 1
    assert "There is no business 'acne'" in result.output


def test_a_wrong_option_is_exit_code_2():
    assert CliRunner().invoke(cli, ["champions", "--en", "demo"]).exit_code == 2


def test_a_shell_completes_businesses(tmp_path, monkeypatch):
    a_shop(tmp_path)
    for name in ("telco", "tea_house", "bank"):
        (tmp_path / "conf" / name).mkdir()
        (tmp_path / "conf" / name / "params.yaml").touch()
    monkeypatch.chdir(tmp_path)
    shell = BashComplete(cli, {}, "salespipe", "_SALESPIPE_COMPLETE")
    found = shell.get_completions(["champions", "--env"], "te")
    assert [one.value for one in found] == ["tea_house", "telco"]
    every = shell.get_completions(["doctor", "--env"], "")
    assert [one.value for one in every] == ["bank", "demo", "tea_house", "telco"]
