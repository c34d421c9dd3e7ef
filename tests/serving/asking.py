"""Asking a server in this process, and everything that an app could know of a customer."""

from __future__ import annotations

import asyncio
import json

import httpx
import pandas as pd

from salespipe.modelling.served import feature_records
from salespipe.parts import read_frame

LEFT_OUT = {"customer_id", "line_id", "reverses_line_id", "item_name"}


class Client:
    """Asks an ASGI app as an app on this machine would; errors of the app are answers here too."""

    def __init__(self, app, headers=None, address="127.0.0.1"):
        self._app, self._headers, self._address = app, headers or {}, address

    def request(self, method, path, **given):
        async def ask():
            transport = httpx.ASGITransport(
                app=self._app, client=(self._address, 1), raise_app_exceptions=False
            )
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(
                    method, path, headers=self._headers | given.pop("headers", {}), **given
                )

        return asyncio.run(ask())

    def post(self, path, body):
        return self.request("POST", path, json=body)

    def get(self, path):
        return self.request("GET", path)

    def results(self, path, **body):
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]

    def of(self, **other):
        return Client(self._app, **({"headers": self._headers, "address": self._address} | other))


def histories_of(folder, customers):
    """All that canonical tables hold of some customers, as an app would send it."""
    rows = {
        table: _by_customer(pd.read_parquet(folder / f"{table}.parquet"), customers)
        for table in ("orders", "events", "customers")
        if (folder / f"{table}.parquet").is_file()
    }
    people = rows.pop("customers", {})
    return {
        one: {table: found.get(one, []) for table, found in rows.items()}
        | ({"customer": people[one][0]} if one in people else {})
        for one in customers
    }


def _by_customer(table, customers):
    own = table[table["customer_id"].isin(set(customers))]
    own = own.astype({c: float for c in ("quantity", "unit_price") if c in own})
    return {
        customer: [
            {name: value for name, value in row.items() if value is not None}
            for row in json.loads(
                part.drop(columns=LEFT_OUT & set(part)).to_json(
                    orient="records", date_format="iso", double_precision=15
                )
            )
        ]
        for customer, part in own.groupby("customer_id")
    }


def three_ways(client, champion, folder, customers):
    """The results of the same customers by id, by features and by history."""
    frame = read_frame(champion._frame_file).to_pandas().set_index("entity_id").loc[customers]
    features = feature_records(frame, champion.model)
    histories, as_of = histories_of(folder, customers), champion.facts["as_of"]
    path = f"/{champion.name}/score"
    return {
        "by id": client.results(path, entities=[{"customer_id": one} for one in customers]),
        "by features": client.results(path, entities=[{"features": one} for one in features]),
        "by history": client.results(
            path, entities=[{"history": histories[one], "as_of": as_of} for one in customers]
        ),
    }
