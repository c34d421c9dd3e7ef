"""DVC's remotes: a local one by default, S3 by configuration."""

from __future__ import annotations

import shutil

import pytest

from tests.clone import git, run_in


@pytest.fixture
def data(copy_project):
    folder = copy_project()
    run_in(folder, "dvc", "repro", "conf/demo/dvc.yaml")
    return folder


def fetch_again(folder) -> bytes:
    orders = folder / "data/01_raw/demo/orders.parquet"
    before = orders.read_bytes()
    shutil.rmtree(folder / ".dvc/cache")
    shutil.rmtree(folder / "data/01_raw")
    run_in(folder, "dvc", "pull", "conf/demo/dvc.yaml:simulate")
    assert orders.read_bytes() == before
    return before


def test_the_default_remote_is_local_and_ignored_by_git(data):
    run_in(data, "dvc", "push")
    fetch_again(data)
    assert ".dvc/storage" not in git(data, "status", "--porcelain")


def test_s3_by_configuration(data, s3_url, monkeypatch):
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3", endpoint_url=s3_url).create_bucket(Bucket="shop")
    run_in(data, "dvc", "remote", "add", "--local", "-d", "s3", "s3://shop/dvc")
    run_in(data, "dvc", "remote", "modify", "--local", "s3", "endpointurl", s3_url)
    run_in(data, "dvc", "push")
    stored = boto3.client("s3", endpoint_url=s3_url).list_objects_v2(Bucket="shop")
    assert stored["KeyCount"] >= 4
    fetch_again(data)
    assert git(data, "status", "--porcelain", "--", ".dvc") == ""
