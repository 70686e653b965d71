"""What a month may cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from adelie import aws
from adelie.alarms import AlarmTopic
from adelie.naming import AwsTarget
from adelie.settings import Settings
from adelie.terraform import Construct

Percent = Annotated[int, Field(ge=1, le=1000)]


class BudgetSettings(Settings):
    """A monthly budget of the environment's account."""

    monthly_limit_usd: Annotated[int, Field(ge=1)]
    """US dollars a month."""
    actual_percents: Annotated[tuple[Percent, ...], Field(min_length=1, max_length=5)] = (80, 100)
    """Shares of the limit at which spent money is told (default 80 and 100)."""
    forecast_percent: Percent = 100
    """Share of the limit at which AWS's forecast for the month is told (default 100); it needs some weeks of data."""


class Budget(Construct):
    """A monthly cost budget of the whole account, which tells the topic before it is used up.

    The account is the environment's own, so there is no filter: a filter by tag would miss what can't be tagged, and
    works only once cost allocation tags are activated by hand. The first two budgets of an account are free.

    >>> Budget(self, "budget", settings=settings, target=target, topic=topic)  # doctest: +SKIP
    """

    def __init__(
        self, scope: Construct, id: str, *, settings: BudgetSettings, target: AwsTarget, topic: AlarmTopic
    ) -> None:
        super().__init__(scope, id)
        steps = [("ACTUAL", percent) for percent in settings.actual_percents]
        aws.BudgetsBudget(
            self,
            "budget",
            name=target.name("aws_budgets_budget", "monthly"),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(settings.monthly_limit_usd),
            limit_unit="USD",
            notification=[
                aws.BudgetsBudgetNotification(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_sns_topic_arns=[topic.arn],
                )
                for kind, percent in (*steps, ("FORECASTED", settings.forecast_percent))
            ],
        )
