"""What Terraform's expressions would be once AWS has made everything: `${aws_kms_key.x.arn}` is some key's ARN."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final, TypeVar, cast

from tests.support import Synthesized

_EXPRESSION: Final = re.compile(r"\$\{([^{}]+)\}")
_REFERENCE: Final = re.compile(r"(aws_\w+)\.([\w-]+)\.([\w.\[\]]+)")
_PART: Final = re.compile(r"\{(\w+)\}")
IMAGE_TAG: Final = "4f2c1e9"

COMPUTED: Final[Mapping[str, str]] = {
    "aws_cloudfront_distribution.arn": "arn:aws:cloudfront::{account}:distribution/{made_id}",
    "aws_cloudwatch_log_group.arn": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws_cloudwatch_metric_alarm.arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{alarm_name}",
    "aws_db_instance.address": "{identifier}.example.{region}.rds.amazonaws.com",
    "aws_db_instance.arn": "arn:aws:rds:{region}:{account}:db:{identifier}",
    # RDS names the secret of the master password by itself (RDS user guide, "Password management").
    "aws_db_instance.master_user_secret[0].secret_arn": (
        "arn:aws:secretsmanager:{region}:{account}:secret:rds!db-{made_id}-AbCdEf"
    ),
    "aws_ecr_repository.arn": "arn:aws:ecr:{region}:{account}:repository/{name}",
    "aws_ecr_repository.repository_url": "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
    "aws_ecs_cluster.arn": "arn:aws:ecs:{region}:{account}:cluster/{name}",
    "aws_ecs_task_definition.arn": "arn:aws:ecs:{region}:{account}:task-definition/{family}:7",
    "aws_elasticache_replication_group.arn": (
        "arn:aws:elasticache:{region}:{account}:replicationgroup:{replication_group_id}"
    ),
    "aws_elasticache_replication_group.primary_endpoint_address": (
        "master.{replication_group_id}.example.cache.amazonaws.com"
    ),
    "aws_elasticache_user.arn": "arn:aws:elasticache:{region}:{account}:user:{user_id}",
    "aws_iam_openid_connect_provider.arn": "arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com",
    "aws_iam_policy.arn": "arn:aws:iam::{account}:policy/{name}",
    "aws_iam_role.arn": "arn:aws:iam::{account}:role/{name}",
    "aws_instance.arn": "arn:aws:ec2:{region}:{account}:instance/i-{made_id}",
    "aws_kms_key.arn": "arn:aws:kms:{region}:{account}:key/{made_id}",
    "aws_lambda_function.arn": "arn:aws:lambda:{region}:{account}:function:{function_name}",
    "aws_lb.arn": "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{made_id}",
    "aws_s3_bucket.arn": "arn:aws:s3:::{bucket}",
    "aws_s3_bucket.bucket_regional_domain_name": "{bucket}.s3.{region}.amazonaws.com",
    "aws_s3_bucket.id": "{bucket}",
    "aws_secretsmanager_secret.arn": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    "aws_secretsmanager_secret.id": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    "aws_secretsmanager_secret_version.arn": "{secret_id}",
    "aws_sfn_state_machine.arn": "arn:aws:states:{region}:{account}:stateMachine:{name}",
    "aws_sns_topic.arn": "arn:aws:sns:{region}:{account}:{name}",
    "aws_sqs_queue.arn": "arn:aws:sqs:{region}:{account}:{name}",
    "aws_sqs_queue.url": "https://sqs.{region}.amazonaws.com/{account}/{name}",
}
"""What AWS makes of a resource: its attributes in braces, and an id that is the same each time one asks for it."""

Value = TypeVar("Value")


class Arns:
    """Resolves the expressions of one stack in one account. Raises LookupError for one that `COMPUTED` lacks."""

    def __init__(self, stack: Synthesized, *, account: str, region: str) -> None:
        self._stack = stack
        self._account = account
        self._region = region

    def resolved(self, value: Value) -> Value:
        """The value, with every expression in it replaced; texts in mappings and lists too."""
        if isinstance(value, str):
            return cast(Value, _EXPRESSION.sub(lambda found: self._value(found[1]), value))
        if isinstance(value, list):
            return cast(Value, [self.resolved(each) for each in cast(list[Any], value)])
        if isinstance(value, dict):
            return cast(Value, {key: self.resolved(each) for key, each in cast(dict[str, Any], value).items()})
        return value

    def document(self, text: str) -> Any:
        """A JSON text (a policy, a definition), parsed, with every expression in it replaced."""
        return self.resolved(json.loads(text))

    def of(self, resource_type: str, name: str, attribute: str = "arn") -> str:
        """An attribute of a resource."""
        return self._value(f"{resource_type}.{name}.{attribute}")

    def _value(self, expression: str) -> str:
        if expression == "var.image_tag":
            return IMAGE_TAG
        found = _REFERENCE.fullmatch(expression)
        body = self._stack.resources(found[1]).get(found[2]) if found else None
        if not found or body is None:
            raise LookupError(f"tests/permissions/arns.py can't tell what ${{{expression}}} is")
        kind, name, attribute = found.groups()
        template = COMPUTED.get(f"{kind}.{attribute}") or ("{made_id}" if attribute == "id" else None)
        if template is None:
            if isinstance(body.get(attribute), str):
                return self.resolved(str(body[attribute]))
            raise LookupError(f"tests/permissions/arns.py: COMPUTED lacks {kind}.{attribute}")
        made_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{self._account}/{kind}.{name}")
        made = {"region": self._region, **body, "account": self._account, "made_id": str(made_id)}
        return template.format(**{part: self.resolved(made[part]) for part in _PART.findall(template)})
