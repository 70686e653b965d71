"""`Environment`: everything that one environment's YAML says, as one frozen, typed value."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field, StringConstraints, model_validator

from adelie.cdn.settings import CdnSettings, DomainSettings
from adelie.compute.job_settings import OneOffTaskSettings, ScheduledJobSettings
from adelie.compute.service_settings import ServiceSettings, listener_priority
from adelie.compute.settings import ClusterSettings, LoadBalancerSettings, RepositorySettings
from adelie.database.settings import CacheSettings, DatabaseSettings, known_regions
from adelie.network.settings import BastionSettings, NetworkSettings
from adelie.operations.settings import AlarmSettings, BackupSettings, BudgetSettings, NotifierSettings
from adelie.shared.settings import EncryptionSettings
from adelie.storage.settings import ApplicationBucketSettings, BucketSettings, LogBucketSettings, SecretSettings
from adelie.values.literal import is_literal
from adelie.values.log_retention import LogRetentionDays
from adelie.values.naming import AwsNames
from catalogue.cidr import InvalidCidrError, overlaps
from catalogue.model import Container, Kebab, check
from catalogue.settings import EmulatorOnly, Settings, refuse_what_is_for_an_emulator, reject
from stacks.catalogue_names import check_names


class EmulatorSettings(Settings):
    """An emulated AWS in place of the real one; localstack-client says where (LOCALSTACK_HOST, AWS_ENDPOINT_URL)."""

    access_key: Literal["test"] = "test"
    """The dummy access key (default "test"); a real one is refused."""


class LocalState(Settings):
    """Terraform state in a file of this working copy. A real environment's is in S3, where the pipeline finds it."""

    type: Annotated[Literal["local"], EmulatorOnly("local")]
    """`local` keeps `terraform.<environment>.tfstate` in the working copy."""


class S3State(Settings):
    """Terraform state in S3: encrypted, and locked by a lock file beside it (Terraform 1.10 and later)."""

    type: Literal["s3"]
    """`s3` keeps the state in a bucket of the environment's own account."""
    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """The bucket's name; it must exist before the first deploy."""


class StorageSettings(Settings):
    """The platform's own buckets; those of the application are under `buckets`."""

    assets: BucketSettings
    """The frontend's built assets, which the CDN serves."""
    logs: LogBucketSettings
    """Access logs of the buckets, the load balancer and the CDN."""


class Environment(Settings):
    """One environment on AWS: the catalogue, with aws/base.yaml and aws/<name>.yaml of environments/ over it."""

    name: Annotated[Kebab, Field(max_length=12)]
    """The file's name; part of every resource's name. Short, because a load balancer's may have 32 characters."""
    project: Annotated[Kebab, Field(max_length=14)]
    """What every resource's name begins with."""
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
    """The AWS region, such as ap-northeast-2 (Seoul). Certificates and the web ACL of the CDN live in us-east-1."""
    account_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
    """The one account this environment may be deployed into: Terraform refuses any other (allowed_account_ids)."""
    github_repository: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$")]
    """This repository on GitHub, as owner/name: its workflow runs may take the roles that the bootstrap stack makes."""
    prevent_destroy: bool
    """Terraform refuses a plan that would destroy what holds data: keys, database, cache, buckets, secrets, images.

    It guards what is in the code. What is taken out of it, AWS itself must refuse to delete, so true asks for that too:
    `deletion_protection` and a final snapshot, no `force_destroy` and no `force_delete`, and a recovery window."""
    tags: Mapping[str, str]
    """Tags of every resource, besides Project, Environment and ManagedBy."""
    state: Annotated[LocalState | S3State, Field(discriminator="type")]
    """Where Terraform keeps the state."""
    emulator: EmulatorSettings | None = None
    """Set ({}) to deploy into an emulated AWS; omitted, the environment is real."""
    reserved_cidrs: Mapping[str, str]
    """Networks that the VPC must not overlap, by name, because it may be connected to them one day."""
    domain: DomainSettings | None
    """The custom domain and its hosted zone; null serves under CloudFront's own name."""
    tls_to_load_balancer: bool
    """TLS between CloudFront and the load balancer too; it needs `domain`, because a certificate is for a name."""
    encryption: EncryptionSettings
    """The customer key for data and logs."""
    network: NetworkSettings
    """VPC, subnets, NAT and endpoints."""
    bastion: BastionSettings | None
    """The SSM host that forwards ports to database and cache; null leaves it out."""
    repositories: RepositorySettings
    """The image repositories, one per service or job."""
    cluster: ClusterSettings
    """The ECS cluster and its mix of FARGATE and FARGATE_SPOT."""
    load_balancer: LoadBalancerSettings
    """The internal load balancer in front of the services."""
    cpu_architecture: Literal["ARM64", "X86_64"]
    """What all images are built for, unless a service, job or task says otherwise; ARM64 costs about a fifth less."""
    log_retention_days: LogRetentionDays
    """Days that logs stay in CloudWatch Logs, unless the part that writes them says otherwise."""
    services: Mapping[Kebab, ServiceSettings]
    """Fargate services behind the load balancer, by name: those of the catalogue."""
    jobs: Mapping[Kebab, ScheduledJobSettings]
    """Fargate tasks that run by the clock, by name: the catalogue's jobs."""
    tasks: Mapping[Kebab, OneOffTaskSettings]
    """Fargate tasks that run once, by name: the catalogue's tasks."""
    database: DatabaseSettings
    """RDS PostgreSQL."""
    cache: CacheSettings
    """ElastiCache (Redis protocol)."""
    buckets: Mapping[Kebab, ApplicationBucketSettings]
    """S3 buckets of the application, by name: those of the catalogue."""
    storage: StorageSettings
    """S3 buckets of the platform."""
    secrets: Mapping[Kebab, SecretSettings]
    """Secrets Manager secrets, by name."""
    cdn: CdnSettings
    """CloudFront and its web ACL."""
    alarms: AlarmSettings = AlarmSettings()
    """When people are notified (default: at the thresholds stated there, and no e-mail)."""
    notifier: NotifierSettings
    """The function that notifies Discord."""
    budget: BudgetSettings | None
    """What a month may cost; null leaves the budget out."""
    backup: BackupSettings | None
    """Copies in a vault of their own; null leaves them to RDS's own backups and the buckets' versions."""

    @property
    def names(self) -> AwsNames:
        """Where the environment lives: the source of names and ARNs."""
        return AwsNames(
            project=self.project,
            environment=self.name,
            account_id=self.account_id,
            region=self.region,
            bounded=self.emulator is None,
        )

    @property
    def release_tasks(self) -> list[str]:
        """The tasks that a release runs with its new images before it rolls them out, in the catalogue's order."""
        return [name for name, task in self.tasks.items() if task.when == "before-release"]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.emulator is None:
            refuse_what_is_for_an_emulator(self)
        for name in type(self).model_fields:
            _refuse_templates(name, getattr(self, name))
        self._check_protection()
        self._check_region()
        self._check_zones()
        self._check_domain()
        self._check_bastion()
        self._check_reserved_cidrs()
        self._check_catalogue()
        return self

    def _check_protection(self) -> None:
        if not self.prevent_destroy:
            return
        switches = {
            "database.deletion_protection": (self.database.deletion_protection, True),
            "database.final_snapshot": (self.database.final_snapshot, True),
            "cache.final_snapshot": (self.cache.final_snapshot, True),
            "repositories.force_delete": (self.repositories.force_delete, False),
            **{f"buckets.{name}.force_destroy": (each.force_destroy, False) for name, each in self.buckets.items()},
            "storage.logs.force_destroy": (self.storage.logs.force_destroy, False),
        }
        fix = "or set prevent_destroy to false"
        for key, (stated, safe) in switches.items():
            if stated != safe:
                reject(key, f"must be {str(safe).lower()} with prevent_destroy", stated, f"change it, {fix}")
        for name, secret in self.secrets.items():
            if secret.recovery_window_days == 0:
                key = f"secrets.{name}.recovery_window_days"
                reject(key, "must be 7 or more with prevent_destroy", 0, f"use 30, {fix}")

    def _check_region(self) -> None:
        if self.region not in known_regions():
            fix = f"use {' or '.join(known_regions())}, or add {self.region}.pem to adelie/functions/database_role"
            reject("region", "must be one whose certificate authority of RDS is known", self.region, fix)

    def _check_zones(self) -> None:
        for index, zone in enumerate(self.network.availability_zones):
            if not re.fullmatch(re.escape(self.region) + "[a-z]", zone):
                reject(
                    f"network.availability_zones.{index}",
                    f"must be a zone of {self.region}",
                    zone,
                    f"use {self.region}a or another letter",
                )

    def _check_domain(self) -> None:
        if self.tls_to_load_balancer and self.domain is None:
            reject("domain", "must be set for tls_to_load_balancer", None, "state its name and zone, or turn that off")
        if self.domain is not None and not self.tls_to_load_balancer:
            reject("tls_to_load_balancer", "must be true with a domain", False, "turn it on")

    def _check_bastion(self) -> None:
        if self.bastion and not self.network.reaches_session_manager:
            reject(
                "network.interface_endpoints",
                "must have ssm and ssmmessages for a bastion without NAT",
                self.network.interface_endpoints,
                "add them, or set bastion to null",
            )

    def _check_reserved_cidrs(self) -> None:
        try:
            clashes = overlaps({"vpc": self.network.vpc_cidr, **self.reserved_cidrs})
        except InvalidCidrError as error:
            reject("reserved_cidrs", error.rule, dict(self.reserved_cidrs), error.fix)
        for one, other in clashes:
            if one == "vpc":
                reject(
                    "network.vpc_cidr",
                    f"must not overlap {other} ({self.reserved_cidrs[other]})",
                    self.network.vpc_cidr,
                    "use another private network",
                )

    def _check_catalogue(self) -> None:
        check(self.services, self.jobs, self.tasks, self.buckets, self.secrets)
        others = {"tasks": self.tasks, "buckets": self.buckets, "secrets": self.secrets}
        check_names(self.names, self.services, self.jobs, others)
        self._check_priorities()
        if self.notifier.webhook not in self.secrets:
            known = ", ".join(self.secrets) or "none"
            reject(
                "notifier.webhook", "must be a secret of the catalogue", self.notifier.webhook, f"use one of: {known}"
            )

    def _check_priorities(self) -> None:
        """Each service has a number of its own, and none is asked first for all that is another's."""
        order = sorted((listener_priority(name, service), name) for name, service in self.services.items())
        for (priority, name), (other_priority, other) in itertools.pairwise(order):
            if priority == other_priority:
                key = f"services.{other}.listener_priority"
                reject(key, f"must not be that of {name}", priority, "use another number")
        for index, (_, first) in enumerate(order):
            for _, later in order[index + 1 :]:
                self._check_reached(later, first)

    def _check_reached(self, name: str, first: str) -> None:
        for number, path in enumerate(self.services[name].paths):
            for pattern in self.services[first].paths:
                if pattern.endswith("*") and path.startswith(pattern[:-1]):
                    rule = f"is never reached, because {pattern} of {first} is asked before it"
                    fix = f"give services.{name} a lower listener_priority"
                    reject(f"services.{name}.paths.{number}", rule, path, fix)


def _refuse_templates(key: str, value: object) -> None:
    """Refuse text that Terraform would fill in, but for what a container gets, which stands for itself."""
    if isinstance(value, Container):
        value = value.model_dump(exclude={"command", "environment"})
    elif isinstance(value, Settings):
        value = value.model_dump()
    if isinstance(value, str) and not is_literal(value):
        reject(key, "must not have ${ or %{, which Terraform fills in", value, "write it without the brace")
    elif isinstance(value, Mapping):
        for name, item in cast("Mapping[str, object]", value).items():
            _refuse_templates(key, name)
            _refuse_templates(f"{key}.{name}", item)
    elif isinstance(value, tuple):
        for index, item in enumerate(cast("tuple[object, ...]", value)):
            _refuse_templates(f"{key}.{index}", item)


def overlay_schema() -> dict[str, Any]:
    """The JSON Schema of one file in environments/aws/: as `Environment`, but any key may be left to another layer.

    Only the file's name says the environment's name, so there is no such key.
    """
    schema = Environment.model_json_schema()
    del schema["properties"]["name"]
    for part in (schema, *schema["$defs"].values()):
        part.pop("required", None)
    schema["title"] = "An environment file of the Adelie platform"
    return schema
