"""`Environment`: everything that one environment's YAML says, as one frozen, typed value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from adelie.cdn.settings import CdnSettings, DomainSettings
from adelie.compute.job_settings import OneOffTaskSettings, ScheduledJobSettings
from adelie.compute.service_settings import ServiceSettings, target_group_name
from adelie.compute.settings import ClusterSettings, LoadBalancerSettings, RepositorySettings
from adelie.database.settings import CacheSettings, DatabaseSettings, known_regions
from adelie.network.settings import BastionSettings, NetworkSettings
from adelie.operations.settings import AlarmSettings, BackupSettings, BudgetSettings, NotifierSettings
from adelie.shared.settings import EncryptionSettings
from adelie.storage.settings import BucketSettings, LogBucketSettings, SecretSettings
from adelie.values.naming import AwsTarget, InvalidNameError
from catalogue.cidr import InvalidCidrError, overlaps
from catalogue.settings import EmulatorOnly, Settings, refuse_what_is_for_an_emulator, reject

Kebab = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
"""Lower-case letters, digits and single hyphens."""

CONNECTED_SERVICES: Final = ("backend-api", "frontend")
"""The services that `stacks.platform` connects to something; others may stand beside them."""
CONNECTED_SECRETS: Final = ("discord-webhook-url", "jwt-secret", "llm-api-key")
"""The secrets that `stacks.platform` gives to somebody."""


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
    """The three buckets of the platform."""

    objects: BucketSettings
    """Application objects: what MinIO holds on premises."""
    assets: BucketSettings
    """The frontend's built assets, which the CDN serves."""
    logs: LogBucketSettings
    """Access logs of the buckets, the load balancer and the CDN."""


class Environment(Settings):
    """One environment of the platform: `environments/base.yaml` with `environments/<name>.yaml` over it."""

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
    """Tags of every resource, beside Project, Environment and ManagedBy."""
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
    """The image repositories, one a service or job."""
    cluster: ClusterSettings
    """The ECS cluster and its mix of FARGATE and FARGATE_SPOT."""
    load_balancer: LoadBalancerSettings
    """The internal load balancer in front of the services."""
    services: Mapping[Kebab, ServiceSettings]
    """The service catalogue: Fargate services behind the load balancer, by name."""
    pipeline: ScheduledJobSettings
    """The scheduled job `ai-pipeline`."""
    migration: OneOffTaskSettings
    """The one-off task that migrates the database schema before a roll-out."""
    database: DatabaseSettings
    """RDS PostgreSQL."""
    cache: CacheSettings
    """ElastiCache (Redis protocol)."""
    storage: StorageSettings
    """S3 buckets."""
    secrets: Mapping[Kebab, SecretSettings]
    """Secrets Manager secrets, by name."""
    cdn: CdnSettings
    """CloudFront and its web ACL."""
    alarms: AlarmSettings
    """When somebody is told."""
    notifier: NotifierSettings
    """The function that tells Discord."""
    budget: BudgetSettings | None
    """What a month may cost; null leaves the budget out."""
    backup: BackupSettings | None
    """Copies in a vault of their own; null leaves them to RDS's own backups and the buckets' versions."""

    @property
    def target(self) -> AwsTarget:
        """Where the environment lives: the source of names and ARNs."""
        return AwsTarget(
            project=self.project,
            environment=self.name,
            account_id=self.account_id,
            region=self.region,
            bounded=self.emulator is None,
        )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.emulator is None:
            refuse_what_is_for_an_emulator(self)
        self._check_protection()
        self._check_region()
        self._check_zones()
        self._check_domain()
        self._check_bastion()
        self._check_reserved_cidrs()
        self._check_names()
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
            "storage.objects.force_destroy": (self.storage.objects.force_destroy, False),
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

    def _check_names(self) -> None:
        """Refuse, with file and line, the one name of a service that comes near to its limit."""
        for name, service in self.services.items():
            try:
                target_group_name(self.target, name, service.container_port)
            except InvalidNameError as error:
                reject(f"services.{name}", f"makes a name that is too long ({error})", name, "shorten the key")

    def _check_catalogue(self) -> None:
        for name in CONNECTED_SERVICES:
            if name not in self.services:
                known = ", ".join(sorted(self.services)) or "none"
                reject("services", f"must have {name!r}, which the platform connects", known, f"add {name}")
        by_priority: dict[int, str] = {}
        for name, service in self.services.items():
            other = by_priority.setdefault(service.listener_priority, name)
            if other != name:
                key = f"services.{name}.listener_priority"
                reject(key, f"must not be that of {other}", service.listener_priority, "use another number")
        for name in CONNECTED_SECRETS:
            if name not in self.secrets:
                known = ", ".join(sorted(self.secrets)) or "none"
                reject("secrets", f"must have {name!r}, which the platform connects", known, f"add {name}")


def overlay_schema() -> dict[str, Any]:
    """The JSON Schema of one file in environments/: as `Environment`, but any key may be left to the other file.

    Only the file's name says the environment's name, so there is no such key.
    """
    schema = Environment.model_json_schema()
    del schema["properties"]["name"]
    for part in (schema, *schema["$defs"].values()):
        part.pop("required", None)
    schema["title"] = "An environment file of the Adelie platform"
    return schema
