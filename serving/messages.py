"""What may be asked, as types: of each champion its own, since its features are its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, NotRequired

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
    with_config,
)
from pydantic_core import from_json
from typing_extensions import TypedDict

from salespipe.schemas import ORDER_STATUS
from serving.errors import ApiError

MAX_ENTITIES = 1000
MAX_LINES = 10_000
"""Order lines, or events, of one customer."""
WAYS = ("customer_id", "features", "history")

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Text = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]
# beyond this a float32, which trees compare by, is infinite
Number = Annotated[float, Field(ge=-1e30, le=1e30)]
Amount = Annotated[float, Field(ge=-1e9, le=1e9)]


def _text(value: Any) -> Any:
    """Lets text through: left to itself, a date is read of seconds since 1970 too."""
    if not isinstance(value, str | date):
        raise ValueError("a date is text such as 2024-05-17")
    return value


def _whole(value: Any) -> Any:
    """Takes 5.0 for 5, as JSON does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Moment = Annotated[datetime, Field(strict=False), BeforeValidator(_text)]
Day = Annotated[date, Field(strict=False), BeforeValidator(_text)]

TYPES: Mapping[str, Any] = {
    "string": Text,
    "float64": Number,
    "int64": Number,
    "boolean": bool,
    "timestamp(6)": Moment,
    "date": Day,
}
"""What Ibis types are in a request."""


REQUIRED: Mapping[str, Any] = {
    "order_id": Id,
    "ordered_at": Moment,
    "item_id": Id,
    "quantity": Amount,
    "unit_price": Annotated[float, Field(ge=0, le=1e9)],
    "occurred_at": Moment,
    "kind": Id,
}
"""What a line, or an event, can't do without; ingest refuses the same."""


def features_type(schema: Sequence[tuple[str, str]]) -> Any:
    """The features of a model: every one is asked for, null where its value is unknown.

    Args:
        schema: name and kind of each, in order.
    """
    kinds = {"number": Number | None, "category": Text | None}
    return _closed("Features", {name: kinds[kind] for name, kind in schema})


def history_type(schemas: Mapping[str, Mapping[str, str]]) -> Any:
    """All that is known of a customer: order lines, and events and attributes where there are any.

    Args:
        schemas: Ibis types by column, by canonical table.
    """
    fields: dict[str, Any] = {}
    for table, columns in schemas.items():
        known = {
            name: REQUIRED[name] if name in REQUIRED else NotRequired[_asked(name, kind) | None]
            for name, kind in columns.items()
            if name != "customer_id"
        }
        row = _closed(table.title().removesuffix("s"), known)
        if table == "customers":
            fields["customer"] = NotRequired[row]
        else:
            rows = _many(row, 0, MAX_LINES)
            fields[table] = rows if table == "orders" else NotRequired[rows]
    return _closed("History", fields)


def _asked(name: str, kind: str) -> Any:
    if name == "status":
        return _one_of(ORDER_STATUS)
    return Amount if kind.startswith("decimal") else TYPES[kind]


def _closed(name: str, fields: Mapping[str, Any]) -> Any:
    made = TypedDict(name, dict(fields))  # type: ignore[misc]  # noqa: UP013 - names are data
    return with_config(STRICT)(made)


def _many(item: Any, least: int, most: int) -> Any:
    return Annotated[list[item], Field(min_length=least, max_length=most)]


def _up_to(most: int) -> Any:
    return Annotated[int, Field(ge=1, le=most), BeforeValidator(_whole)]


def _one_of(names: Sequence[str]) -> Any:
    return Literal[tuple(names)]


def question_type(
    features: Any, history: Any | None, item_groups: Sequence[str], explain: bool
) -> TypeAdapter[Any]:
    """A whole request for scores: 1 to 1,000 entities, each asked for in one of three ways.

    Args:
        features: see `features_type`.
        history: see `history_type`; None where a model reads more than one customer's history.
        item_groups: the product groups of a model of offers.
        explain: whether reasons are asked for.
    """
    group = {"item_group": NotRequired[_one_of(item_groups)]} if item_groups else {}
    ways: list[Any] = [
        Annotated[_closed("ByCustomerId", {"customer_id": Id, **group}), Tag("customer_id")],
        Annotated[
            _closed("ByFeatures", {"customer_id": NotRequired[Id], "features": features}),
            Tag("features"),
        ],
    ]
    if history is not None:
        fields = {"customer_id": NotRequired[Id], "history": history, "as_of": NotRequired[Day]}
        ways.append(Annotated[_closed("ByHistory", fields), Tag("history")])
    entity: Any = Annotated[reduce(or_, ways), Discriminator(way_of)]
    top = {"top": NotRequired[_up_to(MAX_ENTITIES)]} if explain else {}
    return TypeAdapter(_closed("Request", {"entities": _many(entity, 1, MAX_ENTITIES), **top}))


def way_of(entity: Any) -> str:
    """How an entity is asked for: by what it brings."""
    if isinstance(entity, dict):
        if "features" in entity:
            return "features"
        if "history" in entity:
            return "history"
    return "customer_id"


def forecast_type(
    measures: Sequence[str], levels: Sequence[str], frequencies: Sequence[str], days: int
) -> TypeAdapter[Any]:
    """A whole request for forecasts."""
    series = _closed("Series", {
        "measure": NotRequired[_one_of(measures)],
        "level": _one_of(levels),
        "key": NotRequired[Id],
        "frequency": NotRequired[_one_of(frequencies)],
        "horizon": _up_to(days),
    })  # fmt: skip
    return TypeAdapter(_closed("Request", {"series": _many(series, 1, MAX_ENTITIES)}))


def read(asked: TypeAdapter[Any], body: bytes) -> Any:
    """A request as its type says.

    It is parsed first: `validate_json` would parse each entity twice, once to see its way.

    Raises:
        ApiError: it is no JSON, or not of that type; the field that is wrong is named.
    """
    try:
        plain = from_json(body)
    except ValueError as error:
        raise ApiError(400, "invalid_json", f"The request is no JSON: {error}.") from None
    try:
        return asked.validate_python(plain)
    except ValidationError as error:
        raise _refused(error) from None


_WORDS = {
    "missing": "is missing",
    "dict_type": "is not an object",
    "list_type": "is not an array",
    "extra_forbidden": "is not known here",
    "too_short": "needs at least one entry",
    "too_long": f"has too many entries: at most {MAX_ENTITIES:,} entities, {MAX_LINES:,} lines",
    "finite_number": "is not a finite number",
    "union_tag_invalid": "asks in a way that this model can't answer",
}


def _refused(error: ValidationError) -> ApiError:
    first, *others = error.errors(include_url=False, include_input=False, include_context=False)
    field = path_of(first["loc"])
    told = _WORDS.get(first["type"]) or f"is not as it should be: {first['msg']}"
    more = f" ({len(others)} more)" if others else ""
    return ApiError(400, "invalid_request", f"{field or 'The request'} {told}{more}.", field)


def path_of(place: Sequence[str | int]) -> str | None:
    """`entities[3].features.recency_days`, without the names of the ways."""
    path = ""
    for before, one in zip((None, *place), place, strict=False):
        if isinstance(one, int):
            path += f"[{one}]"
        elif not (isinstance(before, int) and one in WAYS and _is_tag(place, before, one)):
            path += f".{re.sub(r'[^ -~]', '?', one)[:100]}" if path else one
    return path or None


def _is_tag(place: Sequence[str | int], before: int, one: str) -> bool:
    """Whether a name right after an entity's number is pydantic's tag, not a field."""
    return tuple(place[:3]) == ("entities", before, one)
