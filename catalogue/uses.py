"""`uses`, and the contract behind it: which variables an application finds for each thing that it uses.

The contract is the same on every target, so that an application can't tell where it runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from catalogue.complaints import closest
from catalogue.settings import reject

if TYPE_CHECKING:
    from catalogue.model import Bucket, Job, Secret


@dataclass(frozen=True)
class Variables:
    """The variables that one use provides."""

    always: tuple[str, ...]
    """What an application can rely on."""
    sometimes: tuple[str, ...] = ()
    """What is there where the target needs it, and says so by being there."""


_POSTGRESQL: Final = Variables(
    always=("PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSSLMODE"),
    sometimes=("PGSSLROOTCERT",),  # with verify-full
)
"""libpq's own names, which every driver knows (PostgreSQL documentation, "Environment Variables")."""

BUILT_IN: Final[Mapping[str, Variables]] = MappingProxyType(
    {
        "database": _POSTGRESQL,
        "database-owner": _POSTGRESQL,
        "cache": Variables(
            always=("REDIS_HOST", "REDIS_PORT", "REDIS_TLS"),
            sometimes=("REDIS_AUTH", "REDIS_USERNAME", "REDIS_CLUSTER_NAME"),  # where one signs in with a token
        ),
    }
)
"""What there is to use without being declared: the database, as the application or as its owner, and the cache."""


def in_capitals(name: str) -> str:
    """A name as it begins a variable: "night-report" is "NIGHT_REPORT"."""
    return name.upper().replace("-", "_")


def job_prefix(name: str, job: Job) -> str:
    """What the variables of a job begin with."""
    return job.variable_prefix or in_capitals(name)


def provided(
    jobs: Mapping[str, Job], buckets: Mapping[str, Bucket], secrets: Mapping[str, Secret]
) -> Mapping[str, Variables]:
    """Everything that can be used, by name, and the variables it provides."""
    return {
        **BUILT_IN,
        **{name: Variables((f"{in_capitals(name)}_BUCKET",)) for name in buckets},
        **{name: Variables((secret.environment_variable,)) for name, secret in secrets.items()},
        **{name: Variables((f"{job_prefix(name, job)}_{START}",)) for name, job in jobs.items()},
    }


START: Final = "STATE_MACHINE_ARN"
"""What comes behind a job's prefix in the variable that says how to start it."""


def check(key: str, used: Sequence[str], variables: Collection[str], known: Mapping[str, Variables]) -> None:
    """Refuse, at `<key>.uses.<number>`, what isn't known or provides a variable that the container has already."""
    has = dict.fromkeys(variables, "its environment")
    for index, name in enumerate(used):
        here = f"{key}.uses.{index}"
        if name not in known:
            reject(here, "must be something that the catalogue has", name, closest(name, sorted(known)))
        for variable in (*known[name].always, *known[name].sometimes):
            if variable in has:
                reject(here, f"must not provide {variable}, which {has[variable]} sets", name, "remove one of the two")
            has[variable] = name
