"""Simulate a shop; the truth about its customers goes where no pipeline reads."""

from collections.abc import Iterator
from typing import Any

from kedro.pipeline import Pipeline, node, pipeline

from salespipe.errors import SalespipeError
from salespipe.params import SimulatorParams


def simulate_shop(simulator: SimulatorParams | None) -> list[Iterator[dict[str, Any]]]:
    """Orders, customers, events and truth, in batches of customers that are made as they are saved.

    A list of one, since Kedro would save each batch of a bare iterator as a whole.

    Raises:
        SalespipeError: the business has no simulator in its conf.
    """
    from salespipe.simulator.shop import simulate

    if simulator is None:
        raise SalespipeError(
            "No `simulator` in this business's parameters.yml: its orders are real."
        )

    return [simulate(simulator)]


def create_pipeline() -> Pipeline:
    """One node: parameters in, the shop's tables out."""
    return pipeline(
        [node(simulate_shop, "params:simulator", ["simulated_tables"], name="simulate_shop")],
        tags="simulate",
    )
