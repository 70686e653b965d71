"""The compute family: image repositories, the ECS cluster, the load balancer, services, scheduled and one-off tasks."""
