"""Curves as geometry: what the template draws as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 42.0, 20.0, 26.0, 38.0
TICKS = 4
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Stroke:
    """A line, or the outline of an area, as an SVG path."""

    d: str
    tone: str


@dataclass(frozen=True)
class Dot:
    """A point with the ends of its interval, in the picture's own units."""

    x: float
    y: float
    low: float
    high: float
    tone: str


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Key:
    """What a colour means."""

    tone: str
    label: str


@dataclass(frozen=True)
class Chart:
    """A picture, ready to be drawn.

    Attributes:
        title: what it asks.
        caption: what it shows, in words; for readers who can't see it, too.
    """

    title: str
    caption: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    keys: tuple[Key, ...]
    areas: tuple[Stroke, ...] = ()
    lines: tuple[Stroke, ...] = ()
    dots: tuple[Dot, ...] = ()
    zero: float | None = None
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class Axis:
    """From values to the picture's own units."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, told: Callable[[float], str], most: int = TICKS) -> tuple[Tick, ...]:
        """Round values along the axis."""
        step = nice_step((self.high - self.low) / most)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return tuple(Tick(self.at(i * step), told(i * step)) for i in range(first, last + 1))


def nice_step(rough: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(max(rough, 1e-12)))
    return float(next(n for n in (1, 2, 2.5, 5, 10) if n * power >= rough * (1 - 1e-9)) * power)


def x_axis(low: float, high: float, width: float = WIDTH) -> Axis:
    """Left to right; an axis of one value is given a little room."""
    return Axis(low, max(high, low + 1e-9), LEFT, width - RIGHT)


def y_axis(low: float, high: float) -> Axis:
    """Bottom to top, with a little air."""
    air = 0.04 * max(high - low, 1e-9)
    return Axis(low - (air if low < 0 else 0.0), high + air, HEIGHT - BOTTOM, TOP)


def stroke(points: Points, x: Axis, y: Axis, tone: str) -> Stroke:
    """A line through points."""
    steps = [f"{x.at(a):g} {y.at(b):g}" for a, b in points]
    return Stroke("M" + "L".join(steps) if steps else "", tone)


def area(low: Points, high: Points, x: Axis, y: Axis, tone: str) -> Stroke:
    """What lies between two lines."""
    around = [*low, *reversed(list(high))]
    return Stroke(stroke(around, x, y, tone).d + "Z", tone)


def percent(value: float) -> str:
    """A share as whole percent."""
    return f"{value:.0%}"


def short(value: float) -> str:
    """A number with few characters: 1.5k, 2M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:.3g}"
