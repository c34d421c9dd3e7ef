"""Candidates trained once for all tests that only look at them."""

from __future__ import annotations

import pandas as pd
import pytest

from salespipe.modelling.candidates import train_candidates
from salespipe.modelling.trained import Trained
from tests.modelling.synthetic import BASELINE, FAST, model_input, schema_of


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    """A synthetic model input."""
    return model_input()


@pytest.fixture(scope="session")
def trained(frame: pd.DataFrame) -> Trained:
    """Everything fitted on it."""
    return train_candidates(frame, schema_of(frame), FAST, BASELINE)
