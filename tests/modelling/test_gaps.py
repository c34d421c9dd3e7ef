"""Unequal treatment holds a model for a person to decide, unless somebody accepts it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salespipe.modelling.gaps import unequal_treatment
from salespipe.modelling.gate import check_measured, verdict_of
from salespipe.params import GateParams, GroupParams, Waiver

GATE = GateParams(groups=GroupParams(bootstrap_samples=200))


def rows_of(effect, rows=3000, seed=0):
    """People of two sexes, women scored higher by `effect`."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "entity_id": [f"c{i}" for i in range(rows)],
        "gender": rng.choice(["f", "m"], rows),
        "rare": np.where(np.arange(rows) < 12, "yes", "no"),
        "label": (rng.random(rows) < 0.4).astype(float),
    })  # fmt: skip
    return frame, np.clip(rng.beta(2, 3, rows) + effect * (frame["gender"] == "f"), 0, 1).to_numpy()


def checks(effect, columns=("gender", "rare"), gate=GATE, **more):
    rows, score = rows_of(effect, **more)
    found = unequal_treatment(rows, score, columns, gate)
    return {one.name: check_measured(one) for one in found}


def test_a_gap_clearly_beyond_its_bound_holds_the_model():
    found = checks(0.25)
    parity = found["parity_gap.gender"]
    assert not parity.passed
    assert parity.interval[0] > parity.bound == 0.1
    assert "f against m" in parity.detail
    assert verdict_of(tuple(found.values())) == "hold"


def test_no_gap_and_too_few_people_pass():
    found = checks(0.0)
    assert all(one.passed for one in found.values())
    assert found["parity_gap.rare"].value is None
    assert "too few rows to tell" in found["parity_gap.rare"].detail


def test_a_waiver_passes_and_is_shown():
    waived = {"gender": Waiver(by="Ann Lee", reason="for women only")}
    parity = checks(0.25, gate=GATE.model_copy(update={"waivers": waived}))["parity_gap.gender"]
    assert parity.passed
    assert "waived by Ann Lee: for women only" in parity.detail


def test_attributes_that_the_rows_lack_are_left_out():
    assert checks(0.0, columns=("religion",)) == {}


@given(st.floats(0.05, 0.6))
def test_everyone_is_selected_alike_where_scores_know_no_group(share):
    gate = GateParams(groups=GroupParams(bootstrap_samples=50, contact_share=share))
    rows, _ = rows_of(0.0, rows=400)
    pairs = rows.loc[rows.index.repeat(2)].assign(gender=["f", "m"] * 400)
    found = unequal_treatment(pairs, np.repeat(np.linspace(0, 1, 400), 2), ("gender",), gate)
    parity = next(one for one in found if one.name == "parity_gap.gender")
    assert parity.figure["value"] == pytest.approx(0, abs=1 / 400 + 1e-12)
