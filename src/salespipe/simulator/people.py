"""Who the customers are: what the shop knows of them, and what only the simulator knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from salespipe.simulator.catalogue import CATEGORIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from salespipe.params import SimulatorParams

COUNTRIES = ("DE", "AT", "CH", "FR", "NL")
COUNTRY_SHARES = (0.5, 0.15, 0.1, 0.15, 0.1)
FAMILIES = ("single", "couple", "family")
ACQUIRED_BY = ("search", "friends", "advert", "store")
OPT_OUT_SHARE = 0.1
PENSION_AGE = 65
FOUNDING_DAYS = 365
"""The shop is this much older than its data: many customers joined before the first day."""


@dataclass(frozen=True)
class People:
    """One batch of customers; times are days since the first day of the simulation.

    Attributes:
        first: number of the batch's first customer.
        ids: customer ids.
        joined: when each joined (negative: before the data begin).
        gone: true end of each one's time as a customer.
        opted_out: when each refused further mail; infinite for never.
        rate: true orders a day in an average season while a customer.
        hazard: true chance a day to stop being a customer.
        basket: mean number of further lines in an order.
        taste: favourite category.
        online: chance that an order is made on the web.
        country, age, gender, family, acquired_by: what the shop has on file.
    """

    first: int
    ids: NDArray[Any]
    joined: NDArray[np.float64]
    gone: NDArray[np.float64]
    opted_out: NDArray[np.float64]
    rate: NDArray[np.float64]
    hazard: NDArray[np.float64]
    basket: NDArray[np.float64]
    taste: NDArray[np.int64]
    online: NDArray[np.float64]
    country: NDArray[Any]
    age: NDArray[np.int64]
    gender: NDArray[Any]
    family: NDArray[Any]
    acquired_by: NDArray[Any]

    def attributes(self, params: SimulatorParams) -> dict[str, Any]:
        """The shop's own customer table; who joins after the data end is not in it yet."""
        return {
            "customer_id": self.ids,
            "signed_up_at": _day(params, self.joined),
            "opted_out_at": _day(
                params, np.where(self.opted_out < params.days, self.opted_out, np.nan)
            ),
            "age": self.age,
            "gender": self.gender,
            "family": self.family,
            "acquired_by": self.acquired_by,
        }

    def truth(self, params: SimulatorParams) -> dict[str, Any]:
        """What no pipeline may read."""
        return {
            "customer_id": self.ids,
            "joined_at": _day(params, self.joined),
            "churned_at": _day(params, self.gone),
            "rate": self.rate,
            "hazard": self.hazard,
        }


def draw_people(
    params: SimulatorParams, first: int, count: int, rng: np.random.Generator
) -> People:
    """Draw one batch of customers.

    Args:
        params: period and mean rates.
        first: number of the batch's first customer.
        count: how many.
        rng: the batch's generator.
    """
    age = np.clip(rng.normal(46, 15, count), 18, 90).astype(int)
    family = rng.choice(FAMILIES, count, p=(0.35, 0.35, 0.3))
    acquired_by = rng.choice(ACQUIRED_BY, count, p=(0.4, 0.2, 0.25, 0.15))
    # families buy more often, the old less; friends of friends stay, those an advert brought do not
    rate = rng.gamma(params.rate_shape, params.orders_per_day / params.rate_shape, count)
    rate *= np.where(family == "family", 1.2, 0.95) * np.where(age > PENSION_AGE, 0.8, 1.03)
    hazard = rng.gamma(3.0, 1 / (3.0 * params.lifetime_days), count)
    hazard *= np.select([acquired_by == "friends", acquired_by == "advert"], [0.6, 1.5], 1.0)
    joined = rng.uniform(-FOUNDING_DAYS, params.days - 1, count)
    opted_out = np.where(
        rng.random(count) < OPT_OUT_SHARE, joined + rng.exponential(300, count), np.inf
    )
    return People(
        first=first,
        ids=np.char.add("C", np.char.zfill(np.arange(first + 1, first + count + 1).astype(str), 8)),
        joined=joined,
        gone=joined + rng.exponential(1 / hazard),
        opted_out=opted_out,
        rate=rate,
        hazard=hazard,
        basket=rng.gamma(2.0, params.lines_per_order / 2.0, count),
        taste=rng.integers(0, len(CATEGORIES), count),
        online=rng.beta(4, 2, count),
        country=rng.choice(COUNTRIES, count, p=COUNTRY_SHARES),
        age=age,
        gender=rng.choice(("female", "male", "diverse"), count, p=(0.54, 0.44, 0.02)),
        family=family,
        acquired_by=acquired_by,
    )


def _day(params: SimulatorParams, days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Times as timestamps; NaN gives none."""
    seconds = np.where(np.isnan(days), 0, days) * 86_400
    moments = np.datetime64(params.first_day, "s") + np.floor(seconds).astype("timedelta64[s]")
    return np.where(np.isnan(days), np.datetime64("NaT"), moments)
