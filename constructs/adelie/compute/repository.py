"""Image repositories."""

from __future__ import annotations

import json

from adelie.compute.settings import RepositorySettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.data import holds_data
from adelie.shared.encryption import CustomerKey
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement


class Repository(Construct):
    """An ECR repository: tags that cannot be moved, images scanned on push and encrypted with the customer key.

    Its lifecycle policy never deletes what runs. It expires untagged images only, and an image that runs is not one:
    tasks are started by tag, and an immutable tag stays on its image (ECR itself keeps the untagged parts of a
    multi-platform image while the whole exists). A rule by count or age of tagged images could hit a service that was
    not deployed for long, so there is none.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: RepositorySettings,
        names: AwsNames,
        key: CustomerKey,
        name: str,
    ) -> None:
        super().__init__(scope, id)
        repository = aws.EcrRepository(
            self,
            "repository",
            name=names.name("aws_ecr_repository", name),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.EcrRepositoryImageScanningConfiguration(scan_on_push=True),
            encryption_configuration=[aws.EcrRepositoryEncryptionConfiguration(encryption_type="KMS", kms_key=key.arn)],
            force_delete=settings.force_delete,
        )
        holds_data(repository)
        aws.EcrLifecyclePolicy(
            self, "lifecycle", repository=repository.name, policy=_expire_untagged(settings.untagged_expiry_days)
        )
        self.url = repository.repository_url
        self.arn = repository.arn

    def pull_statements(self) -> tuple[Statement, ...]:
        """What an execution role needs to pull this repository's images, and no other's."""
        return (
            Statement(
                sid="PullImage",
                actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                resources=[self.arn],
            ),
            # A registry login has no resource level (service authorization reference of ECR).
            Statement(sid="LogInToRegistry", actions=["ecr:GetAuthorizationToken"], resources=["*"]),
        )


def _expire_untagged(days: int) -> str:
    return json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "description": f"Expire untagged images after {days} days",
                    "selection": {
                        "tagStatus": "untagged",
                        "countType": "sinceImagePushed",
                        "countUnit": "days",
                        "countNumber": days,
                    },
                    "action": {"type": "expire"},
                }
            ]
        }
    )
