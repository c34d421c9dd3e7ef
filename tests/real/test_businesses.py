"""The shipped businesses on their real data, from file to champion, as `make run` does it."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from salespipe.datasets.sources import SourceTables
from salespipe.params_source import SourceParams
from salespipe.pipelines.ingest.nodes import map_sources
from tests.clone import ROOT, git, make_run

FILES = {
    "online_retail": ("churn", "online_retail.parquet"),
    "telco": ("churn", "telco_churn.csv"),
    "bank": ("propensity", "bank_marketing.csv"),
}


@pytest.fixture(scope="module")
def project(copy_project, datasets):
    """A clone in which all three have run, one after the other."""
    folder = copy_project()
    for env, (_, file) in FILES.items():
        make_run(folder, "--env", env, "--data", str(datasets / file))
    return folder


def read(project, env, name):
    return json.loads((project / "data/08_reporting" / env / name).read_text())


def test_two_businesses_never_meet(project, datasets):
    """Each has its own lock, and the first still has nothing to do after the others ran."""
    changed = {line[3:] for line in git(project, "status", "--porcelain").splitlines()}
    assert changed == {f"conf/{env}/dvc.lock" for env in FILES}
    told = make_run(
        project, "--env", "online_retail", "--data", str(datasets / FILES["online_retail"][1])
    )
    assert "Nothing changed for online_retail" in told.stdout


def test_no_row_of_online_retail_is_lost(project):
    counts = read(project, "online_retail", "ingest.json")["orders"]
    assert (counts["rows_in"], counts["rows_kept"]) == (541_909, 401_604)
    assert counts["rows_quarantined"] == 541_909 - 401_604
    assert counts["reasons"]["duplicate line"] == 5225


def test_cancelled_invoices_are_kept_and_tied_to_their_sales(project):
    orders = pd.read_parquet(project / "data/03_primary/online_retail/orders.parquet")
    cancelled = orders[orders["status"] == "cancelled"]
    assert len(cancelled) == 8872
    tied = cancelled.dropna(subset="reverses_line_id")
    assert len(tied) > 0.8 * len(cancelled)
    pairs = tied.merge(
        orders, left_on="reverses_line_id", right_on="line_id", suffixes=("", "_sale")
    )
    assert len(pairs) == len(tied)
    assert (pairs["ordered_at_sale"] <= pairs["ordered_at"]).all()
    assert (pairs["customer_id_sale"] == pairs["customer_id"]).all()
    assert (pairs["quantity_sale"] >= -pairs["quantity"]).all()


def test_online_retail_churn_meets_its_reference(project):
    """DESIGN section 5: cutoff 2011-09-10, 2,787 customers, base rate 0.382."""
    metrics = read(project, "online_retail", "churn/metrics.json")
    test = metrics["rows"]["test"]
    assert (test["last_cutoff"], test["rows"]) == ("2011-09-10", 2787)
    assert test["base_rate"] == pytest.approx(0.382, abs=0.001)
    figures = metrics["candidates"]
    chosen = figures[metrics["chosen"]]
    assert chosen["roc_auc"]["value"] >= 0.742
    assert chosen["ece"]["value"] <= figures["rfm_logistic"]["ece"]["value"] + 0.01
    assert figures["rfm_logistic"]["roc_auc"]["value"] == pytest.approx(0.739, abs=0.01)
    assert figures["recency_rule"]["roc_auc"]["value"] == pytest.approx(0.655, abs=0.01)


def test_online_retail_propensity_meets_its_reference(project):
    """DESIGN section 5: cutoff 2011-11-09, 4,067 customers, base rate 0.341."""
    metrics = read(project, "online_retail", "propensity/metrics.json")
    test = metrics["rows"]["test"]
    assert (test["last_cutoff"], test["rows"]) == ("2011-11-09", 4067)
    chosen = metrics["candidates"][metrics["chosen"]]
    assert chosen["roc_auc"]["value"] >= 0.746
    assert chosen["ece"]["value"] <= 0.045


def test_online_retail_offers_meet_their_reference(project):
    """DESIGN section 5: cutoff 2011-11-09, active customers by 20 groups, base rate about 0.14."""
    metrics = read(project, "online_retail", "offers/metrics.json")
    test = metrics["rows"]["test"]
    assert (test["last_cutoff"], test["rows"]) == ("2011-11-09", 64_900)
    assert test["base_rate"] == pytest.approx(0.14, abs=0.015)
    chosen = metrics["candidates"][metrics["chosen"]]
    assert chosen["roc_auc"]["value"] >= 0.822
    popularity = metrics["candidates"]["popularity_rule"]["roc_auc"]["value"]
    assert chosen["roc_auc"]["value"] > popularity + 0.1


def test_online_retail_is_served_as_it_was_scored(project, tmp_path):
    """A thousand customers, three ways to ask, two models: 1e-9 from the batch list."""
    from serving.app import make_app
    from serving.guard import Guard
    from serving.server import Server
    from serving.settings import Settings

    from salespipe.bundle import Business, update_bundle
    from tests.serving.asking import Client, three_ways

    with contextlib.chdir(project):
        business = Business.open(project, "online_retail")
        champions = business.champions(["churn", "propensity"])
        assert set(champions) == {"churn", "propensity"}
        update_bundle(business, champions, tmp_path / "bundle")
        bootstrap_project(project)
        with KedroSession.create(project_path=project, env="online_retail") as session:
            session.run(pipeline_names=["score"])
    server = Server(Settings(bundle=tmp_path / "bundle"))
    server.start()
    client = Client(Guard(make_app(server), server))
    for model in champions:
        listed = pd.read_parquet(
            project / f"data/07_model_output/online_retail/{model}_scores.parquet"
        ).dropna(subset=["probability"])
        listed = listed.sort_values("entity_id").head(1000).set_index("entity_id")
        assert len(listed) == 1000
        folder = project / "data/03_primary/online_retail"
        told = three_ways(client, server.champions.by_name[model], folder, listed.index)
        for way, results in told.items():
            got = np.array([one["probability"] for one in results])
            assert np.abs(got - listed["probability"].to_numpy()).max() <= 1e-9, (model, way)
    server.stop()


def test_telco_leaves_sensitive_attributes_out_and_does_not_leak(project):
    metrics = read(project, "telco", "churn/metrics.json")
    auc = metrics["candidates"][metrics["chosen"]]["roc_auc"]["value"]
    assert 0.82 < auc < 0.9
    schema = json.loads((project / "data/06_models/telco/churn/schema.json").read_text())
    features = {feature["name"] for feature in schema["features"]}
    assert not features & {"gender", "SeniorCitizen", "Partner", "Dependents"}
    assert set(schema["sensitive"]) == {"gender", "SeniorCitizen", "Partner", "Dependents"}


def test_bank_is_judged_on_its_latest_rows(project):
    frame = pd.read_parquet(project / "data/05_model_input/bank/propensity/rows.parquet")
    position = frame["entity_id"].astype(int)
    assert position[frame["split"] == "test"].min() > position[frame["split"] != "test"].max()
    assert "duration" not in frame
    metrics = read(project, "bank", "propensity/metrics.json")
    assert metrics["candidates"][metrics["chosen"]]["roc_auc"]["value"] >= 0.70


def test_duration_is_refused_by_name(project, datasets):
    source = project / "conf/bank/source.yml"
    kept = source.read_text()
    source.write_text(kept.replace("    - campaign\n", "    - campaign\n    - duration\n"))
    done = make_run(project, "--env", "bank", check=False)
    source.write_text(kept)
    assert done.returncode == 1
    assert "may not use 'duration' as a feature: the length of a call is known only" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("orders.csv", "InvoiceNo,StockCode\n1,2\n", "has no column"),
        ("orders.parquet", "not parquet", "can't be read as Parquet"),
        ("orders.csv", "", "is empty"),
    ],
)
def test_a_bad_file_stops_with_one_clear_sentence(project, tmp_path, name, content, words):
    (tmp_path / name).write_text(content)
    done = make_run(project, "--env", "online_retail", "--data", str(tmp_path / name), check=False)
    assert done.returncode == 1
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("salespipe:")]
    assert words in told
    assert "Traceback" not in done.stdout + done.stderr


def ingest(folder):
    """The orders of a folder with one file, by the shipped mapping."""
    conf = yaml.safe_load((ROOT / "conf/online_retail/source.yml").read_text())
    raw = SourceTables(folder=str(folder), source=conf).load()
    kept, _ = map_sources(raw, SourceParams.model_validate(conf))
    return kept["orders"].execute()


def test_ucis_own_xlsx_and_a_csv_of_it_give_the_same_orders(datasets, tmp_path):
    frame = pl.read_parquet(datasets / "online_retail.parquet")
    us_time = frame.with_columns(pl.col("InvoiceDate").dt.strftime("%-m/%-d/%Y %-H:%M"))
    for kind in ("parquet", "xlsx", "csv"):
        (tmp_path / kind).mkdir()
    frame.write_parquet(tmp_path / "parquet" / "orders.parquet")
    frame.write_excel(tmp_path / "xlsx" / "Online Retail.xlsx")
    (tmp_path / "csv" / "data.csv").write_bytes(us_time.write_csv().encode("latin-1"))
    expected = ingest(tmp_path / "parquet")
    for kind in ("xlsx", "csv"):
        orders = ingest(tmp_path / kind)
        assert len(orders) == len(expected)
        for column in ("order_id", "customer_id", "item_id", "line_id", "reverses_line_id"):
            assert (orders[column].fillna("") == expected[column].fillna("")).all(), column
        for column in ("quantity", "unit_price"):
            assert (orders[column].astype(float) == expected[column].astype(float)).all(), column
        minutes = (
            expected["ordered_at"].dt.floor("min") if kind == "csv" else expected["ordered_at"]
        )
        assert (orders["ordered_at"] == minutes).all()
