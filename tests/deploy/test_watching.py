"""Dashboard and alerts ask for metrics and labels that the server has, and leave none out."""

from __future__ import annotations

import re

import pytest
import yaml
from serving.guard import PROBES
from serving.observe import metrics

from tests.deploy.parts import ALERTS, DASHBOARD, DEPLOY, PROMETHEUS, alerts, queries

OF_PROMETHEUS = {"up", "probe_success"}
FUNCTIONS = {
    "sum", "max", "min", "rate", "increase", "changes", "histogram_quantile", "scalar", "by", "on",
    "group_left",
}  # fmt: skip
OF_EVERY_SERIES = {"instance", "job", "le"}


def exposed() -> dict[str, set[str]]:
    """Names as Prometheus reads them, with their labels."""
    ours = metrics()
    found: dict[str, set[str]] = {}
    for one in [*ours._metrics.values(), ours.failures, ours.dropped]:
        (family,) = one.describe()
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
        for ending in endings.get(family.type, [""]):
            found[family.name + ending] = set(one._labelnames)
    return found


def asked(query: str) -> set[str]:
    """The metrics of a query."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|(by|on) \([^)]*\)', " ", query)
    return set(re.findall(r"[a-z]\w+", bare)) - FUNCTIONS


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_a_query_asks_for_what_there_is(query: str) -> None:
    known = exposed()
    assert asked(query) <= set(known) | OF_PROMETHEUS
    labels = set(re.findall(r"(\w+)\s*[!=]~?\"", query))
    for listed in re.findall(r"(?:by|on) \(([^)]*)\)", query):
        labels |= {one.strip() for one in listed.split(",")}
    ours = set().union(*(known.get(name, set()) for name in asked(query)))
    assert labels <= ours | OF_EVERY_SERIES


def test_every_metric_is_shown() -> None:
    shown = set().union(*(asked(query) for query in queries()))
    families = {name.removesuffix("_bucket") for name in shown}
    known = {re.sub("_(bucket|sum|count)$", "", name) for name in exposed()}
    assert known <= families


def test_a_parenthesis_that_opens_closes() -> None:
    for query in queries():
        assert query.count("(") == query.count(")")
        assert query.count("{") == query.count("}")


def test_panels_have_words_numbers_and_places_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert all(panel["title"] and panel["description"] for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        taken |= cells


def test_legends_and_variables_name_labels_and_variables_that_are_there() -> None:
    variables = {one["name"] for one in DASHBOARD["templating"]["list"]}
    labels = set().union(*exposed().values()) | OF_EVERY_SERIES
    built_in = {"__range", "__rate_interval", "__all"}
    for query in queries():
        assert set(re.findall(r"\$(\w+)", query)) <= variables | built_in | {"labels"}
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels


def test_the_dashboard_is_where_grafana_looks() -> None:
    folder = DEPLOY / "grafana/provisioning"
    provider = yaml.safe_load((folder / "dashboards/salespipe.yml").read_text("utf-8"))
    assert provider["providers"][0]["options"]["path"] == "/etc/grafana/dashboards"
    source = yaml.safe_load((folder / "datasources/prometheus.yml").read_text("utf-8"))
    assert source["datasources"][0]["url"] == "http://prometheus:9090"


def test_alerts_tell_what_happened_and_what_to_do() -> None:
    assert len({rule["alert"] for rule in alerts()}) == len(alerts())
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert {"summary", "description"} <= set(rule["annotations"])
    assert len(ALERTS["groups"]) == 1


def test_readiness_is_asked_where_the_server_answers() -> None:
    (probe,) = [one for one in PROMETHEUS["scrape_configs"] if one["job_name"] == "salespipe-ready"]
    (target,) = probe["static_configs"][0]["targets"]
    assert target.removeprefix("http://salespipe:3000") in PROBES


def test_alerts_and_panels_name_jobs_that_are_scraped() -> None:
    jobs = {one["job_name"] for one in PROMETHEUS["scrape_configs"]}
    named = {job for query in queries() for job in re.findall(r'job="([^"]+)"', query)}
    assert named == jobs
