"""Marks of what holds data: what a stack does with them."""

from __future__ import annotations

import json

import pytest

from adelie.seam import aws, terraform
from adelie.seam.terraform import App, TerraformResourceLifecycle, TerraformStack
from adelie.shared.data import BackupSource, DataStack, holds_data
from tests.support import Synthesized, synthesize

DATABASE = BackupSource(kind="database", arn="arn:database", key=None)
BUCKET = BackupSource(kind="bucket", arn="arn:bucket", key=None)


def data_stack(*, prevent_destroy: bool) -> DataStack:
    return DataStack(App(), "test", prevent_destroy=prevent_destroy)


@pytest.mark.parametrize("prevent_destroy", [True, False])
def test_a_mark_protects_where_the_stack_says_so_and_keeps_other_rules(prevent_destroy: bool) -> None:
    stack = data_stack(prevent_destroy=prevent_destroy)
    rules = TerraformResourceLifecycle(create_before_destroy=True)
    queue = holds_data(aws.SqsQueue(stack, "queue", lifecycle=rules))
    aws.SqsQueue(stack, "unmarked")
    assert isinstance(queue, aws.SqsQueue)
    lifecycles = Synthesized(json.loads(terraform.Testing.synth(stack))).resources("aws_sqs_queue").values()
    expected = {"create_before_destroy": True, **({"prevent_destroy": True} if prevent_destroy else {})}
    assert [body.get("lifecycle") for body in lifecycles] == [expected, None]


def test_a_stack_knows_what_can_be_copied_databases_first() -> None:
    stack = data_stack(prevent_destroy=False)
    holds_data(aws.S3Bucket(stack, "bucket"), backup=BUCKET)
    holds_data(aws.SqsQueue(stack, "queue"))
    assert stack.backup_sources == (BUCKET,)
    holds_data(aws.S3Bucket(stack, "database"), backup=DATABASE)
    assert stack.backup_sources == (DATABASE, BUCKET)


def test_stacks_do_not_know_of_each_others_data() -> None:
    one, other = data_stack(prevent_destroy=True), data_stack(prevent_destroy=True)
    holds_data(aws.S3Bucket(one, "bucket"), backup=BUCKET)
    assert other.backup_sources == ()


def test_in_any_other_stack_a_mark_does_nothing() -> None:
    def build(stack: TerraformStack) -> None:
        holds_data(aws.S3Bucket(stack, "bucket"), backup=BUCKET)

    assert "lifecycle" not in synthesize(build).only("aws_s3_bucket")
