"""What a month may cost."""

from __future__ import annotations

from adelie.operations.settings import BudgetSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.alarm_topic import AlarmTopic
from adelie.values.naming import AwsNames


class Budget(Construct):
    """A monthly cost budget of the whole account, which notifies the topic before it is used up.

    The account is the environment's own, so there is no filter: a filter by tag would miss what can't be tagged, and
    works only once cost allocation tags are activated by hand. The first two budgets of an account are free.
    """

    def __init__(
        self, scope: Construct, id: str, *, settings: BudgetSettings, names: AwsNames, topic: AlarmTopic
    ) -> None:
        super().__init__(scope, id)
        steps = [("ACTUAL", percent) for percent in settings.actual_percents]
        aws.BudgetsBudget(
            self,
            "budget",
            name=names.name("aws_budgets_budget", "monthly"),
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
