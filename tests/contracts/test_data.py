"""What holds data is marked where it is made: protection, backup and the apply role's denial follow from the mark."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from string import Template
from typing import Any, Final

import pytest

from adelie.seam import aws
from adelie.seam.terraform import App
from adelie.storage.bucket import Bucket
from adelie.values.stateful import STATEFUL
from stacks.environment import Environment
from stacks.platform import Platform
from tests.contracts.at_rest import COPIED, not_encrypted, unclassified
from tests.environments import BACKED_UP, BOOTSTRAPS, REAL
from tests.support import Synthesized, policy, references
from tools.command import ToolError
from tools.permissions.grants import Derivation


def synthesized(kind: type[Platform], environment: Environment, outdir: Path) -> Synthesized:
    """The stack that `kind` makes of the environment, as main.py would write it."""
    context = {"excludeStackIdFromLogicalIds": "true", "allowSepCharsInLogicalIds": "true"}
    app = App(outdir=str(outdir), stack_traces=False, context=context)
    kind(app, environment)
    app.synth()
    return Synthesized(json.loads((outdir / "stacks" / environment.name / "cdk.tf.json").read_text(encoding="utf-8")))


def protected(stack: Synthesized) -> set[str]:
    """The addresses that Terraform refuses to destroy."""
    return {f"{kind}.{name}" for kind, name, body in stack.every() if body.get("lifecycle", {}).get("prevent_destroy")}


def stateful(stack: Synthesized) -> set[str]:
    return {f"{kind}.{name}" for kind, name, _ in stack.every() if kind in STATEFUL}


def buckets(stack: Synthesized, *contents: str) -> set[str]:
    """The addresses of the buckets that hold that."""
    found = stack.resources("aws_s3_bucket").items()
    return {f"aws_s3_bucket.{name}" for name, body in found if body["//"]["contents"] in contents}


def copied(stack: Synthesized) -> set[str]:
    """What the backup selection names."""
    return references(stack.only("aws_backup_selection")["resources"])


def to_copy(stack: Synthesized) -> set[str]:
    """All of the types that are copied: each but for the buckets whose data exists elsewhere."""
    every = {f"{kind}.{name}" for kind, name, _ in stack.every() if kind in COPIED}
    return every - buckets(stack, "logs", "rebuildable")


@pytest.fixture(scope="module", params=REAL)
def protecting(
    request: pytest.FixtureRequest,
    environments: Mapping[str, Environment],
    platforms: Mapping[str, Synthesized],
    tmp_path_factory: pytest.TempPathFactory,
) -> Synthesized:
    """Each real environment as it would be with `prevent_destroy`, which shows what its constructs have marked."""
    environment = environments[request.param]
    if environment.prevent_destroy:
        return platforms[environment.name]
    turned_on = environment.model_copy(update={"prevent_destroy": True})
    return synthesized(Platform, turned_on, tmp_path_factory.mktemp("protecting"))


def test_what_holds_data_is_marked_and_nothing_else_is(protecting: Synthesized) -> None:
    unmarked, marked = stateful(protecting) - protected(protecting), protected(protecting) - stateful(protecting)
    assert not unmarked, f"call adelie.shared.data.holds_data where these are made: {sorted(unmarked)}"
    assert not marked, f"add the types of these to adelie.values.stateful.STATEFUL: {sorted(marked)}"


@pytest.mark.parametrize("name", REAL)
def test_data_is_protected_where_the_environment_says_so(
    name: str, environments: Mapping[str, Environment], platforms: Mapping[str, Synthesized]
) -> None:
    stack = platforms[name]
    assert protected(stack) == (stateful(stack) if environments[name].prevent_destroy else set())


@pytest.mark.parametrize("name", REAL)
def test_what_is_protected_is_not_emptied_to_be_deleted(
    name: str, environments: Mapping[str, Environment], platforms: Mapping[str, Synthesized]
) -> None:
    if environments[name].prevent_destroy:
        emptied = {
            f"{kind}.{where}"
            for kind, where, body in platforms[name].every()
            if kind in STATEFUL and (body.get("force_destroy") or body.get("force_delete"))
        }
        assert emptied - buckets(platforms[name], "rebuildable") == set()


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_the_state_is_always_protected(name: str, platforms: Mapping[str, Synthesized]) -> None:
    assert protected(platforms[name]) == stateful(platforms[name]) != set()


@pytest.mark.parametrize("name", BACKED_UP)
def test_all_that_can_be_copied_is_backed_up(name: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[name]
    assert copied(stack) == to_copy(stack)


def test_the_backup_role_reads_what_it_copies_and_nothing_else(platforms: Mapping[str, Synthesized]) -> None:
    for name in BACKED_UP:
        assert read_by_backups(platforms[name]) == buckets(platforms[name], "data")


def read_by_backups(stack: Synthesized) -> set[str]:
    (text,) = (
        body["policy"] for where, body in stack.resources("aws_iam_role_policy").items() if "backup_copies" in where
    )
    return {
        bucket
        for statement in policy(text)
        if "s3:GetObject" in statement["Action"]
        for bucket in references(statement["Resource"])
    }


def denials(statements: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (each for each in statements if each.get("Effect") == "Deny" and "s3:GetObject" in each["Action"])


def may_be_read(statements: list[dict[str, Any]], bucket: str) -> bool:
    """Whether no Deny of the statements keeps the role from an object of the bucket."""
    arn = f"arn:aws:s3:::{bucket}/object"

    def matches(patterns: list[str]) -> bool:
        return any(fnmatchcase(arn, pattern) for pattern in patterns)

    return not any(
        matches(each["Resource"]) if "Resource" in each else not matches(each["NotResource"])
        for each in denials(statements)
    )


@pytest.mark.parametrize("name", REAL)
def test_the_apply_role_reads_what_is_rebuilt_and_no_other_object(
    name: str, platforms: Mapping[str, Synthesized], environments: Mapping[str, Environment]
) -> None:
    (bootstrap,) = (
        platforms[stack] for stack in BOOTSTRAPS if f"{name}_apply_role_arn" in platforms[stack].document["output"]
    )
    (text,) = (
        body["policy"]
        for where, body in bootstrap.resources("aws_iam_policy").items()
        if "NoData" in body["policy"] and where.startswith(name)
    )
    stack, statements = platforms[name], policy(text)
    assert list(denials(statements))
    assert buckets(stack, "data", "logs", "rebuildable") == {
        f"aws_s3_bucket.{each}" for each in stack.resources("aws_s3_bucket")
    }
    for body in stack.resources("aws_s3_bucket").values():
        assert may_be_read(statements, body["bucket"]) == (body["//"]["contents"] == "rebuildable"), body["bucket"]
    state = environments[name].state
    assert not may_be_read(statements, getattr(state, "bucket", ""))


class WithChats(Platform):
    """The platform with one more bucket of data: made like any other, and named nowhere else."""

    ID: Final = "added-by-this-test"  # no bucket of the catalogue is called that
    PURPOSE: Final = "assets-of-chats"  # begins like the one bucket that may be read

    def _storage(self) -> None:
        super()._storage()
        Bucket(
            self,
            self.ID,
            settings=next(iter(self._environment.buckets.values())),
            names=self._names,
            purpose=self.PURPOSE,
            key=self._key,
            logs=self._logs,
        )


@pytest.mark.parametrize("name", BACKED_UP)
def test_a_new_bucket_is_protected_backed_up_and_denied_to_the_apply_role(
    name: str, environments: Mapping[str, Environment], platforms: Mapping[str, Synthesized], tmp_path: Path
) -> None:
    environment = environments[name]
    stack = synthesized(WithChats, environment, tmp_path)
    (chats,) = (f"aws_s3_bucket.{each}" for each in stack.resources("aws_s3_bucket") if each.startswith(WithChats.ID))

    assert chats in protected(stack)
    assert chats in copied(stack)
    assert chats in read_by_backups(stack)

    others = [platforms[each].document for each in REAL if each != name]
    permissions = Derivation([stack.document, *others]).permissions()
    assert permissions.text() == Derivation(platforms[each].document for each in REAL).permissions().text()
    values = {"prefix": environment.names.prefix, "account": environment.account_id}
    every = [statement for statements in permissions.apply.values() for statement in statements]
    statements = json.loads(Template(json.dumps(every)).safe_substitute(values))
    assert not may_be_read(statements, environment.names.bucket_name(WithChats.PURPOSE))
    assert may_be_read(statements, environment.names.bucket_name("assets"))


def test_no_rebuildable_bucket_does_not_mean_every_bucket(platforms: Mapping[str, Synthesized]) -> None:
    documents = [json.dumps(platforms[name].document).replace('"rebuildable"', '"data"') for name in REAL]
    with pytest.raises(ToolError, match="but no stack has one"):
        Derivation(json.loads(each) for each in documents).permissions()


class Careless(Platform):
    """A queue whose author forgot mark and key, and a search domain that nobody has thought about."""

    def _storage(self) -> None:
        super()._storage()
        aws.SqsQueue(self, "forgotten", name=self._names.name("aws_sqs_queue", "forgotten"))
        self.add_override("resource.aws_opensearch_domain.search", {"domain_name": "search"})


def test_a_careless_change_is_noticed(environments: Mapping[str, Environment], tmp_path: Path) -> None:
    environment = environments[REAL[0]].model_copy(update={"prevent_destroy": True})
    stack = synthesized(Careless, environment, tmp_path)
    with pytest.raises(
        AssertionError, match=r"call adelie\.shared\.data\.holds_data where these are made: .*forgotten"
    ):
        test_what_holds_data_is_marked_and_nothing_else_is(stack)
    assert not_encrypted(stack) == ["aws_sqs_queue.forgotten"]
    assert [sentence.split()[0] for sentence in unclassified(stack)] == ["aws_opensearch_domain"]
