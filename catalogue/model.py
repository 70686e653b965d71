"""What runs: services, jobs and tasks, what they use, and what there is to use. It knows no target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from catalogue import uses
from catalogue.schedule import Crontab, TimeZone
from catalogue.settings import Settings, reject

Kebab = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
"""Lower-case letters, digits and single hyphens."""

EnvironmentVariable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
"""The name of an environment variable."""

AbsolutePath = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9_.-]+)+$")]
"""A directory in the container."""

RelativeFolder = Annotated[
    str, StringConstraints(pattern=r"^(\.|[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)$")
]
"""A folder below another one: `backend`, `services/chat`, or `.` for that one itself."""

PathPattern = Annotated[str, StringConstraints(pattern=r"""^/[A-Za-z0-9_.$/~"'@:+&*?-]*$""", max_length=128)]
"""A path of requests, `*` for any text and `?` for one character, such as /api/*. These characters, 128 at most, are
what a rule of a load balancer takes (ELB user guide, "Path conditions")."""

_SECRET_NAME: Final = re.compile(r"(^|_)(SECRET|TOKEN|KEY|PASSWD|PASSPHRASE|CREDENTIALS?)$|PASSWORD|WEBHOOK")


class Container(Settings):
    """One container: what it is built from, what it runs, and what it may do to itself."""

    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """What to run instead of the image's own command; omitted, the image decides."""
    environment: Mapping[EnvironmentVariable, str] = Field(default_factory=dict[str, str])
    """Plain environment variables (default none). What it `uses` adds its own; secrets are declared under secrets."""
    uses: tuple[Kebab, ...] = ()
    """What it may reach, by name (default nothing): `database`, `cache`, a bucket, a secret, or a job that it starts.
    Each name opens the one port, grants the exact access and sets the variables of the contract (catalogue/uses.py).
    `database-owner` is for a migration, which makes and alters tables."""
    user: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+(:[a-z0-9_-]+)?$")] | None = None
    """The user, or user:group, that runs the container; omitted, the image decides."""
    writable_paths: tuple[AbsolutePath, ...] = ("/tmp",)  # noqa: S108 -- a path in the container, not on this machine
    """Directories that the container may write to, each an empty volume that lives as long as the container (default
    /tmp); the rest of its file system is read-only. nginx needs /var/cache/nginx and /var/run. A volume belongs to root
    unless the image declares it (VOLUME) with another owner (ECS developer guide, "Bind mounts")."""
    linux_capabilities: Literal["none", "default"] = "none"
    """Capabilities of root in the container (default none); `default` for an image that starts as root and changes to
    another user, as nginx does."""
    stop_timeout_seconds: Annotated[int, Field(ge=1, le=120)] = 30
    """Seconds between the request to stop and the kill (default 30; Fargate takes up to 120)."""

    @model_validator(mode="after")
    def _environment_is_plain(self) -> Self:
        for name in self.environment:
            if _SECRET_NAME.search(name):
                reject(f"environment.{name}", "must not be named like a secret", name, "declare it under secrets")
        return self

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        for key, names in (("writable_paths", map(volume_name, self.writable_paths)), ("uses", self.uses)):
            if (index := _first_duplicate(names)) is not None:
                value = getattr(self, key)[index]
                reject(f"{key}.{index}", "must not name the same again", value, "remove one of them")
        return self


class Built(Container):
    """A container with an image of its own, which a release builds from the application's repository."""

    build: RelativeFolder | None = None
    """The folder of the application's repository that has the Dockerfile; omitted, the folder called like the service
    or job."""


class Health(Settings):
    """How one learns whether a service can serve."""

    path: Annotated[str, StringConstraints(pattern=r"^/\S*$", max_length=1024)]
    """What is asked for with GET."""
    success_codes: Annotated[str, StringConstraints(pattern=r"^[2-4][0-9]{2}([,-][2-4][0-9]{2})*$")] = "200"
    """Status codes of a healthy one (default 200): a list (200,204) or a range (200-299)."""
    interval_seconds: Annotated[int, Field(ge=5, le=300)] = 15
    """Seconds between two questions (default 15; 5 to 300)."""
    timeout_seconds: Annotated[int, Field(ge=2, le=120)] = 5
    """Seconds to wait for the answer (default 5; 2 to 120); less than the interval."""
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    """Good answers in a row that make it healthy (default 2; 2 to 10)."""
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] = 3
    """Bad answers in a row that make it unhealthy, and replaced (default 3; 2 to 10)."""

    @model_validator(mode="after")
    def _answers_in_time(self) -> Self:
        if self.timeout_seconds >= self.interval_seconds:
            reject(
                "timeout_seconds",
                f"must be less than interval_seconds ({self.interval_seconds})",
                self.timeout_seconds,
                f"use at most {self.interval_seconds - 1}",
            )
        return self


class Service(Built):
    """A service that answers requests: one image, kept running."""

    port: Annotated[int, Field(ge=1, le=65535)]
    """The TCP port that the container listens on."""
    paths: Annotated[tuple[PathPattern, ...], Field(min_length=1, max_length=5)]
    """The paths that are this service's, such as /api/*; five at most (ELB quotas: condition values per rule). Where
    several match, the one that says more of the path wins."""
    health: Health
    """How one learns whether it can serve."""
    assets_path: AbsolutePath | None = None
    """Where the image has built files that its pages ask for under /assets/, such as /usr/share/nginx/html/assets. They
    are served from the assets and never by the service, so each release copies them from the image, and is healthy
    only if the page at / names at least one and all that it names answer. Omitted, the image has none, and its page
    isn't looked at for any."""


class Job(Built):
    """A container that runs by the clock, and ends."""

    schedule: Crontab
    """When it runs: minute, hour, day of the month, month, day of the week, as in `0 18 * * MON-FRI`."""
    time_zone: TimeZone = "Asia/Seoul"
    """The time zone of `schedule` (default Asia/Seoul)."""
    timeout_seconds: Annotated[int, Field(ge=60, le=86400)] = 3600
    """Seconds after which a run is stopped (default 3600)."""
    variable_prefix: EnvironmentVariable | None = None
    """What its variables begin with: `<prefix>_FORCE` is "true" in a run that is forced and "false" else, and what
    uses the job gets `<prefix>_...`, which say how to start it. Omitted, the job's name in capitals."""


class Task(Container):
    """A command to run once, in the image of a service."""

    image_of: Kebab
    """The service whose image it is."""
    when: Literal["before-release", "by-hand"]
    """`before-release`: each release runs it with its new images before it rolls them out, as it does a migration of
    the database's schema. `by-hand`: only somebody starts it."""

    @model_validator(mode="after")
    def _says_what_to_run(self) -> Self:
        if self.command is None:
            reject("command", "must say what to run", None, "set it, for example [alembic, upgrade, head]")
        return self


class Bucket(Settings):
    """A bucket for objects of the application; what `uses` it reads and writes it, and gets `<NAME>_BUCKET`."""

    purpose: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    """What is in it, in a few words."""


class Secret(Settings):
    """A value that nobody reads in a file: where it comes from and which variable it becomes."""

    kind: Literal["generated", "supplied"]
    """`generated`: the platform makes the value. `supplied`: a person sets it, before the first release of what needs
    it (`adelie secret set`)."""
    environment_variable: EnvironmentVariable
    """The variable in which what `uses` it gets the value, such as JWT_SECRET."""


class Database(Settings):
    """PostgreSQL, one database for all."""

    engine_version: Literal["17", "18"]
    """PostgreSQL's major version."""
    database_name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    """The database's name; a new name is a new, empty database."""


class Cache(Settings):
    """A cache and queue that speaks Redis's protocol, one for all."""

    engine: Literal["valkey", "redis"] = "valkey"
    """The software (default valkey: the open fork that speaks Redis's protocol, and the cheaper one)."""
    engine_version: Annotated[str, StringConstraints(pattern=r"^[7-9]\.[0-9]+$")]
    """Major and minor version: 7.2, 8.0, 8.1 for valkey; 7.0, 7.1 for redis. A lower one is a new, empty cache."""

    @model_validator(mode="after")
    def _engine_has_the_version(self) -> Self:
        if self.engine == "redis" and not self.engine_version.startswith("7."):
            fix = "use 7.1, or the engine valkey"
            reject("engine_version", "must be 7.0 or 7.1 for redis", self.engine_version, fix)
        return self


class Catalogue(Settings):
    """environments/catalogue.yaml: what runs on every target. How it is placed there, each target's own files say."""

    services: Mapping[Kebab, Service]
    """What answers requests, by name."""
    jobs: Mapping[Kebab, Job]
    """What runs by the clock, by name."""
    tasks: Mapping[Kebab, Task]
    """What runs once, by name."""
    database: Database
    """PostgreSQL."""
    cache: Cache
    """The cache."""
    buckets: Mapping[Kebab, Bucket]
    """Buckets of the application, by name."""
    secrets: Mapping[Kebab, Secret]
    """Secrets, by name."""

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """What there is, by kind: the only names that a target's files may have there."""
        return {
            "services": tuple(self.services),
            "jobs": tuple(self.jobs),
            "tasks": tuple(self.tasks),
            "buckets": tuple(self.buckets),
            "secrets": tuple(self.secrets),
        }

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        check(self.services, self.jobs, self.tasks, self.buckets, self.secrets)
        return self


def check(
    services: Mapping[str, Service],
    jobs: Mapping[str, Job],
    tasks: Mapping[str, Task],
    buckets: Mapping[str, Bucket],
    secrets: Mapping[str, Secret],
) -> None:
    """Refuse, at its key, what doesn't fit together: a name or a path twice, a use or an image that isn't there.

    To be called by a validator of the model that has the five under these names, `Catalogue` or a target's own.
    """
    kinds = {"services": services, "jobs": jobs, "tasks": tasks, "buckets": buckets, "secrets": secrets}
    _check_names(kinds)
    _check_paths(services)
    for name, task in tasks.items():
        if task.image_of not in services:
            known = ", ".join(services) or "none"
            reject(f"tasks.{name}.image_of", "must be a service", task.image_of, f"use one of: {known}")
    provided = uses.provided(jobs, buckets, secrets)
    for kind, containers in (("services", services), ("jobs", jobs), ("tasks", tasks)):
        for name, container in containers.items():
            own = {job_variable(name, container, "FORCE")} if isinstance(container, Job) else set[str]()
            uses.check(f"{kind}.{name}", container.uses, {*container.environment, *own}, provided)


def job_variable(name: str, job: Job, word: str) -> str:
    """A variable of the job: `job_variable("night-report", job, "FORCE")` is NIGHT_REPORT_FORCE."""
    return f"{uses.job_prefix(name, job)}_{word}"


def volume_name(path: str) -> str:
    """The name of the volume that makes `path` writable: "/var/cache/nginx" is "var-cache-nginx"."""
    return re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")


def _check_names(kinds: Mapping[str, Mapping[str, object]]) -> None:
    """One name is one thing: a target names what it makes after it, and `uses` has no kinds."""
    taken = dict.fromkeys(uses.BUILT_IN, "a part of the platform")
    for kind, things in kinds.items():
        for name in things:
            if name in taken:
                reject(f"{kind}.{name}", f"must not be named like {taken[name]}", name, "choose another name")
            taken[name] = f"one of {kind}"


def _check_paths(services: Mapping[str, Service]) -> None:
    taken: dict[str, str] = {}
    for name, service in services.items():
        for index, path in enumerate(service.paths):
            if (other := taken.setdefault(path, name)) != name:
                reject(f"services.{name}.paths.{index}", f"must not be one of {other}", path, "use another path")


def _first_duplicate(names: Iterable[str]) -> int | None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            return index
        seen.add(name)
    return None
