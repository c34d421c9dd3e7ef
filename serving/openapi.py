"""The OpenAPI document of the champions in office: their features, with an example of each way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import TypeAdapter

from serving.champions import CustomerChampion, ForecastChampion

Champion = CustomerChampion | ForecastChampion
REFS = "#/components/schemas/"

PROBLEM = {
    "type": "object",
    "required": ["code", "message", "field"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "field": {"type": ["string", "null"]},
    },
}
ERROR = {"type": "object", "required": ["error"], "properties": {"error": PROBLEM}}
RECEIPT = {
    "type": "object",
    "description": "Where the answer comes from; `salespipe trace` takes its `id`.",
    "required": ["id", "business", "model", "version"],
    "properties": {
        "id": {"type": "string"},
        "business": {"type": "string"},
        "model": {"type": "string"},
        "version": {"type": "integer"},
        **{
            name: {"type": ["string", "null"]}
            for name in ("run_id", "git_commit", "data_hash", "schema_hash", "as_of")
        },
    },
}
STATUSES = {
    400: "The request is no JSON, or not as its schema says; `field` names the place.",
    401: "A bearer token is missing, or not known.",
    403: "The token is not for this model, or none is set and the request is not local.",
    404: "There is no such model.",
    405: "It is asked by POST.",
    408: "The request took too long to come.",
    413: "The request is too large.",
    415: "It is not application/json.",
    422: "What is asked can't be: a history in the future, a week of three days.",
    500: "Something went wrong here.",
    503: "At capacity; see Retry-After.",
}


def document(champions: Mapping[str, Champion]) -> dict[str, Any]:
    """OpenAPI 3.1 of what can be asked now.

    Args:
        champions: by name.
    """
    schemas: dict[str, Any] = {"Error": ERROR, "Receipt": RECEIPT}
    paths: dict[str, Any] = {
        "/": {"get": _told("Who is in office.", {"type": "object"})},
        "/docs.json": {"get": _told("This document.", {"type": "object"})},
    }
    for name, champion in sorted(champions.items()):
        paths |= _paths(name, champion, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "salespipe", "version": _version(), "description": _about(champions)},
        "security": [{"bearer": []}, {}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths(name: str, champion: Champion, schemas: dict[str, Any]) -> dict[str, Any]:
    if isinstance(champion, ForecastChampion):
        asked = _request(name, "Series", champion.question, schemas)
        schemas[f"{name}.Forecast"] = _forecast_answer(champion)
        told = f"Forecasts from {champion.facts['as_of']}, with 80% and 95% intervals."
        return {
            f"/{name}/predict": {
                "post": _operation(
                    f"{name}_predict",
                    told,
                    asked,
                    f"{name}.Forecast",
                    {"series": {"value": _series_example(champion)}},
                )
            }
        }
    schemas[f"{name}.Scores"] = _scores_answer(champion, explained=False)
    schemas[f"{name}.Reasons"] = _scores_answer(champion, explained=True)
    examples = _examples(champion)
    score = _request(name, "Score", champion.question, schemas)
    reasons = _request(name, "Explain", champion.explanation, schemas)
    about = f"{champion.output.capitalize()} of {champion.facts['meaning']}"
    return {
        f"/{name}/score": {
            "post": _operation(f"{name}_score", f"{about}.", score, f"{name}.Scores", examples)
        },
        f"/{name}/explain": {
            "post": _operation(
                f"{name}_explain",
                f"{about}, and why: exact contributions in words.",
                reasons,
                f"{name}.Reasons",
                examples,
            )
        },
    }


def _request(
    name: str, title: str, asked: TypeAdapter[Any], schemas: dict[str, Any]
) -> dict[str, Any]:
    """The schema of a request, what it refers to put among the document's under its own name."""
    schema = asked.json_schema()
    text = json.dumps(schema).replace('"#/$defs/', f'"{REFS}{name}.{title}.')
    told: dict[str, Any] = json.loads(text)
    for part, content in told.pop("$defs", {}).items():
        schemas[f"{name}.{title}.{part}"] = content
    schemas[f"{name}.{title}"] = told
    return {"$ref": f"{REFS}{name}.{title}"}


def _operation(
    id_: str, about: str, asked: dict[str, Any], answer: str, examples: dict[str, Any]
) -> dict[str, Any]:
    body = {"application/json": {"schema": asked, "examples": examples}}
    return {
        "operationId": id_,
        "summary": about,
        "requestBody": {"required": True, "content": body},
        "responses": _responses({"$ref": REFS + answer}, STATUSES),
    }


def _told(about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"summary": about, "security": [], "responses": _responses(schema, {500: STATUSES[500]})}


def _responses(schema: dict[str, Any], statuses: Mapping[int, str]) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": f"{REFS}Error"}}}
    retry = {"headers": {"Retry-After": {"schema": {"type": "string"}}}}
    refused = {
        str(status): {"description": told, "content": error, **(retry if status == 503 else {})}  # noqa: PLR2004
        for status, told in statuses.items()
    }
    return {
        "200": {"description": "Done.", "content": {"application/json": {"schema": schema}}},
        **refused,
    }


def _scores_answer(champion: CustomerChampion, *, explained: bool) -> dict[str, Any]:
    number, text = {"type": "number"}, {"type": ["string", "null"]}
    result = {
        "customer_id": text,
        **({"item_group": text} if champion.groups else {}),
        champion.output: number,
        "decile": {"type": "integer", "minimum": 1, "maximum": 10,
                   "description": "Among everyone; 1 is the highest tenth."},
        "contact": {"type": ["boolean", "null"], "description": "Whether a contact pays."},
        "as_of": text,
        "error": PROBLEM,
    }  # fmt: skip
    if explained:
        reason = {"feature": {"type": "string"}, "words": {"type": "string"},
                  "value": {"type": "string"}, "contribution": number,
                  "direction": {"enum": ["raises", "lowers"]}}  # fmt: skip
        listed = {"type": "array", "items": {"type": "object", "properties": reason}}
        result |= {"score": number, "baseline": number, "rest": number, "contributions": listed}
    facts = {"meaning": {"type": "string"}, "threshold": {"type": ["number", "null"]}}
    return _answer(facts, result)


def _forecast_answer(champion: ForecastChampion) -> dict[str, Any]:
    number = {"type": "number"}
    names = next(iter(champion.blocks.values()))[0]
    block = {
        name: {"type": "string"} if isinstance(value, str) else number
        for name, value in names.items()
    }
    series = {name: {"type": "string"} for name in ("measure", "level", "key", "frequency")}
    listed = {"type": "array", "items": {"type": "object", "properties": block}}
    return _answer({}, {**series, "forecast": listed, "error": PROBLEM})


def _answer(facts: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["model", "version", "receipt", "results"],
        "properties": {
            "model": {"type": "string"},
            "version": {"type": "integer"},
            **facts,
            "receipt": {"$ref": f"{REFS}Receipt"},
            "results": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": result,
                    "additionalProperties": False,
                },
            },
        },
    }


def _examples(champion: CustomerChampion) -> dict[str, Any]:
    """One of each way, which can be sent as it is."""
    golden = json.loads((champion.folder / "golden.json").read_text("utf-8"))
    examples = {"features": {"value": {"entities": [{"features": golden[0]["features"]}]}}}
    if champion.scores.first:
        one = {"customer_id": next(iter(champion.scores.first))}
        examples["customer_id"] = {"value": {"entities": [one]}}
    if champion.histories is not None:
        line = {"order_id": "A1", "ordered_at": "2024-05-17T10:30:00", "item_id": "mug",
                "quantity": 2, "unit_price": 8.5}  # fmt: skip
        one_ = {"history": {"orders": [line]}, "as_of": "2024-06-01"}
        examples["history"] = {"value": {"entities": [one_]}}
    return examples


def _series_example(champion: ForecastChampion) -> dict[str, Any]:
    measure, level, key, frequency = next(iter(champion.blocks))
    one = {"measure": measure, "level": level, "key": key, "frequency": frequency, "horizon": 28}
    return {"series": [one]}


def _about(champions: Mapping[str, Champion]) -> str:
    told = [f"{name} v{one.version}" for name, one in sorted(champions.items())]
    return f"In office: {', '.join(told) or 'nobody yet'}."


def _version() -> str:
    try:
        return version("salespipe")
    except PackageNotFoundError:
        return "unknown"  # a Bento carries the package as plain files
