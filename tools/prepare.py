"""`python -m tools.prepare prod`: before the first deploy, what the services can't start without.

Services need images and secrets to get healthy, and images and secrets need somewhere to be. So the repositories and
the supplied secrets come first, with the key that they need; everything else comes with the first deploy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from stacks import loader
from stacks.environment import Environment
from tools._common import Json, check_account, console, read_stack, resources, run, stack_file
from tools._terraform import Terraform, executable
from tools.plan import UNBUILT


def targets(stack: Mapping[str, Json], environment: Environment) -> list[str]:
    """Terraform's addresses of the image repositories, and of the secrets whose values people supply."""
    supplied = _supplied(environment)
    return sorted(
        resource.address
        for resource in resources(stack)
        if resource.type == "aws_ecr_repository"
        or (resource.type == "aws_secretsmanager_secret" and resource.body["name"].rpartition("/")[2] in supplied)
    )


def main(
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="An environment, such as prod.")],
) -> None:
    """Make the image repositories and the secrets that people supply."""
    environment = loader.load(name)
    wanted = targets(read_stack(name), environment)
    check_account(environment)
    terraform = Terraform(executable(), stack_file(name).parent, {"TF_VAR_image_tag": UNBUILT})
    terraform.init()
    to = console()
    terraform.apply(lambda done, total, address: to.print(f"{done} of {total}: {address}", soft_wrap=True), wanted)
    supplied = " and ".join(f"`make secret ENV={name} NAME={each}`" for each in _supplied(environment))
    to.print(f"Now set the secrets: {supplied}. Then release: the deploy-aws workflow.", soft_wrap=True)


def _supplied(environment: Environment) -> list[str]:
    return sorted(name for name, settings in environment.secrets.items() if settings.kind == "supplied")


if __name__ == "__main__":
    run(main)
