"""A small shop with champions, and a server of it in this process."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pandas as pd
import pytest

from tests.serving.asking import Client

MODELS = ["churn", "offers", "forecast"]


@pytest.fixture(scope="session")
def shop(copy_project):
    """A clone with champions of three models, everyone scored in batch, and a bundle."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    from salespipe.bundle import Business, update_bundle

    folder = copy_project()
    conf = folder / "conf/demo/parameters.yml"
    conf.write_text(conf.read_text() + "score: {models: [churn, offers]}\n")
    bootstrap_project(folder)
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for name in ("simulate", "ingest", *MODELS):
            for tags in [["features"], ["train"]] if name in MODELS else [None]:
                with KedroSession.create(project_path=folder, env="demo") as session:
                    session.run(pipeline_names=[name], tags=tags)
        business = Business.open(folder, "demo")
        for model in MODELS:
            registry = business.registry(model)
            if registry.champion() is None:
                put_in_office(folder, registry.name, registry.challenger())
        with KedroSession.create(project_path=folder, env="demo") as session:
            session.run(pipeline_names=["score"])
        champions = business.champions(MODELS)
        parts = update_bundle(business, champions)
    lists = {
        model: pd.read_parquet(folder / f"data/07_model_output/demo/{model}_scores.parquet")
        for model in ("churn", "offers")
    }
    return SimpleNamespace(folder=folder, business=business, champions=champions, parts=parts,
                           bundle=business.bundle, lists=lists)  # fmt: skip


def put_in_office(folder, name, version):
    """Moves the alias as a person does in MLflow's own pages: the gate is somebody else's test."""
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    client.set_registered_model_alias(name, "champion", str(version))


@pytest.fixture
def serve():
    """Starts servers in this process, and stops them."""
    from serving.app import make_app
    from serving.guard import Guard
    from serving.server import Server
    from serving.settings import Settings

    started = []

    def start(**settings):
        server = Server(Settings(**settings))
        server.start()
        started.append(server)
        app = Guard(make_app(server), server)
        return SimpleNamespace(server=server, app=app, client=Client(app))

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def client(shop, serve):
    return serve(bundle=shop.bundle).client
