"""A plan as a comment: what is destroyed first and in bold, nothing secret, nothing that Markdown would interpret."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.local_server import LocalServer
from tools.command import ToolError
from tools.command_line import app
from tools.terraform import plan_file, pull_request_comment

PLANS = Path(__file__).with_name("plans")
COMMANDS = app()


def comment(*names: str) -> str:
    return pull_request_comment.comment([plan_file.read(PLANS / f"{name}.json") for name in names])


def test_what_is_destroyed_comes_first_and_in_bold() -> None:
    text = comment("localstack", "unchanged")
    head, details = text.split("<details>", 1)
    assert text.startswith(pull_request_comment.MARKER)
    assert "| localstack | 1 | 2 | **2** | **2** | 1 |" in head
    assert "| unchanged | - | - | - | - | - |" in head
    destroyed = [line for line in head.splitlines() if line.startswith("- ")]
    assert destroyed[0].startswith("- **DELETE** in localstack: `aws_s3_bucket.objects_bucket_")
    assert destroyed[0].endswith("**which holds data**")
    assert any(line.startswith("- **REPLACE**") and "because of `description`" in line for line in destroyed)
    assert details.index("**DELETE**") < details.index("update `")


def test_a_roll_back_that_would_destroy_data_is_refused() -> None:
    with pytest.raises(ToolError, match=r"would destroy what holds data \(aws_s3_bucket.*so nothing changed"):
        pull_request_comment.keep_data(plan_file.read(PLANS / "localstack.json"))
    pull_request_comment.keep_data(plan_file.read(PLANS / "unchanged.json"))


def test_a_policy_is_compared_part_by_part() -> None:
    lines = [line for line in comment("localstack").splitlines() if "policy.Statement" in line]
    assert len(lines) == 1
    assert "`policy.Statement[0].Action[0]`: `sqs:SendMessage` → `sqs:*`" in lines[0]


def test_a_renamed_resource_is_a_rename() -> None:
    assert "- rename `aws_sns_topic.renamed` (was `aws_sns_topic.alarms_topic_CB6504A9`)" in comment("localstack")


def test_nothing_sensitive_is_shown() -> None:
    text = comment("localstack")
    assert "hush" not in text
    assert "`secret_string`: `(sensitive)` → `(sensitive)`" in text


def test_texts_cannot_break_out_of_the_comment(tmp_path: Path) -> None:
    nasty = "`a` @everyone | <script>\n## big"
    change = {"actions": ["update"], "before": {"description": "x"}, "after": {"description": nasty}}
    resource = {"address": "aws_sns_topic.a", "type": "aws_sns_topic", "mode": "managed", "change": change}
    file = tmp_path / "prod.json"
    file.write_text(json.dumps({"format_version": "1.2", "resource_changes": [resource]}))
    (line,) = [line for line in pull_request_comment.comment([plan_file.read(file)]).splitlines() if "everyone" in line]
    assert line == "  - `description`: `x` → `'a' @everyone | <script> ## big`"


def test_a_long_plan_is_cut_but_not_what_is_destroyed(tmp_path: Path) -> None:
    change: dict[str, Any] = {"actions": ["delete"], "before": {}, "after": None}
    deleted: list[dict[str, Any]] = [
        {"address": f"aws_s3_bucket.b{number}", "type": "aws_s3_bucket", "mode": "managed", "change": change}
        for number in range(900)
    ]
    file = tmp_path / "prod.json"
    file.write_text(json.dumps({"format_version": "1.2", "resource_changes": deleted}))
    text = pull_request_comment.comment([plan_file.read(file)])
    assert len(text) <= pull_request_comment.LONGEST
    assert "too long for a comment" in text
    assert text.count("**which holds data**") > 500


@pytest.mark.parametrize("content", ["no json", "[]", '{"format_version": "2.0"}'])
def test_another_file_is_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "prod.json"
    file.write_text(content)
    with pytest.raises(ToolError, match=r"is no plan of format 1\.x"):
        plan_file.read(file)


def test_no_change_is_one_line() -> None:
    assert "Nothing changes." in comment("unchanged")


def test_drift_has_an_exit_code_as_terraforms_own() -> None:
    changed = CliRunner().invoke(COMMANDS, ["pull-request", "drift", str(PLANS / "localstack.json")])
    assert changed.exit_code == 2
    assert "delete: aws_s3_bucket.objects_bucket_" in changed.output
    assert CliRunner().invoke(COMMANDS, ["pull-request", "drift", str(PLANS / "unchanged.json")]).exit_code == 0


def test_the_comment_is_renewed_in_place(local_server: Callable[..., LocalServer]) -> None:
    first_page = json.dumps([{"id": number, "body": "other"} for number in range(100)])
    second_page = json.dumps([{"id": 7, "body": f"{pull_request_comment.MARKER}\nold"}])
    server = local_server((200, {}, first_page), (200, {}, second_page), (200, {}, '{"html_url": "there"}'))
    environ = {"GITHUB_API_URL": server.url, "GITHUB_TOKEN": "t"}
    assert pull_request_comment.post("o/r", 12, "new", environ) == "there"
    assert [(each.method, each.path.partition("?")[0]) for each in server.requests] == [
        ("GET", "/repos/o/r/issues/12/comments"),
        ("GET", "/repos/o/r/issues/12/comments"),
        ("PATCH", "/repos/o/r/issues/comments/7"),
    ]
    assert server.requests[2].json == {"body": "new"}
    assert server.requests[2].headers["Authorization"] == "Bearer t"


def test_the_first_comment_is_made(local_server: Callable[..., LocalServer]) -> None:
    server = local_server((200, {}, "[]"), (201, {}, '{"html_url": "there"}'))
    pull_request_comment.post("o/r", 12, "new", {"GITHUB_API_URL": server.url, "GITHUB_TOKEN": "t"})
    assert server.requests[-1].method == "POST"


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "GITHUB_TOKEN is not set"),
        ({"GITHUB_TOKEN": "t", "GITHUB_API_URL": "http://127.0.0.1:1"}, "GitHub does not answer"),
    ],
)
def test_a_comment_that_cannot_be_made_is_one_sentence(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(ToolError, match=sentence):
        pull_request_comment.post("o/r", 12, "new", environ)


def test_a_missing_permission_says_which(local_server: Callable[..., LocalServer]) -> None:
    server = local_server(403)
    with pytest.raises(ToolError, match=r"GitHub answered 403.*pull-requests: write"):
        pull_request_comment.post("o/r", 12, "new", {"GITHUB_API_URL": server.url, "GITHUB_TOKEN": "t"})
