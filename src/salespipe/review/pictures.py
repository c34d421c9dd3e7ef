"""Which curves a page shows, and what each says in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from salespipe.review.charts import (
    WIDTH,
    Chart,
    Dot,
    Key,
    Stroke,
    Tick,
    area,
    percent,
    short,
    stroke,
    x_axis,
    y_axis,
)
from salespipe.review.gather.facts import Ahead, CustomerFacts, Line
from salespipe.review.words import candidate_name, plain

TOP_FIFTH = 0.2
TONES = ("other1", "other2", "other3")
WIDE = 860.0
MONTH = 28


def curves(facts: CustomerFacts, costs: Mapping[str, Any], those: str) -> tuple[Chart, ...]:
    """Calibration, gain and profit of a customer model.

    Args:
        facts: what training left.
        costs: of `metrics.json`.
        those: the customers with the outcome, in words.
    """
    return (calibration(facts), gain(facts.gain, those), profit(facts.profit, costs))


def calibration(facts: CustomerFacts) -> Chart:
    """Predicted against observed."""
    bins = facts.calibration["model"]
    amount = facts.outcome == "spend"
    most = max([b.predicted for b in bins] + [b.observed.high or 0.0 for b in bins])
    top = most if amount else min(max(most, 0.1), 1.0)
    x, y = x_axis(0, top), y_axis(0, top)
    told = short if amount else percent
    dots = tuple(
        Dot(x.at(b.predicted), y.at(min(b.observed.value or 0.0, top)),
            y.at(b.observed.low or 0.0), y.at(min(b.observed.high or 0.0, top)), "model")
        for b in bins
    )  # fmt: skip
    points = [(b.predicted, min(b.observed.value or 0.0, top)) for b in bins]
    lines = [stroke([(0, 0), (top, top)], x, y, "ideal"), stroke(points, x, y, "model")]
    keys = [Key("model", "this version, ±95%"), Key("ideal", "perfect")]
    if "champion" in facts.calibration:
        old = [(min(b.predicted, top), min(b.observed.value or 0.0, top))
               for b in facts.calibration["champion"]]  # fmt: skip
        lines.append(stroke(old, x, y, "champion"))
        keys.insert(1, Key("champion", "champion"))
    worst = max(bins, key=lambda b: abs(b.predicted - (b.observed.value or 0.0)))
    caption = (
        f"{len(bins)} groups of equal size by what was predicted. Furthest off: "
        f"{told(worst.predicted)} predicted, {told(worst.observed.value or 0.0)} came."
    )
    return Chart("Do the predictions hold?", caption, "predicted", "what came", x.ticks(told),
                 y.ticks(told), tuple(keys), lines=tuple(lines), dots=dots)  # fmt: skip


def gain(lines: Sequence[Line], those: str) -> Chart:
    """Share of outcomes found by share of the list."""
    x, y = x_axis(0, 1), y_axis(0, 1)
    drawn = [stroke([(0, 0), (1, 1)], x, y, "ideal")]
    found = {line.name: float(np.interp(TOP_FIFTH, line.x, line.y)) for line in lines}
    caption = f"The top fifth of the list holds {found['model']:.0%} of {those}; chance finds 20%."
    return Chart("How much does the top hold?", caption, "share of the list, best first",
                 "share found", x.ticks(percent), y.ticks(percent),
                 (*_keys(lines), Key("ideal", "chance")),
                 lines=(*drawn, *_strokes(lines, x, y)))  # fmt: skip


def profit(lines: Sequence[Line], costs: Mapping[str, Any]) -> Chart:
    """Profit a customer by share contacted."""
    values = [value for line in lines for value in line.y]
    x, y = x_axis(0, 1), y_axis(min(0.0, *values), max(0.0, *values))
    model = lines[0]
    best = int(np.argmax(model.y))
    caption = "By these costs no contact pays." if best == 0 else plain(
        f"Most is earned by contacting {model.x[best]:.0%} of the list: {model.y[best]:.3g} a "
        f"customer, against {model.y[-1]:.3g} by contacting everyone."
    )  # fmt: skip
    assumed = costs.get("assumed", {})
    if assumed:
        caption += (f" Assumed: a contact costs {assumed['contact_cost']:g}, it wins "
                    f"{assumed['success_rate']:.0%} of those for whom the prediction is true, and "
                    f"{assumed['margin']:.0%} of their spend is profit.")  # fmt: skip
    dot = Dot(x.at(model.x[best]), y.at(model.y[best]), y.at(model.y[best]), y.at(model.y[best]),
              "model")  # fmt: skip
    return Chart("What does contacting customers earn?", caption,
                 "share of the list contacted, best first", "profit a customer",
                 x.ticks(percent), y.ticks(short), _keys(lines),
                 lines=tuple(_strokes(lines, x, y)), dots=(dot,), zero=y.at(0.0))  # fmt: skip


def _tones(lines: Sequence[Line]) -> dict[str, str]:
    others = [line.name for line in lines if line.name not in ("model", "champion")]
    return {"model": "model", "champion": "champion"} | dict(
        zip(others, [*TONES, *TONES], strict=False)
    )


def _keys(lines: Sequence[Line]) -> tuple[Key, ...]:
    names, tones = {"model": "this version", "champion": "champion"}, _tones(lines)
    return tuple(
        Key(tones[line.name], names.get(line.name) or candidate_name(line.name)) for line in lines
    )


def _strokes(lines: Sequence[Line], x: Any, y: Any) -> list[Stroke]:
    """Others first, so that this version lies on top."""
    tones = _tones(lines)
    ordered = sorted(lines, key=lambda line: line.name == "model")
    return [stroke(list(zip(line.x, line.y, strict=True)), x, y, tones[line.name])
            for line in ordered]  # fmt: skip


def ahead(facts: Ahead) -> tuple[Chart, Chart]:
    """What comes next, for a wide screen and for a narrow one."""
    return _ahead(facts, WIDE, 5), _ahead(facts, WIDTH, 2)


def _ahead(facts: Ahead, width: float, dates: int) -> Chart:
    """The total's last days, what comes next, and how sure that is."""
    days = [*facts.past_days, *facts.days]
    start = len(facts.past_days)
    places = range(start, len(days))
    x = x_axis(0, max(len(days) - 1, 1), width)
    y = y_axis(0, max([*facts.past, *facts.values["high_95"], 1.0]))

    def points(name: str) -> list[tuple[float, float]]:
        return [(float(p), v) for p, v in zip(places, facts.values[name], strict=True)]

    areas = tuple(
        area(points(f"low_{share}"), points(f"high_{share}"), x, y, f"band{share}")
        for share in ("95", "80")
    )
    past = [(float(place), value) for place, value in enumerate(facts.past)]
    count = min(MONTH, len(facts.days), start)
    total, before = sum(facts.values["value"][:count]), sum(facts.past[-count:])
    caption = (
        f"The next {count} days come to {total:,.0f} by this forecast; the {count} days before "
        f"came to {before:,.0f}. The bands hold 80 and 95 days in 100."
    )
    step = max(len(days) // dates, 1)
    ticks = tuple(Tick(x.at(i), days[i]) for i in range(step // 2, len(days), step))
    return Chart("What comes next?", caption, "day", f"{facts.measure} a day", ticks,
                 y.ticks(short), (Key("past", "sold"), Key("model", "forecast"),
                                  Key("band80", "80% interval"), Key("band95", "95% interval")),
                 areas=areas, lines=(stroke(past, x, y, "past"), stroke(points("value"), x, y,
                                                                        "model")),
                 width=width)  # fmt: skip
