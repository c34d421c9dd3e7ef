"""The manifests: what one names another has, and no pod may do more than it must."""

from __future__ import annotations

from typing import Any

import pytest
from serving.guard import PROBES
from serving.settings import PREFIX, Settings

from tests.deploy.parts import KUBERNETES, KUSTOMIZATION, containers, named, objects, pods

NOT_SETTINGS = {"SALESPIPE_WORKERS"}
"""Read by BentoML before the settings are."""


def labels(pod: dict[str, Any]) -> set[tuple[str, str]]:
    return set(pod["metadata"]["labels"].items())


def test_every_manifest_is_applied_but_the_example() -> None:
    files = {file.name for file in KUBERNETES.glob("*.yaml")}
    assert files - set(KUSTOMIZATION["resources"]) == {"kustomization.yaml", "secret.example.yaml"}
    assert set(KUSTOMIZATION["resources"]) <= files


def test_names_are_unique_within_a_kind() -> None:
    every = [(one["kind"], one["metadata"]["name"]) for one in objects()]
    assert len(every) == len(set(every))


def test_selectors_select_pods_that_there_are() -> None:
    every = [labels(pod) for pod in pods().values()]
    selectors = [one["spec"]["selector"] for one in named("Service").values()]
    for kind in ("Deployment", "PodDisruptionBudget"):
        selectors += [one["spec"]["selector"]["matchLabels"] for one in named(kind).values()]
    selectors += [
        one["spec"]["podSelector"]["matchLabels"] for one in named("NetworkPolicy").values()
    ]
    for selector in selectors:
        assert sum(set(selector.items()) <= one for one in every) == 1


@pytest.mark.parametrize("name", pods())
def test_a_pod_may_do_no_more_than_it_must(name: str) -> None:
    pod = pods()[name]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] >= 1000
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] in named("ServiceAccount")
    for container in pod["containers"]:
        allowed = container["securityContext"]
        assert allowed["allowPrivilegeEscalation"] is False
        assert allowed["readOnlyRootFilesystem"]
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        for bound in ("requests", "limits"):
            assert {"cpu", "memory"} <= set(container["resources"][bound])


@pytest.mark.parametrize("name", pods())
def test_volumes_are_there(name: str) -> None:
    pod = pods()[name]["spec"]
    volumes = {one["name"]: one for one in pod["volumes"]}
    mounted = {mount["name"] for one in pod["containers"] for mount in one["volumeMounts"]}
    assert mounted == set(volumes)
    claims = {
        one["persistentVolumeClaim"]["claimName"]
        for one in volumes.values()
        if "persistentVolumeClaim" in one
    }
    assert claims <= set(named("PersistentVolumeClaim"))


def test_every_claim_is_mounted() -> None:
    used = str([pod["spec"]["volumes"] for pod in pods().values()])
    assert all(name in used for name in named("PersistentVolumeClaim"))


def test_probes_are_the_server_s() -> None:
    (server,) = pods()["salespipe"]["spec"]["containers"]
    ports = {one["name"]: one["containerPort"] for one in server["ports"]}
    assert ports == {"http": 3000}
    asked = {
        kind: server[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")
    }
    assert {one["path"] for one in asked.values()} <= set(PROBES)
    assert asked["liveness"]["path"] == "/livez"
    assert asked["readiness"]["path"] == "/readyz"
    assert all(one["port"] in ports for one in asked.values())
    (service,) = named("Service").values()
    assert all(port["targetPort"] in ports for port in service["spec"]["ports"])


def test_settings_are_known() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    given = {one["name"] for container in containers() for one in container.get("env", ())}
    assert {name for name in given if name.startswith(PREFIX)} <= known
    assert {"SALESPIPE_BUNDLE", "SALESPIPE_LOG", "SALESPIPE_TOKENS"} <= given


def test_paths_in_settings_are_mounted() -> None:
    (server,) = pods()["salespipe"]["spec"]["containers"]
    mounted = {one["mountPath"] for one in server["volumeMounts"]}
    settings = {one["name"]: one.get("value", "") for one in server["env"]}
    assert settings["SALESPIPE_BUNDLE"] in mounted
    assert settings["SALESPIPE_LOG"] in mounted
    assert settings["SALESPIPE_TOKENS"].rpartition("/")[0] in mounted
    assert not any("subPath" in one for one in server["volumeMounts"])


def test_secrets_that_are_named_are_in_the_example() -> None:
    example = (KUBERNETES / "secret.example.yaml").read_text("utf-8")
    wanted = {
        volume["secret"]["secretName"]
        for pod in pods().values()
        for volume in pod["spec"]["volumes"]
        if "secret" in volume
    }
    wanted |= {
        one["valueFrom"]["secretKeyRef"]["name"]
        for container in containers()
        for one in container.get("env", ())
        if "secretKeyRef" in one.get("valueFrom", {})
    }
    assert wanted == {"salespipe-tokens", "salespipe-log"}
    assert all(f"name: {name}" in example for name in wanted)


def test_the_follower_writes_where_the_servers_read() -> None:
    (follower,) = pods()["salespipe-follower"]["spec"]["containers"]
    (server,) = pods()["salespipe"]["spec"]["containers"]
    arguments = follower["args"]
    settings = {one["name"]: one.get("value") for one in server["env"]}
    assert "--follow-only" in arguments
    assert arguments[arguments.index("--bundle") + 1] == settings["SALESPIPE_BUNDLE"]
    generated = {
        literal.split("=")[0] for literal in KUSTOMIZATION["configMapGenerator"][0]["literals"]
    }
    assert generated == {"MLFLOW_TRACKING_URI", "BUSINESS"}
    assert "$(BUSINESS)" in arguments


def test_images_are_set_by_the_kustomization() -> None:
    used = {container["image"] for container in containers()}
    assert used == {one["name"] for one in KUSTOMIZATION["images"]}
    assert all(one["newTag"] != "latest" for one in KUSTOMIZATION["images"])


def test_servers_ask_nobody_and_the_follower_only_names_and_mlflow() -> None:
    policies = named("NetworkPolicy")
    assert policies["salespipe"]["spec"]["egress"] == []
    assert policies["salespipe-follower"]["spec"]["ingress"] == []
    for policy in policies.values():
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    egress = policies["salespipe-follower"]["spec"]["egress"]
    assert [[port["port"] for port in rule["ports"]] for rule in egress] == [[53, 53], [5000]]
    uri = KUSTOMIZATION["configMapGenerator"][0]["literals"][0]
    assert uri.endswith(":5000")


def test_one_server_is_always_there() -> None:
    (budget,) = named("PodDisruptionBudget").values()
    (scaler,) = named("HorizontalPodAutoscaler").values()
    assert budget["spec"]["minAvailable"] < scaler["spec"]["minReplicas"]
    assert scaler["spec"]["scaleTargetRef"]["name"] in named("Deployment")
