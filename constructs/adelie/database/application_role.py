"""The application's own role in the database: its login in a secret, and the function that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from adelie import functions
from adelie.database.settings import FUNCTION, TIMEOUT_SECONDS, ApplicationRoleSettings, known_regions
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.bounded_role import bounded_role
from adelie.shared.collaborators import PrivateNetwork
from adelie.shared.encryption import CustomerKey
from adelie.shared.function_code import FunctionCode
from adelie.shared.function_log import function_log, report_statements
from adelie.shared.security_group import SecurityGroup
from adelie.storage.secret import Secret
from adelie.storage.settings import SecretSettings
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, assume_role_policy, policy_document

SECRET: Final = "database-application"  # noqa: S105 -- its name
_PACKAGE: Final = Path(functions.__file__).with_name("database_role")
DRIVER: Final = ("asn1crypto", "pg8000", "python-dateutil", "scramp", "six")
"""A driver of pure Python, and what it imports: a compiled one would have to be of Lambda's processor, not of ours."""
_MEMORY_MIB: Final = 256


class ApplicationRole(Construct):
    """A secret with the application's login, and a Lambda function that makes the database agree with it.

    The password is generated into the secret and isn't in Terraform's state (`adelie.storage.secret`). The function
    runs in the private subnets, reaches PostgreSQL and HTTPS (Secrets Manager) and nothing else, reads the owner's
    secret and this one, and is called by a release only: nothing triggers it. What it does to the database is in
    `adelie.functions.database_role`.

    Raises ValueError in a region whose certificate authority of RDS is not beside the function's code.
    """

    peer_id = FUNCTION

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: ApplicationRoleSettings,
        names: AwsNames,
        key: CustomerKey,
        network: PrivateNetwork,
        owner_secret_arn: str,
        server: Mapping[str, str],
        log_retention_days: int,
    ) -> None:
        """`server` is PGHOST, PGPORT and PGDATABASE."""
        super().__init__(scope, id)
        _check_region(names)
        self._names = names
        self._key = key
        self.secret = Secret(
            self,
            "password",
            settings=SecretSettings(
                kind="generated",
                environment_variable="PGPASSWORD",
                recovery_window_days=0,  # a new password is as good, and the name is free at once
                generation=settings.generation,
            ),
            names=names,
            name=SECRET,
            key=key,
            username=settings.login,
        )
        self.security_group = self._closed_security_group(network)
        name = names.name("aws_lambda_function", FUNCTION)
        log = function_log(self, function_name=name, retention_days=log_retention_days, key=key)
        role = bounded_role(
            self,
            "role",
            names=names,
            name=names.name("aws_iam_role", FUNCTION),
            description="Makes the application's role in the database",
            trust=assume_role_policy("lambda.amazonaws.com"),
        )
        permissions = aws.IamRolePolicy(
            self,
            "permissions",
            name="make-role",
            role=role.name,
            policy=policy_document(*self._permissions(log, owner_secret_arn), *self._network_interfaces()),
        )
        code = FunctionCode(self, "code", package=_PACKAGE, distributions=DRIVER)
        aws.LambdaFunction(
            self,
            "function",
            function_name=name,
            description="Makes the application's role in the database, before each migration",
            role=role.arn,
            runtime="python3.13",
            architectures=["arm64"],
            handler="database_role.handler.handle",
            filename=code.path,
            source_code_hash=code.hash,
            memory_size=_MEMORY_MIB,
            timeout=TIMEOUT_SECONDS,
            vpc_config=aws.LambdaFunctionVpcConfig(
                subnet_ids=list(network.private_subnet_ids),
                security_group_ids=[self.security_group.security_group_id],
            ),
            environment=aws.LambdaFunctionEnvironment(
                variables={
                    "OWNER_SECRET_ARN": owner_secret_arn,
                    "APPLICATION_SECRET_ARN": self.secret.arn,
                    "APPLICATION_ROLE": settings.username,
                    "APPLICATION_LOGINS": ",".join(settings.logins),
                    "APPLICATION_SCHEMA": settings.schema_name,
                    **server,
                }
            ),
            tracing_config=aws.LambdaFunctionTracingConfig(mode="Active"),
            logging_config=aws.LambdaFunctionLoggingConfig(log_format="JSON", log_group=log.name),
            depends_on=[permissions],
        )

    def _closed_security_group(self, network: PrivateNetwork) -> SecurityGroup:
        group = SecurityGroup(
            self,
            "security-group",
            names=self._names,
            name=FUNCTION,
            description="The function that makes the application's role",
            vpc_id=network.vpc_id,
        )
        group.allow_https_to_internet()
        return group

    def _permissions(self, log: aws.CloudwatchLogGroup, owner_secret_arn: str) -> tuple[Statement, ...]:
        return (
            *report_statements(log),
            Statement(
                sid="ReadBothLogins",
                actions=["secretsmanager:GetSecretValue"],
                resources=[owner_secret_arn, self.secret.arn],
            ),
            self._key.decrypt_statement(
                "DecryptBothLogins", via_service=f"secretsmanager.{self._names.region}.amazonaws.com"
            ),
        )

    def _network_interfaces(self) -> tuple[Statement, ...]:
        """What Lambda does with the function's role to place it in the VPC, and the function's own code must not do.

        Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC": the actions under
        "Required IAM permissions", with all ids of the account where narrower ones would break it, and the denial.
        """
        read_actions = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
        write_actions = [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:UnassignPrivateIpAddresses",
        ]
        function = self._names.arn("lambda", f"function:{self._names.name('aws_lambda_function', FUNCTION)}")
        return (
            Statement(sid="LambdaFindsItsPlace", actions=read_actions, resources=["*"]),
            Statement(sid="LambdaJoinsTheNetwork", actions=write_actions, resources=[self._names.arn("ec2", "*/*")]),
            Statement(
                sid="TheCodeItselfDoesNot",
                effect="Deny",
                actions=[*read_actions, *write_actions],
                resources=["*"],
                conditions={"ArnEquals": {"lambda:SourceFunctionArn": function}},
            ),
        )


def _check_region(names: AwsNames) -> None:
    known = known_regions()
    if names.region not in known:
        raise ValueError(
            f"the database's function knows RDS's certificate authority in {', '.join(known)}, but not in "
            f"{names.region}; add {names.region}.pem to {_PACKAGE.name}"
        )
