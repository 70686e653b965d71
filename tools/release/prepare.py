"""Before the first release, what one needs to find there.

A release builds images, uploads assets and migrates the schema before it deploys anything, and services get healthy
only with images and secrets. So what these need comes first, by a person; the rest comes with the first release. Before
anything is created, the account is checked for what would fail that release (`tools.release.readiness`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from stacks.environment import Environment
from tools.aws import check_account
from tools.command import Json
from tools.release import readiness
from tools.release.records import running_tags
from tools.release.workloads import supplied_secrets
from tools.synthesized import Resource, read_stack, resources, stack_file
from tools.terraform.plan import UNBUILT
from tools.terraform.runner import Terraform, executable

_FIRST: Final = ("assets", "cluster", "database", "key", "logs", "network", "repository", "secret")
"""The platform's constructs that a release needs before its deploy, by their ids: `repository` is also
`repository-<service>`, and so on."""
_NEW: Final = ("repository", "secret")
"""Those of them that a new service or secret of a running environment needs; the rest is there and is a release's."""
_SECRETS: Final = ("aws_secretsmanager_secret", "aws_secretsmanager_secret_version")
"""The same, wherever they are: the application's next login in the database is in its secret before a release uses it
(docs/runbook.md, "Rotate a secret")."""
_REFERENCE: Final = re.compile(r"(?<![\w.])(aws_\w+\.[\w-]+)")


def targets(stack: Mapping[str, Json], tasks: Collection[str], *, runs: bool = False) -> list[str]:
    """Terraform's addresses of what a release needs before it deploys.

    These are the resources of `_FIRST` that refer to nothing else, and those of `tasks`.

    Where the platform `runs` already, only repositories and secrets, with their values: what else changed is for a
    release to deploy, with a plan and a way back.

    Images go to the repositories, assets to their bucket (which logs to another), people's values to the secrets, and
    the tasks run in the cluster, in the network, against the database. What of these refers to the rest of the
    platform, as the rule that lets a service reach the database does, comes with the rest; Terraform would otherwise
    create that too. `tasks`, what a release runs before it deploys, are taken whole, with all that they refer to.
    """
    every = {resource.address: resource for resource in resources(stack)}
    wanted = {address for address, resource in every.items() if _within(resource, _FIRST) or _of(resource, tasks)}
    references = {address: _references(every[address], every.keys()) for address in wanted}
    while dangling := {each for each in wanted if references[each] - wanted and not _of(every[each], tasks)}:
        wanted -= dangling
    return sorted(each for each in wanted if not runs or every[each].type in _SECRETS or _within(every[each], _NEW))


def _within(resource: Resource, ids: Collection[str]) -> bool:
    top = resource.path[0] if resource.path else ""
    return any(top == each or top.startswith(f"{each}-") for each in ids)


def _of(resource: Resource, ids: Collection[str]) -> bool:
    return bool(resource.path) and resource.path[0] in ids


def _references(resource: Resource, known: Collection[str]) -> set[str]:
    body = {key: value for key, value in resource.body.items() if key != "//"}
    return set(_REFERENCE.findall(json.dumps(body))) & set(known)


def prepare(environment: Environment, tell: Callable[[str], None]) -> None:
    """Create what a release needs before it deploys: repositories, secrets, assets bucket, database, migration.

    Raises ToolError, before anything is created, for what would fail the release.
    """
    name, stack = environment.name, read_stack(environment.name)
    check_account(environment)
    readiness.check(environment, tell)
    wanted = targets(stack, environment.release_tasks, runs=bool(running_tags(environment)))
    terraform = Terraform(executable(), stack_file(name).parent, {"TF_VAR_image_tag": UNBUILT})
    terraform.init()
    terraform.apply(lambda done, total, address: tell(f"{done} of {total}: {address}"), wanted)
    supplied = " and ".join(f"`make secret ENV={name} NAME={each}`" for each in supplied_secrets(environment))
    tell(f"Now set the secrets: {supplied}. Then release: the deploy-aws workflow.")
