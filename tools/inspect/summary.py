"""What the synthesized stacks hold, by family and environment, and where they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tools.command import ToolError, shown
from tools.synthesized import OUT, Resource, read_stack, resources, stack_file, stack_names

OTHER: Final = "other"

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "network": (
        "aws_vpc",
        "aws_subnet",
        "aws_route",
        "aws_internet_gateway",
        "aws_nat_gateway",
        "aws_eip",
        "aws_default_",
        "aws_flow_log",
        "aws_network_acl",
        "aws_instance",
        "aws_launch_template",
    ),
    "compute": ("aws_ecr_", "aws_ecs_", "aws_lb", "aws_appautoscaling_", "aws_scheduler_", "aws_sfn_"),
    "database": ("aws_db_", "aws_rds_", "aws_elasticache_"),
    "storage": ("aws_s3_", "aws_secretsmanager_"),
    "cdn": ("aws_cloudfront_", "aws_wafv2_", "aws_acm_", "aws_route53_", "aws_cloudwatch_log_delivery"),
    "encryption": ("aws_kms_",),
    "operations": (
        "aws_backup_",
        "aws_budgets_",
        "aws_cloudwatch_dashboard",
        "aws_cloudwatch_metric_alarm",
        "aws_lambda_",
        "aws_sns_",
    ),
    "delivery": ("aws_iam_policy",),
}
"""Where a resource type belongs, by the beginning of its name."""

SHARED: Final = (
    "aws_iam_instance_profile",
    "aws_iam_role",
    "aws_security_group",
    "aws_vpc_security_group_",
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_log_resource_policy",
    "aws_sqs_",
)
"""Types that every family uses: one of these belongs where the rest of its construct does."""


def families(stack: Mapping[str, object]) -> dict[str, str]:
    """The family of each resource of a stack, by address.

    A type of its own family decides; a shared type (a role, a security group) takes the family of what is nearest
    to it in the tree of constructs.
    """
    every = list(resources(stack))
    nearby: dict[tuple[str, ...], Counter[str]] = {}
    for resource in every:
        family = _family_of_type(resource.type)
        if family is not None:
            for length in range(1, len(resource.path)):
                nearby.setdefault(resource.path[:length], Counter())[family] += 1
    return {resource.address: _family_of_type(resource.type) or _nearest(resource, nearby) for resource in every}


def summarize(out: Path = OUT) -> tuple[Table, Table]:
    """The tables: resources by family and stack, and the files. Raises ToolError if nothing is synthesized."""
    names = stack_names(out)
    if not names:
        raise ToolError(f"{shown(out)} holds no synthesized stack; run `make synth`.")
    counts = {name: Counter(families(read_stack(name, out)).values()) for name in names}
    return _counts_table(counts), _files_table(names, out)


def show(out: Path, to: Console) -> None:
    """Print the summary and what to do next."""
    counts, files = summarize(out)
    to.print(counts)
    to.print(files)
    to.print("Next: [bold]make test[/], [bold]make show ENV=prod[/], [bold]make diff A=staging B=prod[/]")


def _counts_table(counts: Mapping[str, Counter[str]]) -> Table:
    table = Table(title="Resources by family and stack", title_justify="left", show_footer=True)
    table.add_column("family", footer="total", overflow="fold")
    for name, by_family in counts.items():
        table.add_column(name, footer=str(by_family.total()), justify="right", overflow="fold")
    for family in (*FAMILIES, OTHER):
        row = [by_family[family] for by_family in counts.values()]
        if any(row):
            table.add_row(family, *(str(number) if number else "-" for number in row))
    return table


def _files_table(names: list[str], out: Path) -> Table:
    table = Table(title="Terraform JSON", title_justify="left")
    table.add_column("stack", overflow="fold")
    table.add_column("file", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    for name in names:
        file = stack_file(name, out)
        table.add_row(name, shown(file), f"{file.stat().st_size / 1024:.0f} KiB")
    return table


def _family_of_type(resource_type: str) -> str | None:
    if resource_type.startswith(SHARED):
        return None
    return next((family for family, prefixes in FAMILIES.items() if resource_type.startswith(prefixes)), None)


def _nearest(resource: Resource, nearby: Mapping[tuple[str, ...], Counter[str]]) -> str:
    if resource.type.startswith(SHARED):
        for length in range(len(resource.path) - 1, 0, -1):
            if resource.path[:length] in nearby:
                return nearby[resource.path[:length]].most_common(1)[0][0]
    return OTHER
