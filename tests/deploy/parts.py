"""What the tests of `deploy/` read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
DASHBOARD: dict[str, Any] = json.loads(
    (DEPLOY / "grafana/dashboards/salespipe.json").read_text("utf-8")
)
ALERTS: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text("utf-8"))
PROMETHEUS: dict[str, Any] = yaml.safe_load(
    (DEPLOY / "prometheus/prometheus.yml").read_text("utf-8")
)
KUSTOMIZATION: dict[str, Any] = yaml.safe_load(
    (KUBERNETES / "kustomization.yaml").read_text("utf-8")
)


def objects() -> list[dict[str, Any]]:
    """Everything that the kustomization applies."""
    files = [KUBERNETES / name for name in KUSTOMIZATION["resources"]]
    return [one for file in files for one in yaml.safe_load_all(file.read_text("utf-8"))]


def named(kind: str) -> dict[str, dict[str, Any]]:
    """The objects of a kind, by name."""
    return {one["metadata"]["name"]: one for one in objects() if one["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """The pod of each deployment."""
    return {name: one["spec"]["template"] for name, one in named("Deployment").items()}


def containers() -> list[dict[str, Any]]:
    return [one for pod in pods().values() for one in pod["spec"]["containers"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for group in ALERTS["groups"] for rule in group["rules"]]


def queries() -> Iterator[str]:
    """Every PromQL expression of the dashboard and the alerts."""
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (note["expr"] for note in DASHBOARD["annotations"]["list"])
    yield from (rule["expr"] for rule in alerts())


def words(text: str) -> set[str]:
    """`${NAME}`, `${NAME:-default}` and `${NAME:?words}` of a Compose file."""
    return set(re.findall(r"(?<!\$)\$\{(\w+)", text))
