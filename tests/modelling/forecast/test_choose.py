"""The default stands unless another is clearly better."""

from __future__ import annotations

import numpy as np

from salespipe.modelling.forecast.choose import choose

STEADY = np.array([0.30, 0.32, 0.31, 0.33, 0.29, 0.31, 0.30, 0.32])


def test_a_clear_gain_is_taken_and_luck_is_not():
    luck = STEADY + np.array([0.1, -0.12, 0.1, -0.12, 0.1, -0.12, 0.1, -0.12])
    assert choose({"a": STEADY, "b": luck}, "a").candidate == "a"
    taken = choose({"a": STEADY, "b": STEADY - np.linspace(0.05, 0.06, 8)}, "a")
    assert taken.candidate == "b"
    assert "clearly better" in taken.reason


def test_overlapping_windows_count_once():
    gain = np.tile([0.0, 0.06], 4)
    errors = {"a": STEADY, "b": STEADY - gain}
    assert choose(errors, "a", overlap=1).candidate == "b"
    assert choose(errors, "a", overlap=4).candidate == "a"


def test_one_origin_tells_nothing_and_what_is_not_offered_is_not_chosen():
    assert choose({"a": np.array([0.3]), "b": np.array([0.1])}, "a").candidate == "a"
    assert choose({"b": STEADY}, "a").candidate == "b"
