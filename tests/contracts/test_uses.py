"""What `uses` promises holds in every stack: the variables of the contract, and names that are nobody else's."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from catalogue import uses
from catalogue.model import job_variable
from stacks.catalogue_names import RESERVED
from stacks.environment import Environment
from tests.environments import PLATFORMS
from tests.support import Synthesized
from tests.users import containers
from tools.synthesized import resources

EVERY = pytest.mark.parametrize("name", PLATFORMS)


def variables(stack: Synthesized) -> dict[str, set[str]]:
    """The variables of each container, by the container's name."""
    found: dict[str, set[str]] = {}
    for task in stack.resources("aws_ecs_task_definition").values():
        for container in json.loads(task["container_definitions"]):
            found[container["name"]] = {each["name"] for each in (*container["environment"], *container["secrets"])}
    return found


@EVERY
def test_a_container_has_the_variables_of_what_it_uses_and_no_other(
    name: str, platforms: Mapping[str, Synthesized], environments: Mapping[str, Environment]
) -> None:
    environment = environments[name]
    contract = uses.provided(environment.jobs, environment.buckets, environment.secrets)
    found = variables(platforms[name])
    assert found.keys() == containers(environment).keys()
    for each, settings in containers(environment).items():
        always = {variable for use in settings.uses for variable in contract[use].always} | {*settings.environment}
        sometimes = {variable for use in settings.uses for variable in contract[use].sometimes}
        assert always <= found[each] <= always | sometimes, each


@EVERY
def test_a_forced_run_is_told_in_the_jobs_own_variable(
    name: str, platforms: Mapping[str, Synthesized], environments: Mapping[str, Environment]
) -> None:
    machines = " ".join(each["definition"] for each in platforms[name].resources("aws_sfn_state_machine").values())
    for job, settings in environments[name].jobs.items():
        assert f'"{job_variable(job, settings, "FORCE")}"' in machines


def test_no_job_task_or_bucket_can_have_the_id_of_another_construct(
    platforms: Mapping[str, Synthesized], environments: Mapping[str, Environment]
) -> None:
    """The platform's own ids are known before anything is synthesized, so that a clash is refused with its line."""
    own: set[str] = set()
    for name, environment in environments.items():
        named = {*environment.jobs, *environment.tasks, *environment.buckets}
        by_name = {
            f"{kind}-{each}" for kind in ("service", "repository", "secret") for each in _every_name(environment)
        }
        top = {resource.path[0] for resource in resources(platforms[name].document) if resource.path}
        own |= top - named - by_name
    assert own == RESERVED


def _every_name(environment: Environment) -> set[str]:
    return {*environment.services, *environment.jobs, *environment.secrets}
