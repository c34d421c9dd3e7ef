"""Only a business that is simulated has a shop to simulate."""

from __future__ import annotations

import pytest

from salespipe.errors import SalespipeError
from salespipe.pipelines.simulate.pipeline import simulate_shop


def test_a_real_business_is_not_simulated():
    with pytest.raises(SalespipeError, match=r"No `simulator` in this business's parameters.yml"):
        simulate_shop(None)
