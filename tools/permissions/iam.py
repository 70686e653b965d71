"""The permissions of the pipeline's roles, and docs/iam.md, which explains them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from stacks.bootstrap import PERMISSIONS
from stacks.loader import load_all
from tools.command import ROOT, ToolError, shown
from tools.permissions.grants import Derivation, Permissions
from tools.permissions.policies import POLICY_QUOTA, ROLE_QUOTA, Statement, size
from tools.synthesized import read_stack

GUIDE: Final = ROOT / "docs" / "iam.md"
TEMPLATE: Final = ROOT / "tools" / "permissions" / "iam_guide.md"


def derived() -> Permissions:
    """The permissions that the synthesized stacks of the real environments need."""
    return Derivation(read_stack(each.name) for each in load_all() if each.emulator is None).permissions()


def guide(permissions: Permissions) -> str:
    """The text of docs/iam.md."""
    real = [each for each in load_all() if each.emulator is None]
    guarded = {each["Sid"]: each for statements in permissions.apply.values() for each in statements}
    passed = guarded["HandRolesToTheirServices"]["Condition"]["StringEquals"]["iam:PassedToService"]
    managed = guarded["ManagedPoliciesOfTheStacks"]["Condition"]["ArnEquals"]["iam:PolicyARN"]
    return TEMPLATE.read_text(encoding="utf-8").format(
        stacks=" and ".join(each.name for each in real),
        boundary=len(permissions.boundary[0]["Action"]),
        services=", ".join(f"`{each}`" for each in passed),
        managed=", ".join(f"`{each.rpartition('/')[2]}`" for each in managed),
        quota=POLICY_QUOTA,
        count=len(permissions.plan) + len(permissions.apply),
        role_quota=ROLE_QUOTA,
        sizes="\n".join(
            f"| `{name}` | {role} | {_contents(statements)} | {size(statements):,} |"
            for role, policies in (("plan, apply", permissions.plan), ("apply", permissions.apply))
            for name, statements in policies.items()
        ),
        types="\n".join(
            f"| `{kind}` | {_code(actions['read'])} | {_code(actions['write'])} |"
            for kind, actions in permissions.actions.items()
        ),
    )


def _contents(statements: Sequence[Statement]) -> str:
    """The services that the statements are about."""
    return ", ".join(sorted({action.partition(":")[0] for each in statements for action in each["Action"]}))


def _code(actions: list[str]) -> str:
    return ", ".join(f"`{action}`" for action in actions)


def _files(permissions: Permissions) -> Mapping[Any, str]:
    return {PERMISSIONS: permissions.text(), GUIDE: guide(permissions)}


def refresh(*, only_check: bool) -> None:
    """Write the permissions and the guide to them, or raise ToolError for a file that isn't what the stacks need."""
    for file, text in _files(derived()).items():
        if not only_check:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            fix = "run `make accept`, read the diff and commit it"
            raise ToolError(f"{shown(file)} is not what the stacks need; {fix}.")
