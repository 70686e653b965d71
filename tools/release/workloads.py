"""What a release asks of the catalogue: what is built, which secrets people set, which job is meant."""

from __future__ import annotations

from collections.abc import Mapping

from adelie.compute.job_settings import ScheduledJobSettings
from adelie.compute.service_settings import ServiceSettings
from stacks.environment import Environment
from tools.command import ToolError


def supplied_secrets(environment: Environment) -> list[str]:
    """The names of the environment's secrets whose values people supply."""
    return sorted(name for name, settings in environment.secrets.items() if settings.kind == "supplied")


def built(environment: Environment) -> Mapping[str, ServiceSettings | ScheduledJobSettings]:
    """Everything that has an image repository of its own, by name: the services and the jobs."""
    return {**environment.services, **environment.jobs}


def job_named(environment: Environment, name: str | None) -> str:
    """The job with the name, or the only one if none is given. Raises ToolError if there is no such job, or several."""
    names = sorted(environment.jobs)
    if name is None and len(names) == 1:
        return names[0]
    known = f"jobs are: {', '.join(names) or 'none'}"
    if name is None:
        raise ToolError(f"{environment.name} has {len(names)} jobs; say which one, its {known}.")
    if name not in names:
        raise ToolError(f"{environment.name} has no job {name!r}; its {known}.")
    return name
