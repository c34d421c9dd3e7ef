"""Every file under `deploy/` is what it says, and holds no secret and no machine's path."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from serving.tokens import parse_tokens

from tests.deploy.parts import DEPLOY, ROOT

FILES = sorted(
    file for file in DEPLOY.rglob("*") if file.is_file() and file.parent.name != "tokens"
)


@pytest.mark.parametrize("file", [f for f in FILES if f.suffix in (".yml", ".yaml")])
def test_yaml_can_be_read(file: Path) -> None:
    assert any(list(yaml.safe_load_all(file.read_text("utf-8"))))


@pytest.mark.parametrize("file", [f for f in FILES if f.suffix == ".json"])
def test_json_can_be_read(file: Path) -> None:
    assert json.loads(file.read_text("utf-8"))


def test_images_are_pinned_to_a_version() -> None:
    found = [
        line.split()[1].strip('"')
        for file in FILES
        if file.name in ("compose.yml", "Dockerfile")
        for line in file.read_text("utf-8").splitlines()
        if re.match(r"\s*(image:|FROM )", line)
    ]
    public = [one for one in found if not one.startswith(("${", "salespipe-"))]
    assert len(public) >= 8
    assert all(re.search(r":v?\d+\.\d+", one) for one in public)


def test_mlflow_is_the_version_that_is_locked() -> None:
    locked = re.search(r"^mlflow==([\d.]+)", (ROOT / "requirements.lock").read_text("utf-8"), re.M)
    assert locked is not None
    assert f"mlflow:v{locked[1]}-full" in (DEPLOY / "compose.yml").read_text("utf-8")


def test_the_image_of_the_project_copies_what_there_is_and_no_more() -> None:
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    copied = {
        name
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    assert all((ROOT / name).exists() for name in copied)
    let_in = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert {line[1:] for line in let_in if line.startswith("!")} == copied
    assert let_in.index("conf/local") > let_in.index("!conf")


def test_nothing_secret_is_kept_in_git() -> None:
    done = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "deploy/secrets", "deploy/.env"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(done.stdout.split()) <= {"deploy/secrets/.gitignore"}
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_secrets_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    for name in ("deploy/make-secrets.sh", "serving", "src"):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            target.symlink_to(source)
        else:
            shutil.copy2(source, target)

    def made() -> dict[str, str]:
        command = ["sh", tmp_path / "deploy/make-secrets.sh"]
        subprocess.run(command, check=True, capture_output=True, env={"PYTHON": sys.executable})
        secrets = tmp_path / "deploy/secrets"
        files = [file for file in secrets.rglob("*") if file.is_file()]
        assert {file.stat().st_mode & 0o077 for file in files} == {0}
        return {file.relative_to(secrets).as_posix(): file.read_text("utf-8") for file in files}

    first = made()
    assert set(first) == {
        "postgres_password", "grafana_password", "metrics_token", "s3.env", "tokens/tokens.json"
    }  # fmt: skip
    assert made() == first
    (token,) = parse_tokens(first["tokens/tokens.json"])
    assert token.scopes == ("metrics",)
    assert len(first["metrics_token"].strip()) == len(first["metrics_token"]) > 40
    assert len(first["postgres_password"]) == 48
    keys = dict(line.split("=") for line in first["s3.env"].splitlines())
    assert keys["ROOT_ACCESS_KEY"] == keys["AWS_ACCESS_KEY_ID"]
    assert keys["ROOT_SECRET_KEY"] == keys["AWS_SECRET_ACCESS_KEY"]
