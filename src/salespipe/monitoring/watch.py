"""One champion looked at from every side: what `monitor.json` holds, and what reports show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from salespipe.modelling.frame import Feature
from salespipe.modelling.rates import SELECTION
from salespipe.monitoring.answers import judge_answers
from salespipe.monitoring.bias import Bias, find_bias, judged_rows
from salespipe.monitoring.decide import Decision, Found, decide
from salespipe.monitoring.drift import Drift, find_drift
from salespipe.monitoring.effects import importance_of, sample, with_effects
from salespipe.monitoring.feeds import silent_feeds
from salespipe.monitoring.forecasts import (
    came_true,
    judge_forecast,
    line_features,
    looks_at_lines,
)
from salespipe.monitoring.looks import PREDICTION, Look, looks_at_orders, looks_at_table
from salespipe.monitoring.mitigate import mitigations
from salespipe.monitoring.profiles import profile_looks
from salespipe.monitoring.quality import judge_quality, promises_of
from salespipe.monitoring.requests import NOTHING, request_drift
from salespipe.params import GroupParams, ModelParams
from salespipe.params_forecast import ForecastParams
from salespipe.params_monitor import MonitorParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from salespipe.modelling.evidence import InOffice
    from salespipe.predictions import Answers

LABEL = "label"
JUDGED_ROWS = 20_000
BROKEN = ("above", "waived")


@dataclass(frozen=True)
class Watched:
    """What was found of one champion.

    Attributes:
        model: its name.
        version: its number.
        as_of: the day it was looked at; None for a table without days.
        found: from every side.
        decision: what follows.
        looks: what was looked at, oldest first.
        features: the columns that drift is told of.
        importance: share of each in the champion's contributions.
        options: JSON-ready: what could be done about gaps between groups.
        sensitive: attributes that groups are told by.
    """

    model: str
    version: int
    as_of: date | None
    found: Found
    decision: Decision
    looks: tuple[Look, ...] = ()
    features: tuple[Feature, ...] = ()
    importance: Mapping[str, float] = field(default_factory=dict)
    options: tuple[dict[str, Any], ...] = ()
    sensitive: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What `monitor.json` holds."""
        found = self.found
        return {
            "model": self.model,
            "champion_version": self.version,
            "as_of": None if self.as_of is None else str(self.as_of),
            "decision": self.decision.as_dict(),
            "looks": [
                {"look": look.name, "rows": len(look.rows), "outcomes_known": look.known,
                 "learned": look.learned}
                for look in self.looks
            ],
            "importance": dict(self.importance),
            "drift": found.drift.as_dict(),
            "outcomes": found.outcomes.as_dict(),
            "requests": found.asked.as_dict(),
            "quality": found.quality.as_dict(),
            "answers": found.answers.as_dict(),
            "bias": found.bias.as_dict() | {"mitigations": list(self.options)},
            "feeds": [{"words": one.words, **one.__dict__} for one in found.feeds],
        }  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """A model that is watched.

    Attributes:
        name: of the model.
        office: its champion, which can be read.
        conf: of the model.
        promised: `metrics.json` of the champion's training; empty where it is lost.
    """

    name: str
    office: InOffice
    conf: ModelParams | ForecastParams
    promised: Mapping[str, Any]

    @property
    def champion(self) -> Any:
        """The model in office."""
        return self.office.model


def watch(
    tables: Mapping[str, ir.Table],
    subject: Subject,
    params: MonitorParams,
    now: date | None,
    log: Answers | None = None,
) -> Watched:
    """Looks at one champion from every side.

    Args:
        tables: canonical tables.
        subject: who is watched.
        params: of monitoring.
        now: None where the source is a table without days.
        log: what the services answered with the model, if they did.
    """
    feeds = () if now is None else silent_feeds(tables, now, params.today, params.max_silent_days)
    asked = Drift(obstacle=NOTHING)
    if log is not None:
        asked = request_drift(log.table, getattr(subject.champion, "schema", None), params.drift)
    if isinstance(subject.conf, ForecastParams):
        assert now is not None  # noqa: S101 - a forecast has days
        days = came_true(tables, subject.champion, now)
        quality = judge_forecast(days, subject.promised, subject.conf, params.quality)
        looks = looks_at_lines(tables, now, params.drift)
        return watch_forecast(
            looks, subject, params, Found(feeds=feeds, quality=quality, asked=asked)
        )
    if now is None:
        looks = looks_at_table(tables, subject.champion, subject.conf, params.drift)
    else:
        looks = looks_at_orders(tables, subject.champion, subject.conf, now, params.drift)
    known = Found(feeds=feeds, asked=asked)
    if log is not None and now is not None:
        known = replace(known, answers=judge_answers(log, tables, subject, params, now))
    return watch_customers(looks, subject, subject.conf, params, known)


def watch_customers(
    looks: tuple[Look, ...],
    subject: Subject,
    model: ModelParams,
    params: MonitorParams,
    known: Found,
) -> Watched:
    """A champion that scores customers, contacts or pairs, by what it saw.

    Args:
        looks: oldest first.
        subject: who is watched.
        model: its conf.
        params: of monitoring.
        known: what was found already.
    """
    champion = subject.champion
    importance = importance_of(champion, looks[-1].rows, params.seed)
    some = thinned(looks, params.seed)
    bias = find_bias(some, model.sensitive.columns, model.gate)
    promised = promises_of(subject.promised)
    found = replace(
        known,
        drift=drift_of(champion, looks, importance, params),
        outcomes=outcome_drift(looks, params),
        quality=judge_quality(some, champion.target, promised, params.quality, model.evaluate),
        bias=bias,
    )
    return Watched(
        model=subject.name,
        version=subject.office.version,
        as_of=looks[-1].day,
        found=found,
        decision=decide(found, params),
        looks=looks,
        features=champion.schema.features,
        importance=importance,
        options=options_for(some, bias, champion, model.gate.groups),
        sensitive=model.sensitive.columns,
    )


def thinned(looks: tuple[Look, ...], seed: int) -> tuple[Look, ...]:
    """Looks of as many rows as figures with intervals need; drift takes them all."""
    return tuple(replace(one, rows=sample(one.rows, JUDGED_ROWS, seed)) for one in looks)


def drift_of(
    champion: Any, looks: Sequence[Look], importance: Mapping[str, float], params: MonitorParams
) -> Drift:
    """Drift of the champion's features and scores, with what it did to the scores."""
    beat = [look for look in looks if not look.aside]
    columns = (*champion.schema.features, Feature(name=PREDICTION, kind="number"))
    profiles = profile_looks(beat, columns, params.drift.bins)
    drift = find_drift(beat, profiles, importance, params.drift)
    return with_effects(drift, champion, beat, params.seed)


def outcome_drift(looks: Sequence[Look], params: MonitorParams) -> Drift:
    """Drift of what came, over the looks whose outcomes are known."""
    known = [look for look in looks if look.known and not look.aside]
    label = (Feature(name=LABEL, kind="number"),)
    if not known:
        return Drift(obstacle="no outcome is known yet")
    profiles = profile_looks(known, label, params.drift.bins)
    return find_drift(known, profiles, {LABEL: 1.0}, params.drift)


def options_for(
    looks: Sequence[Look], bias: Bias, champion: Any, params: GroupParams
) -> tuple[dict[str, Any], ...]:
    """What could be done about each attribute's gap of the selection rate beyond its bound."""
    rows = judged_rows(looks)
    broken = [gap for gap in bias.gaps if gap.figure == SELECTION and gap.verdict in BROKEN]
    return tuple(
        {"attribute": gap.attribute, "options": mitigations(rows[1], gap, champion, params)}
        for gap in broken
        if rows is not None
    )


def watch_forecast(
    looks: tuple[Look, ...], subject: Subject, params: MonitorParams, known: Found
) -> Watched:
    """A forecast in office, by the order lines it lives on, whose columns all count the same."""
    features = line_features(looks)
    importance = {one.name: 1 / len(features) for one in features}
    profiles = profile_looks(looks, features, params.drift.bins)
    drift = find_drift(looks, profiles, importance, params.drift)
    found = replace(known, drift=drift, bias=Bias(obstacle="a forecast is of no person"))
    return Watched(
        model=subject.name,
        version=subject.office.version,
        as_of=looks[-1].day,
        found=found,
        decision=decide(found, params),
        looks=looks,
        features=features,
        importance=importance,
    )
