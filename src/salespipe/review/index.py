"""The index: all models of a business, and every version over time."""

from __future__ import annotations

from dataclasses import dataclass

from salespipe.review.charts import Chart, Dot, Key, Tick, stroke, x_axis, y_axis
from salespipe.review.glance import seen
from salespipe.review.record import Business, Line, Made, Step
from salespipe.review.words import candidate_name, figure_words, plain, tell

APPROVALS = {
    "auto": ("passed every check", "good"),
    "approved": ("let in by a person", "good"),
    "rolled back to": ("a person went back to it", "good"),
    "pending": ("waits for approval", "wait"),
    "held": ("held", "wait"),
    "reject": ("turned down by the gate", "bad"),
    "rejected": ("turned down by a person", "bad"),
}


@dataclass(frozen=True)
class VersionRow:
    """One version in the list."""

    number: int
    made: str
    chosen: str
    figure: str
    told: str
    tone: str
    reason: str
    champion: bool
    link: str | None


@dataclass(frozen=True)
class ModelView:
    """One model: who is in office, what waits, and its versions, newest first."""

    name: str
    sentence: str
    tone: str
    figure: str
    rows: tuple[VersionRow, ...]
    chart: Chart | None
    steps: tuple[str, ...]
    watch: str
    watch_tone: str


@dataclass(frozen=True)
class Index:
    """What the template of the index lays out."""

    business: str
    sentence: str
    models: tuple[ModelView, ...]


def index_of(business: Business) -> Index:
    """The index of a business."""
    models = tuple(model_view(line) for line in business.lines)
    served = sum(line.champion is not None for line in business.lines)
    waiting = [one.name for one in models if one.tone == "wait"]
    told = f"{served} of {len(models)} models have a champion."
    if served == len(models):
        told = f"All {served} models have a champion." if served > 1 else "There is a champion."
    if waiting:
        told += f" Waiting for a decision: {', '.join(waiting)}."
    return Index(business.name, told, models)


def model_view(line: Line) -> ModelView:
    """One model of the index."""
    newest = line.newest
    rows = tuple(version_row(line, one) for one in reversed(line.versions))
    watch, watch_tone = _watch(line)
    return ModelView(
        name=line.model,
        sentence=_sentence(line, newest),
        tone=_tone(line, newest),
        figure=figure_words(newest.headline).name if newest and newest.headline else "",
        rows=rows,
        chart=over_time(line),
        steps=tuple(_step(one) for one in reversed(line.steps)),
        watch=watch,
        watch_tone=watch_tone,
    )


def _sentence(line: Line, newest: Made | None) -> str:
    if newest is None:
        return "Never trained."
    if line.champion is None:
        told = "There is no champion yet."
    else:
        told = f"Version {line.champion} is champion."
    if newest.number == line.champion:
        return told
    return f"{told} Version {newest.number}, the newest: {_approval(newest)[0]}."


def _tone(line: Line, newest: Made | None) -> str:
    if newest is not None and newest.number != line.champion:
        approval = _approval(newest)[1]
        if approval == "wait":
            return "wait"
    return "bad" if line.champion is None else "good"


def _approval(made: Made) -> tuple[str, str]:
    known = made.tags.get("approval", "")
    return APPROVALS.get(known, (known or "no decision was made", "past"))


def version_row(line: Line, made: Made) -> VersionRow:
    """One version of the index."""
    told, tone = _approval(made)
    figure = "" if made.headline is None else tell(made.headline, made.figure, interval=True)
    return VersionRow(
        number=made.number,
        made=made.made[:10],
        chosen=candidate_name(made.chosen) if made.chosen else "unknown",
        figure=figure,
        told=told,
        tone=tone,
        reason=plain(made.tags.get("reason", "")),
        champion=made.number == line.champion,
        link=f"{line.model}/review_v{made.number}.html" if made.number in line.pages else None,
    )


def _step(step: Step) -> str:
    return (
        f"{step.at[:10]}: {step.action} version {step.version}, by {step.by}: {plain(step.reason)}"
    )


def _watch(line: Line) -> tuple[str, str]:
    if line.monitor is None:
        return "not monitored yet", "past"
    level = line.monitor["decision"]["level"]
    tones = {"ok": "good", "watch": "wait", "retrain": "bad"}
    return f"{level}, {seen(line.monitor)} (version {line.monitor['champion_version']})", tones[
        level
    ]


def over_time(line: Line) -> Chart | None:
    """The figure told first, version by version, with intervals; from two versions on."""
    known = [one for one in line.versions if one.figure and one.figure.value is not None
             and one.headline == line.versions[-1].headline]  # fmt: skip
    if len(known) < 2 or known[-1].headline is None:  # noqa: PLR2004
        return None
    form = figure_words(known[-1].headline)
    ends = [(f.low, f.high) if f.low is not None and f.high is not None else (f.value, f.value)
            for f in (one.figure for one in known) if f is not None]  # fmt: skip
    low, high = min(float(a or 0) for a, _ in ends), max(float(b or 0) for _, b in ends)
    x, y = x_axis(-0.5, len(known) - 0.5), y_axis(low, high)
    values = [float(one.figure.value or 0) if one.figure else 0.0 for one in known]
    dots = tuple(
        Dot(x.at(i), y.at(value), y.at(float(a or 0)), y.at(float(b or 0)),
            "model" if one.number == line.champion else "other1")
        for i, (one, value, (a, b)) in enumerate(zip(known, values, ends, strict=True))
    )  # fmt: skip
    step = max(len(known) // 6, 1)
    ticks = tuple(Tick(x.at(i), f"v{known[i].number}") for i in range(0, len(known), step))
    caption = (f"{form.name} of each version in its own test; tests differ, so a version is only "
               "compared with the champion on the same rows, on its own page.")  # fmt: skip
    return Chart("Over time", caption, "version", form.name, ticks,
                 y.ticks(form.form.format),
                 (Key("model", "champion"), Key("other1", "not in office")),
                 lines=(stroke(list(enumerate(values)), x, y, "ideal"),), dots=dots)  # fmt: skip
