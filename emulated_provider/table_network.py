"""The table's entries for EC2: network, security groups, the bastion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulated_provider.entry import Entry, call, if_set, if_there
from emulated_provider.shapes import LOCAL

_EVERYTHING: Final = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


def _by_id(filter_name: str) -> list[dict[str, Any]]:
    return [{"Name": filter_name, "Values": ["$id"]}]


def _rule(direction: str) -> Entry:
    """A standalone rule of a security group; AWS takes it as part of an IpPermission and shows it flat."""
    permission = {
        "IpProtocol": "$ip_protocol",
        "FromPort": "$from_port?",
        "ToPort": "$to_port?",
        "IpRanges": [{"CidrIp": "$cidr_ipv4", "Description": "$description?"}],
        "PrefixListIds": [{"PrefixListId": "$prefix_list_id", "Description": "$description?"}],
        "UserIdGroupPairs": [{"GroupId": "$referenced_security_group_id", "Description": "$description?"}],
    }
    tags = [{"ResourceType": "security-group-rule", "Tags": "$tags_all"}]
    return Entry(
        service="ec2",
        create=call(
            f"authorize_security_group_{direction}",
            GroupId="$security_group_id",
            IpPermissions=[permission],
            TagSpecifications=tags,
        ),
        id="SecurityGroupRules[0].SecurityGroupRuleId",
        read=(
            call("describe_security_group_rules", SecurityGroupRuleIds=["$id"]),
            "SecurityGroupRules[?SecurityGroupRuleId=='$id']|[0]",
        ),
        delete=(
            call(f"revoke_security_group_{direction}", GroupId="$security_group_id", SecurityGroupRuleIds=["$id"]),
        ),
        names={
            "arn": "SecurityGroupRuleArn",
            "security_group_rule_id": "SecurityGroupRuleId",
            "security_group_id": "GroupId",
            "referenced_security_group_id": "ReferencedGroupInfo.GroupId",
        },
    )


NETWORK: Final[Mapping[str, Entry]] = {
    "aws_vpc": Entry(
        service="ec2",
        create=call("create_vpc"),
        tagged="vpc",
        id="Vpc.VpcId",
        then=(
            if_set("modify_vpc_attribute", VpcId="$id", EnableDnsSupport={"Value": "$enable_dns_support"}),
            if_set("modify_vpc_attribute", VpcId="$id", EnableDnsHostnames={"Value": "$enable_dns_hostnames"}),
        ),
        read=(call("describe_vpcs", VpcIds=["$id"]), "Vpcs[0]"),
        more=(
            (call("describe_vpc_attribute", VpcId="$id", Attribute="enableDnsSupport"), "@"),
            (call("describe_vpc_attribute", VpcId="$id", Attribute="enableDnsHostnames"), "@"),
        ),
        delete=(call("delete_vpc", VpcId="$id"),),
        answers={"enable_dns_support": "EnableDnsSupport.Value", "enable_dns_hostnames": "EnableDnsHostnames.Value"},
        computed={"arn": "arn:aws:ec2:$region:$account:vpc/$id"},
    ),
    "aws_subnet": Entry(
        service="ec2",
        create=call("create_subnet"),
        tagged="subnet",
        id="Subnet.SubnetId",
        then=(
            if_set(
                "modify_subnet_attribute", SubnetId="$id", MapPublicIpOnLaunch={"Value": "$map_public_ip_on_launch"}
            ),
        ),
        read=(call("describe_subnets", SubnetIds=["$id"]), "Subnets[0]"),
        delete=(call("delete_subnet", SubnetId="$id"),),
        names={"arn": "SubnetArn"},
    ),
    "aws_internet_gateway": Entry(
        service="ec2",
        create=call("create_internet_gateway"),
        tagged="internet-gateway",
        id="InternetGateway.InternetGatewayId",
        then=(call("attach_internet_gateway", InternetGatewayId="$id", VpcId="$vpc_id"),),
        read=(
            call("describe_internet_gateways", InternetGatewayIds=["$id"]),
            "InternetGateways[0].merge(@, Attachments[0])",
        ),
        delete=(
            call("detach_internet_gateway", InternetGatewayId="$id", VpcId="$vpc_id"),
            call("delete_internet_gateway", InternetGatewayId="$id"),
        ),
    ),
    "aws_eip": Entry(
        service="ec2",
        create=call("allocate_address"),
        tagged="elastic-ip",
        id="AllocationId",
        read=(call("describe_addresses", AllocationIds=["$id"]), "Addresses[0]"),
        delete=(call("release_address", AllocationId="$id"),),
    ),
    "aws_nat_gateway": Entry(
        service="ec2",
        create=call("create_nat_gateway"),
        tagged="natgateway",
        id="NatGateway.NatGatewayId",
        read=(
            call("describe_nat_gateways", NatGatewayIds=["$id"]),
            "NatGateways[?State!='deleted'].merge(@, NatGatewayAddresses[0] || `{}`)|[0]",
        ),
        delete=(call("delete_nat_gateway", NatGatewayId="$id"),),
    ),
    "aws_route_table": Entry(
        service="ec2",
        create=call("create_route_table"),
        tagged="route-table",
        id="RouteTable.RouteTableId",
        read=(call("describe_route_tables", RouteTableIds=["$id"]), "RouteTables[0]"),
        delete=(call("delete_route_table", RouteTableId="$id"),),
        names={"route": LOCAL, "propagating_vgws": LOCAL},
    ),
    "aws_route": Entry(
        service="ec2",
        create=call("create_route"),
        id="$route_table_id:$destination_cidr_block",
        read=(
            call("describe_route_tables", RouteTableIds=["$route_table_id"]),
            "RouteTables[0].Routes[?DestinationCidrBlock=='$destination_cidr_block']|[0]",
        ),
        delete=(call("delete_route", RouteTableId="$route_table_id", DestinationCidrBlock="$destination_cidr_block"),),
    ),
    "aws_route_table_association": Entry(
        service="ec2",
        create=call("associate_route_table"),
        id="AssociationId",
        read=(
            call("describe_route_tables", Filters=_by_id("association.route-table-association-id")),
            "RouteTables[].Associations[]|[?RouteTableAssociationId=='$id']|[0]",
        ),
        delete=(call("disassociate_route_table", AssociationId="$id"),),
    ),
    "aws_security_group": Entry(
        service="ec2",
        create=call("create_security_group"),
        tagged="security-group",
        id="GroupId",
        then=(if_there("revoke_security_group_egress", GroupId="$id", IpPermissions=_EVERYTHING),),
        read=(call("describe_security_groups", GroupIds=["$id"]), "SecurityGroups[0]"),
        delete=(call("delete_security_group", GroupId="$id"),),
        names={"name": "GroupName", "arn": "SecurityGroupArn", "revoke_rules_on_delete": LOCAL},
    ),
    "aws_default_security_group": Entry(
        service="ec2",
        create=call(
            "describe_security_groups",
            Filters=[{"Name": "vpc-id", "Values": ["$vpc_id"]}, {"Name": "group-name", "Values": ["default"]}],
        ),
        id="SecurityGroups[0].GroupId",
        then=(
            if_there(
                "revoke_security_group_ingress",
                GroupId="$id",
                IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "$id"}]}],
            ),
            if_there("revoke_security_group_egress", GroupId="$id", IpPermissions=_EVERYTHING),
            call("create_tags", Resources=["$id"], Tags="$tags_all"),
        ),
        read=(call("describe_security_groups", GroupIds=["$id"]), "SecurityGroups[0]"),
        names={"name": "GroupName", "arn": "SecurityGroupArn"},
    ),
    "aws_vpc_security_group_ingress_rule": _rule("ingress"),
    "aws_vpc_security_group_egress_rule": _rule("egress"),
    "aws_vpc_endpoint": Entry(
        service="ec2",
        create=call("create_vpc_endpoint"),
        tagged="vpc-endpoint",
        id="VpcEndpoint.VpcEndpointId",
        read=(call("describe_vpc_endpoints", VpcEndpointIds=["$id"]), "VpcEndpoints[?State!='deleted']|[0]"),
        delete=(call("delete_vpc_endpoints", VpcEndpointIds=["$id"]),),
        names={"policy": "PolicyDocument"},
        answers={"security_group_ids": "Groups"},
        normalized=("security_group_ids",),
    ),
    "aws_flow_log": Entry(
        service="ec2",
        create=call("create_flow_logs", ResourceIds=["$vpc_id"], ResourceType="VPC"),
        tagged="vpc-flow-log",
        id="FlowLogIds[0]",
        read=(call("describe_flow_logs", FlowLogIds=["$id"]), "FlowLogs[0]"),
        delete=(call("delete_flow_logs", FlowLogIds=["$id"]),),
        names={"iam_role_arn": "DeliverLogsPermissionArn"},
        answers={"vpc_id": "ResourceId"},
        computed={"arn": "arn:aws:ec2:$region:$account:vpc-flow-log/$id"},
    ),
    "aws_instance": Entry(
        service="ec2",
        create=call(
            "run_instances",
            MinCount=1,
            MaxCount=1,
            SubnetId="$subnet_id",
            SecurityGroupIds="$vpc_security_group_ids",
            BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": "$root_block_device"}],
        ),
        tagged="instance",
        id="Instances[0].InstanceId",
        read=(
            call("describe_instances", InstanceIds=["$id"]),
            "Reservations[0].Instances[?State.Name!='terminated']|[0]",
        ),
        delete=(call("terminate_instances", InstanceIds=["$id"]),),
        names={
            "ami": "ImageId",
            "iam_instance_profile": "IamInstanceProfile.Name",
            "monitoring": "Monitoring.Enabled",
            # AWS takes it in a network interface only, which MiniStack doesn't read; here the subnet decides it.
            "associate_public_ip_address": LOCAL,
        },
        answers={
            "iam_instance_profile": LOCAL,
            "monitoring": "Monitoring.State",
            "vpc_security_group_ids": "SecurityGroups[].GroupId",
            "root_block_device": LOCAL,
        },
        computed={"arn": "arn:aws:ec2:$region:$account:instance/$id"},
    ),
}
