"""What is backed up is named, so that AWS Backup takes it whether the account has opted in to its type or not.

"If a resource type is explicitly assigned to a backup plan, it will be included in the backup even if the opt-in is not
enabled for that particular service. This does not apply to Aurora, Neptune, and Amazon DocumentDB" (AWS Backup
developer guide, "Assign resources to a backup plan"). A selection by tag would follow the opt-in, which belongs to the
whole account and which no stack sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.environments import REAL
from tests.support import Synthesized

NEEDS_OPT_IN = {"aws_rds_cluster", "aws_rds_global_cluster", "aws_neptune_cluster", "aws_docdb_cluster"}
ONE = re.compile(r"\$\{(aws_\w+)\.[\w-]+\.arn\}")


@pytest.mark.parametrize("name", REAL)
def test_a_backup_is_of_named_resources(name: str, platforms: Mapping[str, Synthesized]) -> None:
    for selection in platforms[name].resources("aws_backup_selection").values():
        named = [ONE.fullmatch(each) for each in selection["resources"]]
        assert named
        assert all(named), selection["resources"]
        assert not NEEDS_OPT_IN & {each[1] for each in named if each}
        assert not selection.keys() & {"condition", "not_resources", "selection_tag"}


def test_there_are_backups(platforms: Mapping[str, Synthesized]) -> None:
    assert [name for name in REAL if platforms[name].resources("aws_backup_selection")]
