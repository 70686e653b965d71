"""Bad values in environment files: one sentence each, with file, line, key, value and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

import main
from catalogue.yaml_file import SettingsFileError
from stacks import loader
from stacks.bootstrap import accounts
from tests.spoiled_environment import directory, edit, line_of, refusal

__all__ = ["directory"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        pytest.param(
            "min_capacity: 1",
            "min_capacity: one",
            "services.frontend.min_capacity must be a valid integer, but is 'one'; correct it.",
            id="wrong-type",
        ),
        pytest.param(
            "instance_class: db.t4g.micro",
            "instance_class: db.x2g.16xlarge",
            "database.instance_class must be a class whose memory is known, for the alarms, but is 'db.x2g.16xlarge'; "
            "use a class of db.m6g, db.m6i, db.m7g, db.m7i, db.m8g, db.r6g, db.r6i, db.r7g, db.r7i, db.r8g, db.t3, "
            "db.t4g, or add the class to adelie/database/sizes.py.",
            id="unknown-instance-class",
        ),
        pytest.param(
            'account_id: "111111111111"',
            "account_id: 111111111111",
            "account_id must be a valid string, but is 111111111111; correct it.",
            id="number-for-text",
        ),
        pytest.param(
            "encryption:\n  deletion_window_days: 7",
            "encryption: [7]",
            "encryption must be a mapping of keys to values, but is [7]; correct it.",
            id="list-for-mapping",
        ),
        pytest.param(
            "domain:",
            "domian:",
            "domian is an unknown key; remove or correct it: did you mean 'domain'. (1 more after this one)",
            id="unknown-key-with-a-neighbour",
        ),
        pytest.param(
            "nat: single",
            "nat: single\n  zzz: 1",
            "network.zzz is an unknown key; remove or correct it: the keys there are availability_zones, flow_logs, "
            "interface_endpoints, nat, vpc_cidr.",
            id="unknown-key",
        ),
        pytest.param(
            "cpu_units: 256",
            "cpu_unit: 256",
            "services.frontend.cpu_unit is an unknown key; remove or correct it: did you mean 'cpu_units'. "
            "(1 more after this one)",
            id="unknown-key-of-a-service",
        ),
        pytest.param(
            "    cpu_units: 256\n    memory_mib: 512\n",
            "",
            "services.frontend lacks cpu_units, memory_mib; state them, because they have no default.",
            id="missing-keys",
        ),
        pytest.param(
            "  nat: single\n", "", "network.nat is missing; state it, because it has no default.", id="missing-key"
        ),
        pytest.param(
            "nat: single",
            "nat: many",
            "network.nat must be 'none', 'single' or 'per_az', but is 'many'; correct it.",
            id="not-a-choice",
        ),
        pytest.param(
            "vpc_cidr: 10.30.0.0/16",
            "vpc_cidr: 10.10.0.0/16",
            "network.vpc_cidr must not overlap on-premises (10.10.10.0/24), but is '10.10.0.0/16'; "
            "use another private network.",
            id="overlapping-cidr",
        ),
        pytest.param(
            "vpc_cidr: 10.30.0.0/16",
            "vpc_cidr: 10.30.0.0/28",
            "network.vpc_cidr must be between a /16 (AWS's largest) and a /22 (whose 32 subnets are the smallest that "
            "a load balancer takes), but is '10.30.0.0/28'; use 10.30.0.0/16.",
            id="cidr-too-small",
        ),
        pytest.param(
            "memory_mib: 512",
            "memory_mib: 700",
            "services.frontend.memory_mib must be 512, 1024 or 2048 for 256 cpu_units, but is 700; "
            "use 1024 or other cpu_units.",
            id="invalid-fargate-size",
        ),
        pytest.param(
            "ap-northeast-2a, ap-northeast-2c",
            "us-east-1a, us-east-1b",
            "network.availability_zones[0] must be a zone of ap-northeast-2, but is 'us-east-1a'; "
            "use ap-northeast-2a or another letter.",
            id="zone-of-another-region",
        ),
        pytest.param(
            "[ap-northeast-2a, ap-northeast-2c]",
            "[ap-northeast-2a]",
            "network.availability_zones must have at least 2 items, but is ['ap-northeast-2a']; correct it.",
            id="one-zone",
        ),
        pytest.param(
            "domain:\n  name: staging.adelie.example.com\n  hosted_zone_id: Z0EXAMPLESTAGING",
            "domain: null",
            "domain must be set for tls_to_load_balancer, but is null; state its name and zone, or turn that off.",
            id="tls-without-domain",
        ),
        pytest.param(
            "services:\n  frontend:\n",
            "services:\n  frontend:\n    port: 80000\n",
            "services.frontend.port must be less than or equal to 65535, but is 80000; correct it.",
            id="port",
        ),
        pytest.param(
            "services:\n  frontend:\n",
            "services:\n  frontend:\n    listener_priority: 100\n",
            "services.frontend.listener_priority must not be that of backend-api, but is 100; use another number.",
            id="listener-priority-twice",
        ),
        pytest.param(
            "backup_retention_days: 1",
            "backup_retention_days: 1\n  backup_window_kst: 04:00-05:00",
            "database.backup_window_kst must not overlap maintenance_window_kst (sun:04:00-sun:04:30), "
            "but is '04:00-05:00'; move one of them.",
            id="windows-overlap",
        ),
        pytest.param(
            "execute_command: true",
            "environment: {DB_PASSWORD: x}",
            "services.backend-api.environment.DB_PASSWORD must not be named like a secret, but is 'DB_PASSWORD'; "
            "declare it under secrets.",
            id="secret-in-plain-environment",
        ),
        pytest.param(
            "type: s3", "type: gcs", "state.type must be one of 'local', 's3', but is 'gcs'; correct it.", id="state"
        ),
        pytest.param(
            "recovery_window_days: 0",
            "recovery_window_days: 3",
            "secrets.jwt-secret.recovery_window_days must be 0, or 7 to 30, but is 3; use 7, or 0 for none.",
            id="recovery-window",
        ),
    ],
)
def test_a_bad_value_is_refused_with_file_line_key_value_and_fix(
    old: str, new: str, complaint: str, directory: Path
) -> None:
    edit(directory / "aws" / "staging.yaml", old, new)
    sentence = refusal(directory)
    where, _, said = sentence.partition(": ")
    assert said == complaint
    file, line = where.split(":")
    assert (directory.parent / file).exists()
    key = said.split(" ")[0].split("[")[0].rsplit(".", 1)
    owner_or_key = (directory.parent / file).read_text().splitlines()[int(line) - 1]
    assert any(part in owner_or_key for part in (key[-1], key[0].rsplit(".", 1)[-1])), owner_or_key


def test_a_service_name_that_makes_a_name_too_long_is_refused_at_its_key(directory: Path) -> None:
    name, file = "a-service-with-a-long-name", directory / "aws" / "staging.yaml"
    added = f"services:\n  {name}:\n    port: 80\n    paths: [/x]\n    health: {{path: /}}\n"
    edit(directory / "catalogue.yaml", "services:\n", added)
    text = file.read_text()
    sizes = text[text.index("  frontend:\n") : text.index("  backend-api:\n")].replace("frontend", name)
    edit(file, "services:\n", "services:\n" + sizes.replace("&office-hours", ""))
    assert refusal(directory) == (
        f"environments/aws/staging.yaml:{line_of(file, name)}: services.{name} makes a name that is "
        f"too long (the name 'staging-{name}-80' has 37 characters, but an aws_lb_target_group may have 32; shorten it "
        f"by 5), but is '{name}'; shorten the key."
    )


def test_an_account_has_one_state_bucket(directory: Path) -> None:
    edit(directory / "aws" / "staging.yaml", 'account_id: "111111111111"', 'account_id: "222222222222"')
    with pytest.raises(SettingsFileError) as caught:
        loader.load_all(directory)
    line = line_of(directory / "aws" / "staging.yaml", "state:")
    assert str(caught.value) == (
        f"environments/aws/staging.yaml:{line}: state must be that of prod (type: s3, bucket: "
        "adelie-terraform-state-222222222222), which lives in the same account 222222222222, but is type: s3, bucket: "
        "adelie-terraform-state-111111111111; make the two the same."
    )
    bucket = "bucket: adelie-terraform-state-"
    edit(directory / "aws" / "staging.yaml", f"{bucket}111111111111", f"{bucket}222222222222")
    together = accounts(loader.load_all(directory))
    assert [account.stack_name for account in together] == ["bootstrap-prod-staging"]


def test_the_longest_names_of_project_and_environment_fit_everywhere(tmp_path: Path) -> None:
    longest = loader.load("prod").model_copy(update={"project": "p" * 14, "name": "n" * 12})
    main.build([longest], str(tmp_path)).synth()
    assert (tmp_path / "stacks" / longest.name / "cdk.tf.json").exists()
