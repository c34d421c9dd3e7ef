"""A small client of a salespipe server. It needs httpx and pydantic only: copy it into an app.

    with SalespipeClient("https://scores.example.org", token=token) as salespipe:
        for one in salespipe.score("churn", customers=["c000123", "c000124"]).results:
            print(one.customer_id, one.probability if one.ok else one.error)

Every question is the same however often it is asked, so what fails on the way is asked again.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

MOST = 1000
"""Entities that a server takes in one call; more are asked for in several."""
PASSING = frozenset({429, 502, 503, 504})
"""Statuses that pass: asked again."""
LONGEST_WAIT = 30.0
"""Seconds; a server that wants a longer wait is not asked again."""
_PLACE = re.compile(r"^(entities|series)\[(\d+)\]")


class SalespipeError(Exception):
    """A question that was not answered.

    Args:
        message: for people.
        code: for programs; the server's, or `unreachable`, or `unexpected_answer`.
        status: HTTP status; None where no answer came.
        field: the place in the request that is wrong, such as `entities[3].features.recency_days`.
        retry_after: seconds after which the server wants to be asked again, if it said so.
        request_id: what the server's log knows the call by.
    """

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        field: str | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.status, self.field = message, code, status, field
        self.retry_after, self.request_id = retry_after, request_id

    def __str__(self) -> str:
        where = f" [{self.field}]" if self.field else ""
        return f"{self.code}: {self.message}{where}"


class _Told(BaseModel):
    """What a server says; fields that a newer one adds are kept, not refused."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Problem(_Told):
    """Why one entity, or one series, has no answer."""

    code: str
    message: str
    field: str | None = None


class Receipt(_Told):
    """Where an answer comes from; `salespipe trace` takes its `id`."""

    id: str
    business: str
    model: str
    version: int
    run_id: str | None = None
    git_commit: str | None = None
    data_hash: str | None = None
    schema_hash: str | None = None
    as_of: str | None = None


class _Result(_Told):
    """The answer to one entity or series.

    Attributes:
        error: why there is none.
        receipt: where it comes from; a champion may change between two calls.
    """

    error: Problem | None = None
    receipt: Receipt

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.error is None


class Score(_Result):
    """What is predicted of one entity.

    Attributes:
        probability: of the outcome; None for a model of amounts.
        amount: None for a model of probabilities.
        decile: among everyone; 1 is the highest tenth.
        contact: whether a contact pays; None where costs are not known.
        as_of: the day the features are as of; None where the app brought them.
    """

    customer_id: str | None = None
    item_group: str | None = None
    probability: float | None = None
    amount: float | None = None
    decile: int | None = None
    contact: bool | None = None
    as_of: date | None = None


class Contribution(_Told):
    """What one feature did to a score."""

    feature: str
    words: str
    value: str
    contribution: float
    direction: str


class Explanation(Score):
    """A score and why: `baseline`, `rest` and the contributions add up to `score`."""

    score: float | None = None
    baseline: float | None = None
    rest: float | None = None
    contributions: tuple[Contribution, ...] = ()


class Block(_Told):
    """A day or a week ahead, with its intervals."""

    date: date
    value: float
    low_80: float | None = None
    high_80: float | None = None
    low_95: float | None = None
    high_95: float | None = None


class Series(_Result):
    """What is ahead of one series."""

    measure: str
    level: str
    key: str
    frequency: str
    forecast: tuple[Block, ...] = ()


Result = TypeVar("Result", bound=_Result)


class _Answer(_Told, Generic[Result]):
    """The answer to a whole question.

    Attributes:
        results: in the order that was asked for.
    """

    results: tuple[Result, ...]

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """Where the results come from: one, or two if a champion changed between two calls."""
        return tuple({one.receipt.id: one.receipt for one in self.results}.values())


class Scores(_Answer[Score]):
    """Scores.

    Attributes:
        meaning: of what is predicted, in words.
        threshold: from where on a contact pays; None where costs are not known.
    """

    meaning: str = ""
    threshold: float | None = None


class Explanations(_Answer[Explanation]):
    """Scores with their reasons; see `Scores`."""

    meaning: str = ""
    threshold: float | None = None


class Forecasts(_Answer[Series]):
    """Forecasts."""


Answer = TypeVar("Answer", Scores, Explanations, Forecasts)
Json = Mapping[str, Any]


class SalespipeClient:
    """Asks one server. Threads may share it.

    Args:
        url: of the server.
        token: one that the server knows; none is needed on its own machine if it has none.
        timeout: seconds for one attempt.
        retries: how often more to ask when the connection fails or the server is at capacity.
        backoff: seconds before the first retry, at most; twice as long each time.
        transport: for tests, or a connection of one's own.
        sleep: how to wait.
    """

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float = 10.0,
        retries: int = 3,
        backoff: float = 0.2,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"content-type": "application/json", "user-agent": "salespipe-client"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout, transport=transport
        )
        self._retries, self._backoff, self._sleep = retries, backoff, sleep

    def __enter__(self) -> SalespipeClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of its connections."""
        self._http.close()

    def score(
        self,
        model: str,
        *,
        customers: Sequence[str] | None = None,
        features: Sequence[Json] | None = None,
        histories: Sequence[Json] | None = None,
        entities: Sequence[Json] | None = None,
    ) -> Scores:
        """Scores, asked for in one way.

        Args:
            model: such as `churn`.
            customers: ids.
            features: of each, all that the model reads; None where a value is unknown.
            histories: of each, `orders` and, where the business has them, `events` and `customer`.
            entities: as the server takes them: ways mixed, or with an id or a day of their own.

        Raises:
            SalespipeError: the question was refused, or no answer came.
        """
        asked = _entities(customers, features, histories, entities)
        return self._ask(f"{model}/score", "entities", asked, {}, Scores)

    def explain(  # noqa: PLR0913 - each by its name
        self,
        model: str,
        *,
        customers: Sequence[str] | None = None,
        features: Sequence[Json] | None = None,
        histories: Sequence[Json] | None = None,
        entities: Sequence[Json] | None = None,
        top: int | None = None,
    ) -> Explanations:
        """Scores with what raised and lowered them; asked for as in `score`.

        Args:
            model: such as `churn`.
            customers: ids.
            features: of each.
            histories: of each.
            entities: as the server takes them.
            top: how many reasons of each, strongest first.

        Raises:
            SalespipeError: the question was refused, or no answer came.
        """
        asked = _entities(customers, features, histories, entities)
        more = {} if top is None else {"top": top}
        return self._ask(f"{model}/explain", "entities", asked, more, Explanations)

    def forecast(self, series: Sequence[Json], model: str = "forecast") -> Forecasts:
        """What is ahead of each series.

        Args:
            series: each with `level` and `horizon` (days), and `measure`, `key`, `frequency`.
            model: its name.

        Raises:
            SalespipeError: the question was refused, or no answer came.
        """
        return self._ask(f"{model}/predict", "series", list(series), {}, Forecasts)

    def _ask(
        self, path: str, name: str, asked: list[Json], more: Json, type_: type[Answer]
    ) -> Answer:
        """Ask in as many calls as it takes, and put the answers together."""
        told: dict[str, Any] = {}
        results: list[Any] = []
        for first, part in _parts(asked):
            told = self._call(path, {name: part, **more}, first)
            results += _results(told, len(part), first)
        # a receipt is of its results: there may be more than one
        facts = {key: told[key] for key in told if key not in ("receipt", "version")}
        try:
            return type_.model_validate(facts | {"results": results})
        except ValidationError as error:
            raise _unexpected(f"an answer that is not as it should be: {error}") from None

    def _call(self, path: str, question: Json, first: int) -> dict[str, Any]:
        """One call, with its retries."""
        body = json.dumps(question, default=_plain, allow_nan=False)
        for attempt in range(self._retries + 1):
            try:
                return _read(self._http.post(path, content=body), first)
            except httpx.TransportError as error:
                failed = SalespipeError(
                    f"no answer from {self._http.base_url}: {type(error).__name__}",
                    code="unreachable",
                )
            except SalespipeError as error:
                if error.status not in PASSING or (error.retry_after or 0) > LONGEST_WAIT:
                    raise
                failed = error
            if attempt < self._retries:
                self._sleep(self._wait(attempt, failed.retry_after))
        raise failed

    def _wait(self, attempt: int, retry_after: float | None) -> float:
        """Seconds to wait: as the server says, and never at the same moment as everyone else."""
        spread = min(self._backoff * 2**attempt, LONGEST_WAIT)
        return (retry_after or 0.0) + random.uniform(0, spread)  # noqa: S311 - no secret


def _entities(
    customers: Sequence[str] | None,
    features: Sequence[Json] | None,
    histories: Sequence[Json] | None,
    entities: Sequence[Json] | None,
) -> list[Json]:
    """A question's entities, from the one way that was given.

    Raises:
        TypeError: none was, or several were.
    """
    ways: dict[str, Sequence[Any] | None] = {
        "customer_id": customers, "features": features, "history": histories, "": entities
    }  # fmt: skip
    given = [(way, some) for way, some in ways.items() if some is not None]
    if len(given) != 1:
        raise TypeError("give one of customers, features, histories and entities")
    ((way, some),) = given
    return [{way: one} for one in some] if way else list(some)


def _parts(asked: list[Json]) -> Iterator[tuple[int, list[Json]]]:
    """What one call may ask, with the number of its first; no call where nothing is asked."""
    for first in range(0, len(asked), MOST):
        yield first, asked[first : first + MOST]


def _read(response: httpx.Response, first: int) -> dict[str, Any]:
    """What an answer says.

    Raises:
        SalespipeError: it is an error, or none of a salespipe server.
    """
    try:
        told = response.json()
    except ValueError:
        told = None
    if response.is_success and isinstance(told, dict):
        return told
    facts: dict[str, Any] = {
        "status": response.status_code,
        "retry_after": _seconds(response.headers.get("retry-after")),
        "request_id": response.headers.get("x-request-id"),
    }
    try:
        problem = Problem.model_validate(told["error"] if isinstance(told, dict) else None)
    except (KeyError, ValidationError):
        raise _unexpected(f"status {response.status_code} and no words", **facts) from None
    field = _moved(problem.field, first)
    raise SalespipeError(problem.message, code=problem.code, field=field, **facts)


def _results(told: dict[str, Any], count: int, first: int) -> list[Any]:
    """The results of one call, each with its receipt, errors numbered as the app asked."""
    results = told.get("results")
    if not isinstance(results, list) or len(results) != count:
        raise _unexpected(f"not {count:,} results")
    return [_numbered(one, first) | {"receipt": told.get("receipt")} for one in results]


def _numbered(result: dict[str, Any], first: int) -> dict[str, Any]:
    error = result.get("error")
    if not error:
        return result
    return result | {"error": error | {"field": _moved(error.get("field"), first)}}


def _moved(field: str | None, first: int) -> str | None:
    """`entities[3]` of a later call, as a number of the whole question."""
    if field is None:
        return None
    return _PLACE.sub(lambda found: f"{found[1]}[{int(found[2]) + first}]", field)


def _unexpected(told: str, **facts: Any) -> SalespipeError:
    return SalespipeError(f"The server gave {told}.", code="unexpected_answer", **facts)


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After`: seconds, or a moment; None where it is neither."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _plain(value: Any) -> Any:
    """What JSON has no word for: days and moments, amounts, and the numbers of numpy."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} can't be sent")
