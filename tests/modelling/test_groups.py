"""Gaps between groups, told with intervals or not at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salespipe.modelling.gate import check_measured
from salespipe.modelling.groups import calibration_gaps, groups_of
from salespipe.params import GateParams, Waiver

RNG = np.random.default_rng(0)
N = 4000
ROWS = pd.DataFrame({
    "gender": RNG.choice(["f", "m"], N),
    "age": RNG.integers(18, 90, N),
    "rare": np.where(np.arange(N) < 12, "yes", "no"),
})  # fmt: skip
EVEN = RNG.normal(scale=0.3, size=N)
CLUSTERS = np.arange(N)


def gaps(error, gate=None):
    found = calibration_gaps(ROWS, error, CLUSTERS, ("gender", "age", "rare"), gate or GateParams())
    return {one.name: one for one in found}


def test_equal_treatment_keeps_the_bound():
    found = gaps(EVEN)
    assert all(check_measured(one).passed for one in found.values())
    assert found["group_gap.gender"].figure["low"] < 0.02


def test_a_group_promised_more_than_comes_true_is_named():
    found = gaps(EVEN + np.where(ROWS.gender == "f", 0.2, 0.0))
    check = check_measured(found["group_gap.gender"])
    assert not check.passed
    assert abs(check.value - 0.2) < 0.03
    assert check_measured(found["group_gap.age"]).passed


def test_a_band_of_a_number_can_be_the_group():
    found = gaps(EVEN + np.where(ROWS.age > 71, 0.3, 0.0))
    assert not check_measured(found["group_gap.age"]).passed
    assert "72" in found["group_gap.age"].words


def test_twelve_people_tell_nothing():
    found = gaps(EVEN + np.where(ROWS.rare == "yes", 0.9, 0.0))
    assert found["group_gap.rare"].figure["value"] is None
    assert "too few" in check_measured(found["group_gap.rare"]).detail


def test_a_waiver_names_who_and_why():
    gate = GateParams(waivers={"gender": Waiver(by="Ann", reason="known, see ticket")})
    found = gaps(EVEN + np.where(ROWS.gender == "f", 0.2, 0.0), gate)
    assert check_measured(found["group_gap.gender"]).passed
    assert "Ann: known, see ticket" in check_measured(found["group_gap.gender"]).detail


def test_missing_values_are_a_group_of_their_own():
    assert set(groups_of(pd.Series(["a", None, "b"]))) == {"a", "b", "unknown"}
    assert "unknown" in set(groups_of(pd.Series([*range(40), None])))
