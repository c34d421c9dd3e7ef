"""Evidently metrics of ours: what was found, as tables with tests in its reports and workspace."""

from __future__ import annotations

from typing import Any, ClassVar

from evidently.core.datasets import Dataset
from evidently.core.metric_types import (
    ByLabelCalculation,
    ByLabelMetric,
    ByLabelValue,
    MetricConfig,
    SingleValue,
    SingleValueCalculation,
    SingleValueMetric,
)
from evidently.legacy.renderers.html_widgets import header_text, table_data, text_widget

ALIAS = "evidently:metric_v2:salespipe:"


def identity(calculation: Any, names: tuple[str, ...]) -> MetricConfig:
    """What makes a metric the same in every report: its kind and some names, not what was found.

    Panels over time draw one line for each.
    """
    metric = calculation.to_metric()
    told = metric.dict(exclude_none=True)
    kept = {name: told[name] for name in ("type", *names)}
    return MetricConfig(metric_id=metric.metric_id, params=kept)


class Told(SingleValueMetric):  # type: ignore[misc]
    """The decision with its reasons, in words; its value is 0 for ok, 1 for watch, 2 for retrain.

    Attributes:
        title: what is told.
        level: the value.
        text: the reasons, as Markdown.
    """

    class Config:  # noqa: D106
        type_alias: ClassVar[str] = f"{ALIAS}Told"

    title: str
    level: float
    text: str


class _ToldCalculation(SingleValueCalculation[Told]):  # type: ignore[misc]
    def calculate(self, context: Any, current_data: Dataset, reference_data: Any) -> SingleValue:
        del context, current_data, reference_data
        found = self.result(self.metric.level)
        found.widget = [
            header_text(label=self.metric.title),
            text_widget(text=self.metric.text),
        ]
        return found

    def display_name(self) -> str:
        return str(self.metric.title)

    def to_metric_config(self) -> MetricConfig:
        return identity(self, ())


class Table(ByLabelMetric):  # type: ignore[misc]
    """Figures found elsewhere, one a label, shown as a table and tested one by one.

    Attributes:
        name: what it is about, the same in every report.
        title: of the table.
        figures: label to value.
        columns: of the table.
        rows: of the table, all text.
    """

    class Config:  # noqa: D106
        type_alias: ClassVar[str] = f"{ALIAS}Table"

    name: str
    title: str
    figures: dict[str, float]
    columns: list[str]
    rows: list[list[str]]


class Movements(Table):
    """How far each column moved, with the limit of its normal movement as its test."""

    class Config:  # noqa: D106
        type_alias: ClassVar[str] = f"{ALIAS}Movements"


class Figures(Table):
    """Figures of scores whose outcomes are known, with what was promised beside them."""

    class Config:  # noqa: D106
        type_alias: ClassVar[str] = f"{ALIAS}Figures"


class Gaps(Table):
    """Gaps between groups with their intervals, the bound as their test."""

    class Config:  # noqa: D106
        type_alias: ClassVar[str] = f"{ALIAS}Gaps"


class _TableCalculation(ByLabelCalculation[Table]):  # type: ignore[misc]
    def calculate(self, context: Any, current_data: Dataset, reference_data: Any) -> ByLabelValue:
        del context, current_data, reference_data
        found = self.result(dict(self.metric.figures))
        metric = self.metric
        found.widget = [
            table_data(title=metric.title, column_names=metric.columns, data=metric.rows)
        ]
        return found

    def display_name(self) -> str:
        return str(self.metric.title)

    def label_display_name(self, label: Any) -> str:
        return str(label)

    def to_metric_config(self) -> MetricConfig:
        return identity(self, ("name",))


class GroupRate(ByLabelMetric):  # type: ignore[misc]
    """A rate of each group of one attribute, by fairlearn, computed from the report's own rows.

    Attributes:
        attribute: the column with the groups.
        rate: selection_rate, true_positive_rate or precision.
        label: the column with the outcome, 0 or 1.
        chosen: the column that says who is selected, 0 or 1.
    """

    class Config:  # noqa: D106
        type_alias: ClassVar[str] = f"{ALIAS}GroupRate"

    attribute: str
    rate: str
    label: str = "label"
    chosen: str = "selected"


class _GroupRateCalculation(ByLabelCalculation[GroupRate]):  # type: ignore[misc]
    def calculate(self, context: Any, current_data: Dataset, reference_data: Any) -> ByLabelValue:
        from salespipe.modelling.rates import group_rates

        del context, reference_data
        rows, metric = current_data.as_dataframe(), self.metric
        rates = group_rates(rows[metric.label], rows[metric.chosen], rows[metric.attribute])
        found = self.result({str(name): float(value) for name, value in rates[metric.rate].items()})
        told = [[str(name), f"{value:.3f}"] for name, value in rates[metric.rate].items()]
        found.widget = [table_data(title=self.display_name(), column_names=["group", metric.rate],
                                   data=told)]  # fmt: skip
        return found

    def display_name(self) -> str:
        return f"{self.metric.rate.replace('_', ' ')} by {self.metric.attribute}"

    def label_display_name(self, label: Any) -> str:
        return f"{self.display_name()}: {label}"


class GroupGap(SingleValueMetric):  # type: ignore[misc]
    """fairlearn's difference between the groups of one attribute, from the report's own rows.

    Attributes:
        attribute: the column with the groups.
        rate: selection_rate, true_positive_rate or precision.
        groups: those with rows enough to be compared; empty compares all.
        told: the interval and its bound, in words.
        verdict: what follows from them; its name ends with it.
        label: the column with the outcome, 0 or 1.
        chosen: the column that says who is selected, 0 or 1.
    """

    class Config:  # noqa: D106
        type_alias: ClassVar[str] = f"{ALIAS}GroupGap"

    attribute: str
    rate: str
    groups: list[str] = []  # noqa: RUF012 - pydantic copies it
    told: str = ""
    verdict: str = ""
    label: str = "label"
    chosen: str = "selected"


class _GroupGapCalculation(SingleValueCalculation[GroupGap]):  # type: ignore[misc]
    def calculate(self, context: Any, current_data: Dataset, reference_data: Any) -> SingleValue:
        from salespipe.modelling.rates import group_rates

        del context, reference_data
        rows, metric = current_data.as_dataframe(), self.metric
        rates = group_rates(rows[metric.label], rows[metric.chosen], rows[metric.attribute])
        some = rates.loc[metric.groups or list(rates.index), metric.rate]
        found = self.result(float(some.max() - some.min()) if len(some) else 0.0)
        found.widget = [text_widget(text=f"**{self.display_name()}**: {metric.told}")]
        return found

    def display_name(self) -> str:
        name = f"gap of {self.metric.rate.replace('_', ' ')} by {self.metric.attribute}"
        return f"{name}: {self.metric.verdict}" if self.metric.verdict else name

    def to_metric_config(self) -> MetricConfig:
        return identity(self, ("attribute", "rate"))
