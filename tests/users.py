"""Who is meant to use what: the catalogue's `uses`, as the stacks and the emulators must show them."""

from __future__ import annotations

from catalogue.model import Container
from stacks.environment import Environment


def containers(environment: Environment) -> dict[str, Container]:
    """Everything that runs, by name."""
    return {**environment.services, **environment.jobs, **environment.tasks}


def users(environment: Environment, *uses: str) -> set[str]:
    """The names of all that use one of `uses`."""
    return {name for name, container in containers(environment).items() if {*uses} & {*container.uses}}


def construct_id(environment: Environment, name: str) -> str:
    """The id of what runs under the name: services have theirs behind `service-`."""
    return f"service-{name}" if name in environment.services else name


def user_ids(environment: Environment, *uses: str) -> set[str]:
    """As `users`, by their construct ids."""
    return {construct_id(environment, name) for name in users(environment, *uses)}
