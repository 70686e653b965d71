"""The pipeline's own roles: who takes them, and what they do that would be worst if it were refused or too wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.permissions.account import Account
from tests.permissions.call import OLD_TLS, PLAIN_HTTP, SOMEBODY, Call, elsewhere

ISSUER: Final = "token.actions.githubusercontent.com"
GITHUB: Final = "GitHub Docs, OpenID Connect reference: subject claims"
REFERENCE: Final = "Service authorization reference: actions, resources and condition keys"
BACKEND: Final = "Terraform, Backend type s3: S3 bucket permissions"


def tokens(account: Account) -> Iterator[Call]:
    """GitHub Actions takes a role with the token of one run."""
    repository = f"repo:{account.environment.github_repository}"
    name = account.environment.name
    contexts = {
        "plan": [f"{repository}:pull_request", f"{repository}:ref:refs/heads/main"],
        "apply": [f"{repository}:environment:{name}"],
    }
    for kind, subjects in contexts.items():
        foreign = "apply" if kind == "plan" else "plan"
        for subject in subjects:
            yield Call(
                what=f"a run of {subject} takes the {kind} role",
                who=account.arn("iam", f"oidc-provider/{ISSUER}", region=""),
                does="sts:AssumeRoleWithWebIdentity",
                on=account.pipeline_role(kind),
                context={f"{ISSUER}:sub": subject, f"{ISSUER}:aud": "sts.amazonaws.com"},
                source=GITHUB,
                near_misses={
                    "a fork": {"context": {f"{ISSUER}:sub": subject.replace(repository, "repo:somebody/fork")}},
                    "another branch": {"context": {f"{ISSUER}:sub": f"{repository}:ref:refs/heads/any"}},
                    "another environment": {"context": {f"{ISSUER}:sub": f"{repository}:environment:any"}},
                    "for another audience": {"context": {f"{ISSUER}:aud": "https://github.com/somebody"}},
                    "without a subject": {"context": {f"{ISSUER}:sub": ""}},
                    "another issuer": {"who": account.arn("iam", "oidc-provider/gitlab.com", region="")},
                    f"the {foreign} role": {"on": account.pipeline_role(foreign)},
                },
            )


def state(account: Account) -> Iterator[Call]:
    """Terraform's state: plan reads it, apply writes it and its lock."""
    plan, apply = account.pipeline_role("plan"), account.pipeline_role("apply")
    bucket, key = account.state_bucket, account.state_key
    for who in (plan, apply):
        yield Call(
            what="Terraform reads the state",
            who=who,
            does="s3:GetObject",
            on=f"{bucket}/{key}",
            source=BACKEND,
            near_misses={
                "of another stack": {"on": f"{bucket}/another-{key}"},
                "over plain HTTP": PLAIN_HTTP,
                "over old TLS": OLD_TLS,
                "somebody's role": {"who": SOMEBODY},
                "a container does": {"who": account.task_roles()[0]},
                "an older version is deleted": {"does": "s3:DeleteObjectVersion"},
            },
        )
        yield Call(
            what="Terraform looks for the state",
            who=who,
            does="s3:ListBucket",
            on=bucket,
            source=BACKEND,
            near_misses={
                "it deletes the bucket": {"does": "s3:DeleteBucket"},
                "opens it": {"does": "s3:PutBucketPolicy"},
            },
        )
    yield Call(
        what="Terraform writes the state",
        who=apply,
        does="s3:PutObject",
        on=f"{bucket}/{key}",
        source=BACKEND,
        near_misses={"it deletes it": {"does": "s3:DeleteObject"}, "the plan role does": {"who": plan}},
    )
    yield Call(
        what="Terraform locks the state",
        who=apply,
        does=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        on=f"{bucket}/{key}.tflock",
        source=BACKEND,
        near_misses={"the plan role does": {"who": plan}},
    )


def reading(account: Account) -> Iterator[Call]:
    """Plan sees how everything is set up, and nothing of what is in it."""
    plan = account.pipeline_role("plan")
    for bucket, _ in account.each("aws_s3_bucket"):
        yield Call(
            what=f"Terraform reads how {bucket} is set up",
            who=plan,
            does=["s3:GetBucketPolicy", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration"],
            on=bucket,
            source=REFERENCE,
            near_misses={
                "what is in it": {"does": "s3:GetObject", "on": f"{bucket}/any/key"},
                "changes it": {"does": "s3:PutBucketPolicy"},
                "somebody else's": {"on": elsewhere(bucket)},
            },
        )
    for secret, key in account.secrets().items():
        yield Call(
            what=f"Terraform reads how {secret} is set up",
            who=plan,
            does="secretsmanager:DescribeSecret",
            on=secret,
            source=REFERENCE,
            near_misses={
                "its value": {"does": "secretsmanager:GetSecretValue"},
                "decrypts it": {
                    "does": "kms:Decrypt",
                    "on": key,
                    "context": {"kms:ViaService": f"secretsmanager.{account.region}.amazonaws.com"},
                },
                "changes it": {"does": "secretsmanager:PutSecretValue"},
                "another account's": {"on": elsewhere(secret)},
            },
        )
    for arn, _ in account.each("aws_db_instance"):
        yield Call(
            what="Terraform reads how the database is set up",
            who=plan,
            does="rds:DescribeDBInstances",
            on=arn,
            source=REFERENCE,
            near_misses={"changes it": {"does": "rds:ModifyDBInstance"}, "another account's": {"on": elsewhere(arn)}},
        )
    for arn, body in account.each("aws_iam_role"):
        yield Call(
            what=f"Terraform reads {body['name']}",
            who=plan,
            does="iam:GetRole",
            on=arn,
            source=REFERENCE,
            near_misses={
                "takes it": {"does": "sts:AssumeRole"},
                "hands it on": {"does": "iam:PassRole", "context": {"iam:PassedToService": "ec2.amazonaws.com"}},
                "changes it": {"does": "iam:PutRolePolicy"},
            },
        )


def making_roles(account: Account) -> Iterator[Call]:
    """Apply makes roles within the boundary, hands them to their services, and has no way to more than that."""
    apply = account.pipeline_role("apply")
    own = account.arn("iam", f"policy/{account.environment.names.bootstrap_name('boundary')}", region="")
    key = "iam:PermissionsBoundary"
    yield Call(
        what="Terraform changes who takes a role",
        who=apply,
        does="iam:UpdateAssumeRolePolicy",
        on=next(account.each("aws_iam_role"))[0],
        source=REFERENCE,
        near_misses={
            "its own": {"on": apply},
            "the plan role's": {"on": account.pipeline_role("plan")},
            "takes the boundary away": {"does": "iam:DeleteRolePermissionsBoundary"},
            "puts another on": {"does": "iam:PutRolePermissionsBoundary"},
            "changes the boundary": {"does": "iam:CreatePolicyVersion", "on": own},
        },
    )
    for arn, body in account.each("aws_iam_role"):
        trusted = account.trusted(arn)
        yield Call(
            what=f"Terraform makes {body['name']}",
            who=apply,
            does="iam:CreateRole",
            on=arn,
            context={key: body["permissions_boundary"]},
            source=REFERENCE,
            near_misses={
                "without the boundary": {"context": {key: ""}},
                "with another": {"context": {key: "arn:aws:iam::aws:policy/AdministratorAccess"}},
                "of another platform": {"on": account.arn("iam", f"role/another-{body['name']}", region="")},
            },
        )
        yield Call(
            what=f"Terraform writes a policy of {body['name']}",
            who=apply,
            does="iam:PutRolePolicy",
            on=arn,
            context={key: body["permissions_boundary"]},
            source=REFERENCE,
            near_misses={"its own": {"on": apply}, "without the boundary": {"context": {key: ""}}},
        )
        yield Call(
            what=f"Terraform hands {body['name']} to {trusted}",
            who=apply,
            does="iam:PassRole",
            on=arn,
            context={"iam:PassedToService": trusted},
            source="IAM user guide, Grant a user permissions to pass a role to an AWS service",
            near_misses={
                "to another service": {"context": {"iam:PassedToService": "glue.amazonaws.com"}},
                "its own role": {"on": apply},
            },
        )
    for body in account.bodies("aws_iam_role_policy_attachment"):
        yield Call(
            what=f"Terraform attaches {body['policy_arn']}",
            who=apply,
            does="iam:AttachRolePolicy",
            on=account.arn("iam", f"role/{body['role']}", region=""),
            context={key: own, "iam:PolicyARN": body["policy_arn"]},
            source=REFERENCE,
            near_misses={
                "a wider one": {"context": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}},
                "without the boundary": {"context": {key: ""}},
                "to its own role": {"on": apply},
            },
        )


def changing(account: Account) -> Iterator[Call]:
    """Apply sets up what holds data, and sees nothing of the data."""
    apply = account.pipeline_role("apply")
    for secret, key in account.secrets().items():
        if ":secret:rds!" not in secret:
            yield Call(
                what=f"Terraform writes {secret}",
                who=apply,
                does="secretsmanager:PutSecretValue",
                on=secret,
                source=REFERENCE,
                near_misses={
                    "reads it": {"does": "secretsmanager:GetSecretValue"},
                    "opens it to others": {"does": "secretsmanager:PutResourcePolicy"},
                    "another account's": {"on": elsewhere(secret)},
                },
            )
        yield Call(
            what=f"{secret} is encrypted for Terraform",
            who=apply,
            does=["kms:GenerateDataKey", "kms:Decrypt"],
            on=key,
            context={"kms:ViaService": f"secretsmanager.{account.region}.amazonaws.com"},
            source="Secrets Manager user guide, Secret encryption and decryption",
            near_misses={
                "by itself, with no service between": {"context": {"kms:ViaService": ""}},
                "another account's key": {"on": elsewhere(key)},
            },
        )
    for bucket, _ in account.each("aws_s3_bucket"):
        if bucket not in account.served():
            yield Call(
                what=f"Terraform sets up {bucket}",
                who=apply,
                does=["s3:PutBucketPolicy", "s3:PutEncryptionConfiguration"],
                on=bucket,
                source=REFERENCE,
                near_misses={
                    "reads what is in it": {"does": "s3:GetObject", "on": f"{bucket}/any"},
                    "deletes what is in it": {"does": "s3:DeleteObject", "on": f"{bucket}/any"},
                    "the state's": {"on": account.state_bucket},
                },
            )
    for key, _ in account.each("aws_kms_key"):
        yield Call(
            what=f"Terraform sets up {key}",
            who=apply,
            does=["kms:PutKeyPolicy", "kms:EnableKeyRotation"],
            on=key,
            source=REFERENCE,
            near_misses={
                "another account's": {"on": elsewhere(key)},
                "a container does": {"who": account.task_roles()[0]},
            },
        )
        yield Call(
            what=f"a service that Terraform sets up gets a grant on {key}",
            who=apply,
            does="kms:CreateGrant",
            on=key,
            context={"kms:GrantIsForAWSResource": "true"},
            source="KMS developer guide, Using policy conditions: kms:GrantIsForAWSResource",
            near_misses={"somebody gets one": {"context": {"kms:GrantIsForAWSResource": "false"}}},
        )
