"""The document says what can be asked, and what comes back."""

from __future__ import annotations

import json


def test_every_example_can_be_sent_as_it_is(client):
    sent = 0
    for path, methods in client.get("/docs.json").json()["paths"].items():
        asked = methods.get("post", {}).get("requestBody", {}).get("content", {})
        for name, example in asked.get("application/json", {}).get("examples", {}).items():
            answer = client.post(path, example["value"])
            assert answer.status_code == 200, (path, name, answer.text)
            assert not any("error" in one for one in answer.json()["results"]), (path, name)
            sent += 1
    assert sent >= 3 + 3 + 2 + 2 + 1


def test_it_names_the_features_of_the_champion_in_office(client, shop):
    document = client.get("/docs.json").json()
    schema = json.loads((shop.bundle / shop.parts["churn"] / "model/schema.json").read_text())
    told = document["components"]["schemas"]["churn.Score.Features"]
    assert set(told["properties"]) == {feature["name"] for feature in schema["features"]}
    assert told["additionalProperties"] is False
    assert set(told["required"]) == set(told["properties"])


def test_every_reference_leads_somewhere(client):
    document = client.get("/docs.json").json()
    used = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert used <= set(document["components"]["schemas"])


def test_every_status_an_endpoint_can_answer_by_is_told(client):
    for methods in client.get("/docs.json").json()["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                expected = {"200", "400", "401", "403", "404", "408", "413", "415", "422", "503"}
                assert expected <= set(operation["responses"])
