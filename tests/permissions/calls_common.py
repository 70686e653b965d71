"""Calls that several parts of the platform make."""

from __future__ import annotations

from collections.abc import Iterator

from tests.permissions.account import Account
from tests.permissions.call import OTHER_ACCOUNT, SOMEBODY, Call, Instead, another, elsewhere


def taken(account: Account, role: str, *, by: str, source: str, source_arn: str | None = None) -> Call:
    """A service takes a role: with `source_arn` it says for whom (`aws:SourceAccount`, `aws:SourceArn`)."""
    misses: dict[str, Instead] = {"another service": {"who": "glue.amazonaws.com"}}
    if source_arn:
        misses["for another account"] = {
            "context": {"aws:SourceAccount": OTHER_ACCOUNT, "aws:SourceArn": elsewhere(source_arn)}
        }
    misses["another account's role"] = {"who": SOMEBODY}
    return Call(
        what=f"{by} takes the role",
        who=by,
        does="sts:AssumeRole",
        on=role,
        context={"aws:SourceAccount": account.id, "aws:SourceArn": source_arn} if source_arn else {},
        source=source,
        near_misses=misses,
    )


def send_to(account: Account, queue: str, *, what: str, who: str, source: str) -> Iterator[Call]:
    """A role puts a message into a queue that is encrypted with the customer key."""
    yield Call(
        what=f"{what}: the message",
        who=who,
        does="sqs:SendMessage",
        on=queue,
        source=source,
        near_misses={
            "another queue": {"on": another(queue)},
            "another account's": {"on": elsewhere(queue)},
            "over plain HTTP": {"context": {"aws:SecureTransport": "false"}},
            "another account's role": {"who": SOMEBODY},
            "it reads the queue": {"does": "sqs:ReceiveMessage"},
        },
    )
    yield through(
        account,
        account.attributes("aws_sqs_queue", queue)["kms_master_key_id"],
        service="sqs",
        what=f"{what}: its encryption",
        who=who,
        does=["kms:GenerateDataKey", "kms:Decrypt"],
        encryption_context={"aws:sqs:arn": queue},
        source="SQS developer guide, Key management: configure KMS permissions for producers",
    )


def through(
    account: Account,
    key: str,
    *,
    service: str,
    what: str,
    who: str,
    does: list[str],
    encryption_context: dict[str, str],
    source: str,
    directly_too: bool = False,
) -> Call:
    """A role uses a key through the service that holds the data; and only so, unless something else of it lets it."""
    via = f"{service}.{account.region}.amazonaws.com"
    only: dict[str, Instead] = {
        "by itself, with no service between": {"context": {"kms:ViaService": ""}},
        "through another service": {"context": {"kms:ViaService": f"dynamodb.{account.region}.amazonaws.com"}},
    }
    return Call(
        what=what,
        who=who,
        does=does,
        on=key,
        context={
            "kms:ViaService": via,
            "kms:CallerAccount": account.id,
            **{f"kms:EncryptionContext:{name}": value for name, value in encryption_context.items()},
        },
        source=source,
        near_misses={
            **({} if directly_too else only),
            "another key": {"on": another(key)},
            "another account's": {"on": elsewhere(key)},
        },
    )
