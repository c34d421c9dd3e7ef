"""The page on conf keys, from the pydantic models that read them."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
import types
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from salespipe.params import ModelParams, ScoreParams, SimulatorParams
from salespipe.params_forecast import ForecastParams
from salespipe.params_monitor import MonitorParams
from salespipe.params_source import SourceParams
from tools.markdown import table

ROOT = Path(__file__).resolve().parents[1]
WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}
WORDS_BEFORE = """\
# Conf keys

Every value that a pipeline reads. `conf/base` spells the defaults out; `conf/<env>/globals.yml`
and `conf/<env>/parameters.yml` override single keys. A key that is not here is an error, not a
default.
"""
MODELS = ("churn", "propensity", "offers")
MISSING = object()
BOUNDS = {"gt": "above", "ge": "from", "lt": "below", "le": "up to"}
CONF: dict[str, tuple[str, type[BaseModel], str]] = {
    "source.yml": ("", SourceParams, "the business's own folder"),
    "churn, propensity, offers": (
        "<model>",
        ModelParams,
        "`conf/base/parameters_<model>.yml`; what all models share stands in `globals.yml`",
    ),
    "forecast": ("forecast", ForecastParams, "`conf/base/parameters_forecast.yml`"),
    "score": ("score", ScoreParams, "`conf/base/parameters_score.yml`"),
    "monitor": ("monitor", MonitorParams, "`conf/base/parameters_monitor.yml`"),
    "simulator": ("simulator", SimulatorParams, "`conf/demo/parameters.yml`"),
}


def conf_page() -> str:
    """Every key of conf with its type, bounds, default and meaning."""
    parts = [WORDS_BEFORE]
    for title, (prefix, model, place) in CONF.items():
        parts.append(f"\n## {title}\n\n{_doc(model)} In {place}.\n\n")
        rows: Iterable[tuple[str, ...]] = keys(model, prefix)
        if model is ModelParams:
            rows = map(_with_differences, rows)
        parts.append(table(("key", "what it takes", "default", "what it is"), rows))
    return "".join(parts)


def _with_differences(row: tuple[str, ...]) -> tuple[str, ...]:
    """A row of what all models share, with what `conf/base` says otherwise of single ones."""
    key, takes, default, words = row
    if not default:
        return row
    told = {name: _value(value) for name in MODELS if (value := _own(name, key)) is not MISSING}
    other = [f"{name} {value}" for name, value in told.items() if value != default]
    return key, takes, "; ".join([default, *other]), words


def _own(model: str, key: str) -> Any:
    """What a model's own file says of a key; MISSING where it is shared."""
    file = ROOT / f"conf/base/parameters_{model}.yml"
    found: Any = yaml.safe_load(file.read_text("utf-8"))[model]
    for part in key.strip("`").split(".")[1:]:
        if not isinstance(found, dict) or part not in found:
            return MISSING
        found = found[part]
    if isinstance(found, list):
        return tuple(found)
    return MISSING if isinstance(found, dict) else found


def keys(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    """A row a key, with those of the models within it below."""
    said = attribute_words(model)
    for name, field in model.model_fields.items():
        path = f"{prefix}.{name}".lstrip(".")
        inner, way = _inner(field.annotation)
        if inner is None:
            yield f"`{path}`", _takes(field), _default(field), said.get(name, "")
        elif path.startswith(("customers", "events", "snapshots")) and model is SourceParams:
            yield f"`{path}`", "as `orders`", "null", said.get(name) or _doc(inner)
        else:
            yield f"`{path}`", way or "keys below", "", said.get(name) or _doc(inner)
            yield from keys(inner, path + (".*" if way else ""))


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The model within a field, and how it is held where it is not the field itself."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation, ""
    if get_origin(annotation) is dict and (found := _inner(get_args(annotation)[1])[0]):
        return found, "a name each, keys below"
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return next((one for one in map(_inner, get_args(annotation)) if one[0]), (None, ""))
    return None, ""


def _takes(field: FieldInfo) -> str:
    bounds = [
        f"{word} {limit:,}"
        for one in field.metadata
        for name, word in BOUNDS.items()
        if (limit := getattr(one, name, None)) is not None
    ]
    return " ".join([_words(field.annotation), ", ".join(bounds)]).strip()


def _words(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in inner)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(one) for one in inner)
    if origin is tuple:
        held = [_words(one) for one in inner if one is not Ellipsis]
        return f"list of {held[0]}" if Ellipsis in inner else f"list of {len(held)}"
    if origin is dict:
        return f"a {_words(inner[1])} each name"
    if annotation is type(None):
        return "null"
    return WORDS.get(annotation, str(getattr(annotation, "__name__", annotation)))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    return _value(field.get_default(call_default_factory=True))


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value) or "empty"
    if isinstance(value, dict):
        return "empty" if not value else "see the file"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return f"`{value}`"


def _doc(model: type[BaseModel]) -> str:
    return " ".join(inspect.cleandoc(model.__doc__ or "").split("\n\n")[0].split())


def attribute_words(model: type[BaseModel]) -> dict[str, str]:
    """The text below each attribute in a class's source, with its bases' first."""
    found: dict[str, str] = {}
    for one in reversed([base for base in model.__mro__ if issubclass(base, BaseModel)]):
        if one is BaseModel:
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        body = getattr(tree, "body", [])
        for line, below in itertools.pairwise(body):
            if isinstance(line, ast.AnnAssign) and isinstance(below, ast.Expr):
                found[ast.unparse(line.target)] = ast.literal_eval(below.value)
    return found
