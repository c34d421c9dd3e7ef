"""Features in plain words, for people who read a reason or a report."""

from __future__ import annotations

import re

MEASURES = {
    "orders": "orders",
    "pair_orders": "orders from the group",
    "pair_lines": "order lines of the group",
    "pair_spend": "money spent on the group",
    "group_popularity": "share of buyers who bought from the group",
    "order_days": "days with an order",
    "spend": "money spent",
    "units": "units bought",
    "lines": "order lines",
    "items": "different items bought",
    "new_items": "items bought for the first time",
    "categories": "different categories bought from",
    "new_categories": "categories bought from for the first time",
    "channels": "channels used",
    "returns": "orders with returned goods",
    "return_lines": "returned order lines",
    "return_value": "value of returned goods",
    "events": "visits and e-mails",
    "visits": "visits",
    "email_sents": "e-mails sent",
    "email_opens": "e-mails opened",
    "email_clicks": "e-mails clicked",
    "email_open_rate": "share of e-mails opened",
    "email_click_rate": "share of e-mails clicked",
}

SINGLE = {
    "recency_days": "days since the last order",
    "tenure_days": "days since the first order",
    "active_span_days": "days between the first and the last order",
    "recency_share": "days since the last order as a share of the days since the first",
    "order_value_mean": "average value of an order",
    "order_value_std": "how much the value of orders varies",
    "order_value_max": "value of the largest order",
    "order_value_last": "value of an order on the last order day",
    "order_value_last_ratio": "value of the last order against the average one",
    "gap_mean": "average days between orders",
    "gap_std": "how much the days between orders vary",
    "gap_cv": "how irregular the orders are",
    "gap_max": "longest pause between orders in days",
    "gap_last": "days between the last two orders",
    "overdue_ratio": "the present pause against the usual one",
    "overdue_days": "days by which the present pause is longer than the longest before",
    "orders_per_30d": "usual orders in 30 days",
    "alive_probability": "chance, by rhythm alone, of still being a customer",
    "expected_orders_90d": "orders to expect in 90 days, by rhythm alone",
    "missed_orders": "orders missed since the last one, by the usual rhythm",
    "lines_per_order": "lines in an order",
    "units_per_order": "units in an order",
    "units_per_line": "units of one item in an order",
    "unit_price_mean": "average price of a unit",
    "lines_last": "lines bought on the last order day",
    "return_rate": "returns for each order",
    "return_value_share": "value returned as a share of the money spent",
    "return_recency_days": "days since the last return",
    "new_item_recency_days": "days since an item was last bought for the first time",
    "weekend_share": "share of orders at weekends",
    "evening_share": "share of orders in the evening",
    "december_share": "share of orders in December",
    "hour_mean": "usual hour of ordering",
    "country_last": "country of the last order",
    "channel_last": "channel of the last order",
    "event_recency_days": "days since the last visit or e-mail",
    "visit_recency_days": "days since the last visit",
    "email_sent_recency_days": "days since the last e-mail sent",
    "email_open_recency_days": "days since an e-mail was last opened",
    "email_click_recency_days": "days since an e-mail was last clicked",
    "item_group": "product group",
    "pair_recency_days": "days since the last order from the group",
    "pair_tenure_days": "days since the first order from the group",
    "pair_pause_days": "days since the last order from the group, beyond those since any order",
    "pair_order_share": "share of orders that hold something of the group",
    "pair_order_share_180d": "share of the last 180 days' orders that hold something of the group",
    "pair_spend_share": "share of the money spent that went to the group",
    "pair_line_share": "share of order lines that are of the group",
    "pair_orders_expected_90d": "orders from the group to expect in 90 days",
    "account_age_days": "days since signing up",
    "opted_out": "opted out of contact",
}

FORMS = (
    (r"(.+)_change_(\d+)d", "{0} in the last {1} days against the {1} days before"),
    (r"(.+)_next_(\d+)d_last_year", "{0} a year ago in what are now the coming {1} days"),
    (r"(.+)_(\d+)d", "{0} in the last {1} days"),
    (r"(.+)_total", "{0} so far"),
)


def feature_help(name: str) -> str:
    """One line in plain words; an attribute is called what the source calls it."""
    if name in SINGLE:
        return SINGLE[name]
    for pattern, words in FORMS:
        if match := re.fullmatch(pattern, name):
            measure, *days = match.groups()
            return words.format(MEASURES.get(measure, measure.replace("_", " ")), *days)
    return name.replace("_", " ")
