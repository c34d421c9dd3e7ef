"""The Compose file: what it names is there, nothing listens outward, no password is known."""

from __future__ import annotations

import re
from typing import Any

import pytest
from serving.guard import PROBES

from tests.deploy.parts import COMPOSE, DEPLOY, PROMETHEUS, SERVICES, words

NOT_SETTINGS = {"SALESPIPE_WORKERS"}
"""Read by BentoML before the settings are."""
SERVED = 3000


def mounts(service: dict[str, Any]) -> list[str]:
    return [one.split(":")[0] for one in service.get("volumes", [])]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_is_there(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    named = {one for one in mounts(service) if not one.startswith(".")}
    assert named <= set(COMPOSE["volumes"])
    for other, how in service.get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert SERVICES[other]["restart"] == "no"


def test_everything_that_is_declared_is_used() -> None:
    every = SERVICES.values()
    assert set(COMPOSE["volumes"]) == {
        one for service in every for one in mounts(service) if not one.startswith(".")
    }
    assert set(COMPOSE["networks"]) == {n for s in every for n in s.get("networks", [])}
    assert set(COMPOSE["secrets"]) == {n for s in every for n in s.get("secrets", [])}


def test_folders_of_the_repository_that_are_mounted_are_there() -> None:
    mounted = {one for service in SERVICES.values() for one in mounts(service)}
    for folder in ("./prometheus", "./grafana/provisioning", "./grafana/dashboards"):
        assert folder in mounted
        assert (DEPLOY / folder).is_dir()


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_this_machine_s_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")
    if service["restart"] != "no":
        assert "healthcheck" in service
        assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])


def test_no_password_is_written_down() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|_KEY", name):
                assert value.startswith("/run/"), name


def test_where_the_variables_come_from_is_told() -> None:
    text = (DEPLOY / "compose.yml").read_text("utf-8")
    told = (DEPLOY / ".env.example").read_text("utf-8").splitlines()
    given = {line.split("=")[0] for line in told if line and not line.startswith("#")}
    assert words(text) == given


def test_settings_of_the_server_are_known_to_it() -> None:
    from serving.settings import PREFIX, Settings

    known = {PREFIX + name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    for service in SERVICES.values():
        given = {name for name in service.get("environment", {}) if name.startswith(PREFIX)}
        assert given <= known
    assert {"SALESPIPE_BUNDLE", "SALESPIPE_LOG", "SALESPIPE_TOKENS"} <= set(
        SERVICES["salespipe"]["environment"]
    )


def test_the_server_reads_what_the_follower_writes() -> None:
    command = SERVICES["follower"]["command"]
    assert {"--follow-only", "--env", "--bundle"} <= set(command)
    folder = command[command.index("--bundle") + 1]
    assert SERVICES["salespipe"]["environment"]["SALESPIPE_BUNDLE"] == folder
    assert f"bundle:{folder}" in SERVICES["follower"]["volumes"]
    assert f"bundle:{folder}:ro" in SERVICES["salespipe"]["volumes"]


def test_health_is_asked_where_the_server_answers() -> None:
    (question,) = [one for one in SERVICES["salespipe"]["healthcheck"]["test"] if "http" in one]
    asked = re.search(rf"127\.0\.0\.1:{SERVED}(/\w+)", question)
    assert asked is not None
    assert asked[1] in PROBES
    compile(question, "healthcheck", "exec")


def test_tokens_are_mounted_as_a_folder_since_the_file_is_renamed_over() -> None:
    (mount,) = [one for one in SERVICES["salespipe"]["volumes"] if "tokens" in one]
    source, target, how = mount.split(":")
    assert (source, how) == ("./secrets/tokens", "ro")
    assert SERVICES["salespipe"]["environment"]["SALESPIPE_TOKENS"] == f"{target}/tokens.json"


def test_the_registry_s_network_leads_nowhere() -> None:
    assert COMPOSE["networks"]["registry"]["internal"]
    assert SERVICES["follower"]["networks"] == ["registry"]
    assert SERVICES["postgres"]["networks"] == ["registry"]
    assert SERVICES["s3"]["networks"] == ["registry"]


def test_prometheus_asks_services_that_it_can_reach() -> None:
    text = str(PROMETHEUS)
    for host, port in re.findall(r"\b([a-z]+):(\d+)", text):
        assert "watch" in SERVICES[host]["networks"]
        assert port == ("9115" if host == "blackbox" else str(SERVED))
    secret = PROMETHEUS["scrape_configs"][0]["authorization"]["credentials_file"]
    assert secret.removeprefix("/run/secrets/") in SERVICES["prometheus"]["secrets"]
    assert (DEPLOY / "prometheus" / PROMETHEUS["rule_files"][0]).is_file()
