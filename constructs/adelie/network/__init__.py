"""The network family: VPC, subnets, NAT, endpoints, flow logs and the bastion."""
