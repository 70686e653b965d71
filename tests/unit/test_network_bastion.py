"""The synthesized bastion: no way in, one way out, and a role for sessions only."""

from __future__ import annotations

import pytest

from adelie.seam.terraform import TerraformStack
from adelie.shared.collaborators import Peer
from adelie.shared.security_group import SecurityGroup
from tests.fakes.network import build_bastion, synthesize_readable
from tests.support import NAMES, Synthesized, policy


@pytest.fixture(scope="module")
def bastion() -> Synthesized:
    return synthesize_readable(build_bastion)


@pytest.fixture(scope="module")
def fixed_image() -> Synthesized:
    return synthesize_readable(
        lambda stack: build_bastion(
            stack,
            instance_type="t4g.micro",
            root_volume_gib=10,
            ami_id="ami-0123456789abcdef0",
            detailed_monitoring=False,
        )
    )


def test_nobody_gets_in_from_the_network(bastion: Synthesized) -> None:
    host = bastion.only("aws_instance")

    assert bastion.resources("aws_vpc_security_group_ingress_rule") == {}
    assert "key_name" not in host
    assert host["associate_public_ip_address"] is False
    assert host["subnet_id"] == "${aws_route_table_association.network_private-a-association.subnet_id}"
    assert host["vpc_security_group_ids"] == ["${aws_security_group.bastion_access_group.id}"]
    assert bastion.only("aws_security_group")["vpc_id"] == "${aws_vpc.network_vpc.id}"


def test_only_https_leaves_it(bastion: Synthesized) -> None:
    rule = bastion.only("aws_vpc_security_group_egress_rule")

    assert rule["security_group_id"] == "${aws_security_group.bastion_access_group.id}"
    assert (rule["cidr_ipv4"], rule["ip_protocol"], rule["from_port"], rule["to_port"]) == (
        "0.0.0.0/0",
        "tcp",
        443,
        443,
    )


def test_metadata_is_imdsv2_only_and_the_disk_is_encrypted(bastion: Synthesized) -> None:
    host = bastion.only("aws_instance")

    assert host["metadata_options"] == {
        "http_endpoint": "enabled",
        "http_tokens": "required",
        "http_put_response_hop_limit": 1,
    }
    assert host["root_block_device"] == {
        "volume_type": "gp3",
        "volume_size": 8,
        "encrypted": True,
        "delete_on_termination": True,
    }
    assert (host["ebs_optimized"], host["monitoring"]) == (True, True)
    assert host["tags"] == {"Name": "adelie-test-bastion"}


def test_its_role_holds_sessions_and_nothing_else(bastion: Synthesized) -> None:
    role = bastion.resources("aws_iam_role")["bastion_role"]
    (trust,) = policy(role["assume_role_policy"])
    register, sessions = policy(bastion.resources("aws_iam_role_policy")["bastion_sessions"]["policy"])

    assert bastion.only("aws_instance")["iam_instance_profile"] == "${aws_iam_instance_profile.bastion_profile.name}"
    assert bastion.only("aws_iam_instance_profile")["role"] == "${aws_iam_role.bastion_role.name}"
    assert trust["Principal"] == {"Service": ["ec2.amazonaws.com"]}
    assert register["Action"] == ["ssm:UpdateInstanceInformation"]
    assert register["Resource"] == ["arn:aws:ec2:ap-northeast-2:111111111111:instance/*"]
    assert {action.split(":")[0] for action in sessions["Action"]} == {"ssmmessages"}
    assert bastion.resources("aws_iam_role_policy_attachment") == {}


def test_the_current_image_is_looked_up_and_never_replaces_the_host(bastion: Synthesized) -> None:
    host = bastion.only("aws_instance")
    lookup = bastion.document["data"]["aws_ssm_parameter"]["bastion_image"]

    assert lookup["name"] == "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    assert host["ami"] == "${data.aws_ssm_parameter.bastion_image.insecure_value}"
    assert host["lifecycle"] == {"ignore_changes": ["ami"]}
    assert host["instance_type"] == "t4g.nano"


def test_a_fixed_image_needs_no_lookup_and_is_replaced_on_purpose(fixed_image: Synthesized) -> None:
    host = fixed_image.only("aws_instance")

    assert host["ami"] == "ami-0123456789abcdef0"
    assert "lifecycle" not in host
    assert "data" not in fixed_image.document
    assert host["instance_type"] == "t4g.micro"
    assert host["root_block_device"]["volume_size"] == 10


def test_detailed_monitoring_can_be_turned_off(fixed_image: Synthesized) -> None:
    assert fixed_image.only("aws_instance")["monitoring"] is False


def test_a_database_can_let_it_in() -> None:
    def build(stack: TerraformStack) -> None:
        peer: Peer = build_bastion(stack)
        database = SecurityGroup(
            stack, "database", names=NAMES, name="database", description="Database", vpc_id="vpc-1"
        )
        database.allow_tcp_from(peer.security_group, peer_id=peer.peer_id, port=5432)

    opened = synthesize_readable(build)

    ingress = opened.only("aws_vpc_security_group_ingress_rule", "from-bastion-5432")
    assert ingress["referenced_security_group_id"] == "${aws_security_group.bastion_access_group.id}"
    egress = opened.only("aws_vpc_security_group_egress_rule", "bastion-out-5432")
    assert egress["security_group_id"] == "${aws_security_group.bastion_access_group.id}"
