"""Tasks that somebody, or a deploy, runs once."""

from __future__ import annotations

from adelie.compute.cluster import Cluster
from adelie.compute.job_settings import OneOffTaskSettings
from adelie.compute.repository import Repository
from adelie.compute.task import FargateTask
from adelie.seam.terraform import Construct
from adelie.shared.collaborators import PrivateNetwork
from adelie.shared.encryption import CustomerKey
from adelie.values.naming import AwsNames


class OneOffTask(FargateTask):
    """A task definition to run by hand or from a deploy, such as a schema migration: a `Workload`.

    It runs only when it is started. Before a roll-out: apply the task definition of the new image alone, run it with
    `run_command`, wait for its exit code, then apply the rest:

        terraform apply -var image_tag=<tag> -target=<address of the task definition>
        aws ecs run-task --cluster <cluster> --task-definition <family> --network-configuration ... (run_command)
        aws ecs wait tasks-stopped --cluster <cluster> --tasks <task>
        aws ecs describe-tasks --cluster <cluster> --tasks <task> --query 'tasks[0].containers[0].exitCode'
        terraform apply -var image_tag=<tag>
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        settings: OneOffTaskSettings,
        names: AwsNames,
        key: CustomerKey,
        network: PrivateNetwork,
        cluster: Cluster,
        repository: Repository,
        image_tag: str,
    ) -> None:
        super().__init__(
            scope,
            id,
            name=name,
            settings=settings,
            names=names,
            key=key,
            network=network,
            repository=repository,
            image_tag=image_tag,
        )
        self.run_command = (
            f"aws ecs run-task --cluster {cluster.name} --task-definition {self.family} "
            f"--capacity-provider-strategy capacityProvider={settings.capacity_provider},weight=1 "
            f"--propagate-tags TASK_DEFINITION --network-configuration "
            f"'awsvpcConfiguration={{subnets=[{','.join(network.private_subnet_ids)}],"
            f"securityGroups=[{self.security_group.security_group_id}],assignPublicIp=DISABLED}}'"
        )
        """The command that runs the newest revision once; it prints the task's ARN in `tasks[0].taskArn`."""
