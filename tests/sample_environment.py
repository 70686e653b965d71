"""An environment for tests of the tools, so that a service or a job that is added breaks none of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import pytest
from moto import mock_aws

from adelie.compute.service_settings import AutoscalingSettings, ScheduledCapacitySettings
from stacks.environment import Environment

REGISTRY = "222222222222.dkr.ecr.ap-northeast-2.amazonaws.com"


def sample(environments: Mapping[str, Environment]) -> Environment:
    """Prod with one job, and two services of other names: `web`, which has assets, and `chat`, whose folder is called
    otherwise and which sleeps at night."""
    prod = environments["prod"]
    settings = next(iter(prod.services.values())).model_copy(
        update={"build": None, "assets_path": None, "min_capacity": 2, "max_capacity": 4}
    )
    health = settings.health.model_copy(update={"path": "/api/chat/health"})
    night = ScheduledCapacitySettings(schedule="cron(0 21 ? * * *)", min_capacity=0, max_capacity=0)
    sleeping = AutoscalingSettings(scheduled={"night": night})
    chat = {"build": "services/chat", "health": health, "autoscaling": sleeping}
    services = {
        "chat": settings.model_copy(update=chat),
        "web": settings.model_copy(
            update={"assets_path": "/srv/assets", "health": health.model_copy(update={"path": "/"})}
        ),
    }
    jobs = {"ai-pipeline": next(iter(prod.jobs.values())).model_copy(update={"build": "pipeline"})}
    return prod.model_copy(update={"services": services, "jobs": jobs, "account_id": "222222222222"})


@pytest.fixture
def environment(environments: Mapping[str, Environment], monkeypatch: pytest.MonkeyPatch) -> Generator[Environment]:
    """The sample, in the account that moto pretends to be."""
    made = sample(environments)
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOTO_ACCOUNT_ID", made.account_id)
    with mock_aws():
        yield made
