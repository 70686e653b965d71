"""The platform: the one composition that every environment is an instance of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from adelie.cdn.distribution import Cdn
from adelie.cdn.domain import Certificate
from adelie.compute.cluster import Cluster
from adelie.compute.load_balancer import LoadBalancer
from adelie.compute.one_off_task import OneOffTask
from adelie.compute.repository import Repository
from adelie.compute.scheduled_job import ScheduledJob
from adelie.compute.service import FargateService
from adelie.database.cache import Cache
from adelie.database.rds import Database
from adelie.network.bastion import Bastion
from adelie.network.vpc import Network
from adelie.seam.terraform import Construct, TerraformOutput, TerraformVariable, TerraformVariableValidationConfig
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.collaborators import Workload
from adelie.shared.data import DataStack
from adelie.shared.encryption import CustomerKey
from adelie.storage.bucket import Bucket
from adelie.storage.log_bucket import LogBucket
from adelie.storage.secret import Secret
from stacks import providers
from stacks.catalogue_names import output, start_command_output
from stacks.environment import Environment
from stacks.monitoring import Monitoring

IMAGE_TAG_RULE: Final = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"
"""What a container registry takes as a tag (OCI distribution specification)."""


class Platform(DataStack):
    """Network, data, storage, compute and CDN of one environment, and one visible line for each connection.

    Takes one input, `image_tag`: which build of the images to run (`cdktf deploy staging --var image_tag=4f2c1e9`).
    """

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(scope, environment.name, prevent_destroy=environment.prevent_destroy)
        self._environment = environment
        self._names = environment.names
        providers.configure(self, environment)
        self._image_tag = self._input_image_tag()

        self._foundation()
        self._storage()
        self._database()
        self._compute()
        self._connections()
        self._cdn()
        self._monitoring()
        self._outputs()

    def _input_image_tag(self) -> str:
        variable = TerraformVariable(
            self,
            "image_tag",
            type="string",
            description="Tag of the container images to run: the commit they were built from.",
            nullable=False,
            validation=[
                TerraformVariableValidationConfig(
                    condition=f'${{can(regex("{IMAGE_TAG_RULE}", var.image_tag)) && var.image_tag != "latest"}}',
                    error_message="image_tag must be a valid image tag and not 'latest': use the commit's hash.",
                )
            ],
        )
        return variable.string_value

    def _foundation(self) -> None:
        environment, names = self._environment, self._names
        self._key = CustomerKey(self, "key", settings=environment.encryption, names=names)
        self._alarms = AlarmTopic(self, "alarms", names=names, key=self._key)
        self._network = Network(self, "network", settings=environment.network, names=names, key=self._key)
        self._bastion = (
            Bastion(self, "bastion", settings=environment.bastion, names=names, network=self._network)
            if environment.bastion
            else None
        )

    def _storage(self) -> None:
        storage, names, key = self._environment.storage, self._names, self._key
        self._logs = LogBucket(self, "logs", settings=storage.logs, names=names)
        self._buckets = {
            name: Bucket(self, name, settings=settings, names=names, purpose=name, key=key, logs=self._logs)
            for name, settings in self._environment.buckets.items()
        }
        # Without the customer key: the files are public through the CDN, and S3's own key costs nothing a request.
        self._assets = Bucket(
            self,
            "assets",
            settings=storage.assets,
            names=names,
            purpose="assets",
            key=None,
            logs=self._logs,
            rebuildable=True,
        )
        self._secrets = {
            name: Secret(self, f"secret-{name}", settings=settings, names=names, name=name, key=key)
            for name, settings in self._environment.secrets.items()
        }

    def _database(self) -> None:
        environment, names = self._environment, self._names
        self._postgres = Database(
            self, "database", settings=environment.database, names=names, key=self._key, network=self._network
        )
        self._redis = Cache(
            self, "cache", settings=environment.cache, names=names, key=self._key, network=self._network
        )

    def _compute(self) -> None:
        environment, names, key, network = self._environment, self._names, self._key, self._network
        domain = environment.domain
        origin_certificate = (
            Certificate(self, "certificate", settings=domain, name=domain.origin_name, region=environment.region)
            if domain
            else None
        )
        self._cluster = Cluster(self, "cluster", settings=environment.cluster, names=names, key=key)
        self._load_balancer = LoadBalancer(
            self,
            "load-balancer",
            settings=environment.load_balancer,
            names=names,
            network=network,
            logs=self._logs,
            certificate=origin_certificate,
        )
        self._repositories = {
            name: Repository(
                self, f"repository-{name}", settings=environment.repositories, names=names, key=key, name=name
            )
            for name in (*environment.services, *environment.jobs)
        }
        self._services = {
            name: FargateService(
                self,
                f"service-{name}",
                name=name,
                settings=settings,
                names=names,
                key=key,
                network=network,
                cluster=self._cluster,
                load_balancer=self._load_balancer,
                repository=self._repositories[name],
                image_tag=self._image_tag,
            )
            for name, settings in environment.services.items()
        }
        self._jobs = {
            name: ScheduledJob(
                self,
                name,
                name=name,
                settings=settings,
                names=names,
                key=key,
                network=network,
                cluster=self._cluster,
                repository=self._repositories[name],
                image_tag=self._image_tag,
                alarm_topic_arn=self._alarms.arn,
            )
            for name, settings in environment.jobs.items()
        }
        self._tasks = {
            name: OneOffTask(
                self,
                name,
                name=name,
                settings=settings,
                names=names,
                key=key,
                network=network,
                cluster=self._cluster,
                repository=self._repositories[settings.image_of],
                image_tag=self._image_tag,
            )
            for name, settings in environment.tasks.items()
        }

    def _connections(self) -> None:
        """Who may reach what, as the catalogue's `uses` say: the one port, the exact access, the variables."""
        environment = self._environment
        connect: dict[str, Callable[[Workload], None]] = {
            "database": self._postgres.connect,
            "database-owner": self._postgres.connect_owner,
            "cache": self._redis.connect,
        }
        for things in (self._buckets, self._secrets, self._jobs):
            connect.update({name: thing.connect for name, thing in things.items()})
        for settings, workloads in (
            (environment.services, self._services),
            (environment.jobs, self._jobs),
            (environment.tasks, self._tasks),
        ):
            for name, workload in workloads.items():
                for use in settings[name].uses:
                    connect[use](workload)
        if self._bastion:
            self._postgres.allow_from(self._bastion)
            self._redis.allow_from(self._bastion)

    def _cdn(self) -> None:
        self._front_door = Cdn(
            self,
            "cdn",
            settings=self._environment.cdn,
            names=self._names,
            assets=self._assets,
            load_balancer=self._load_balancer,
            logs=self._logs,
            domain=self._environment.domain,
        )

    def _monitoring(self) -> None:
        # Last of all that holds data: it copies what the stack knows of by now.
        monitoring = Monitoring(
            self,
            "operations",
            settings=self._environment,
            names=self._names,
            key=self._key,
            topic=self._alarms,
            webhook=self._secrets[self._environment.notifier.webhook],
            backup_sources=self.backup_sources,
        )
        monitoring.watch(
            load_balancer=self._load_balancer,
            cdn=self._front_door,
            services=self._services,
            jobs=self._jobs,
            database=self._postgres,
            cache=self._redis,
        )

    def _outputs(self) -> None:
        outputs = {
            "alarm_topic_arn": (self._alarms.arn, "Subscribe here to hear of alarms"),
            "assets_bucket": (self._assets.name, "Where the frontend's build goes"),
            "cache_endpoint": (self._redis.endpoint_address, "Host name of the cache"),
            "cdn_distribution_id": (self._front_door.distribution_id, "What to invalidate after a new frontend"),
            "cdn_domain_name": (self._front_door.domain_name, "Where the platform answers"),
            "cluster_name": (self._cluster.name, "The ECS cluster"),
            "database_endpoint": (self._postgres.endpoint_address, "Host name of PostgreSQL"),
            "load_balancer_dns_name": (self._load_balancer.dns_name, "Private; CloudFront alone reaches it"),
        }
        for name, bucket in self._buckets.items():
            outputs[output(name, "bucket")] = (bucket.name, self._environment.buckets[name].purpose)
        for name, task in self._tasks.items():
            outputs[output(name, "command")] = (task.run_command, f"Runs the {name} that Terraform last registered")
        for name, job in self._jobs.items():
            outputs[start_command_output(name, self._environment.jobs[name])] = (
                job.start_command,
                f"Starts {name} by hand",
            )
        if self._bastion:
            outputs["bastion_instance_id"] = (self._bastion.instance_id, "Target of a Session Manager port forward")
        for name, (value, description) in outputs.items():
            TerraformOutput(self, name, value=value, description=description)
