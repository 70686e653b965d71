"""Whether Terraform and the real AWS provider, of the registry, take every synthesized stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.command import say
from tools.synthesized import stack_file, stack_names
from tools.terraform.runner import Terraform, TerraformError, executable


def validate(stacks: Iterable[Terraform]) -> None:
    """Check each stack against the provider's schema; no state and no account is touched. Raises TerraformError."""
    for terraform in stacks:
        name = terraform.folder.name
        try:
            terraform.init("-backend=false")
            terraform.validate()
        except TerraformError as error:
            raise TerraformError(f"{name}: {error}") from None
        say(f"{name} is valid.")


def synthesized() -> Iterator[Terraform]:
    """Terraform in the folder of each synthesized stack. Raises TerraformError if there is no Terraform."""
    return (Terraform(executable(), stack_file(name).parent, {}) for name in stack_names())
