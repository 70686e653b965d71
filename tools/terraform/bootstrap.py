"""Make what an account needs before the pipeline can deploy into it, once.

Terraform's state can't be in a bucket that Terraform is about to create. So it is in a file in this repository's folder
until the bucket exists, and is then moved into it. An interrupted run goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from stacks import loader
from stacks.bootstrap import Account, accounts, identity
from stacks.environment import Environment
from tools.aws import check_account, client
from tools.command import ROOT, ToolError, shown
from tools.permissions.account import ensure_identity_provider, ensure_service_linked_roles, services_with_a_role
from tools.synthesized import stack_file
from tools.terraform.runner import Terraform, executable

OVERRIDE: Final = "backend_override.tf.json"
"""Terraform reads `*_override` files last: this one puts a local backend in place of the stack's."""
_GONE: Final = ("404", "NoSuchBucket", "NotFound")
_FORBIDDEN: Final = "403"
"""What HeadBucket answers for a bucket of somebody else: names are taken for all accounts (S3 API reference)."""

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class BootstrapDeploy:
    """The bootstrap stack of one account, and where its state is until the bucket exists."""

    terraform: Terraform
    account: Account
    local_state: Path
    s3: Any
    """A boto3 client in the account."""
    backend: Mapping[str, str]
    """Further settings of the S3 backend; none but for an emulator."""

    def deploy(self, tell: Tell) -> None:
        """Apply the stack, and see that its state ends in the bucket. Raises ToolError."""
        if self.local_state.exists() or not self._bucket_exists():
            tell(f"The state is in {shown(self.local_state)} until {self.account.state.bucket} exists.")
            self._apply_locally()
            self._move_state()
            tell(f"The state is in {self.account.state.bucket} now.")
        else:
            self.terraform.init("-reconfigure", *self._backend_options())
            self.terraform.apply()

    def _bucket_exists(self) -> bool:
        try:
            self.s3.head_bucket(Bucket=self.account.state.bucket)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code in _GONE:
                return False
            if code == _FORBIDDEN:
                raise ToolError(
                    f"The bucket {self.account.state.bucket} is another account's, or refuses you; name one of your "
                    f"own in state.bucket of {', '.join(each.name for each in self.account.environments)}."
                ) from None
            raise
        return True

    def _apply_locally(self) -> None:
        local = {"terraform": {"backend": {"local": {"path": str(self.local_state)}}}}
        override = self.terraform.folder / OVERRIDE
        override.write_text(json.dumps(local), encoding="utf-8")
        try:
            self.terraform.init("-reconfigure")
            self.terraform.apply()
        finally:
            override.unlink()

    def _move_state(self) -> None:
        self.terraform.init("-migrate-state", "-force-copy", *self._backend_options())
        for file in self.local_state.parent.glob(f"{self.local_state.name}*"):
            file.unlink()

    def _backend_options(self) -> list[str]:
        return [f"-backend-config={name}={value}" for name, value in self.backend.items()]


def account_of(environment: Environment) -> Account:
    """The account that the environment lives in. Raises ToolError for one without a state bucket."""
    for account in accounts(loader.load_all()):
        if environment.name in {each.name for each in account.environments}:
            return account
    raise ToolError(f"{environment.name} keeps its state in a file and has no account to prepare; name another one.")


def prepare_account(iam: Any, environment: Environment, tell: Tell) -> None:  # noqa: ANN401 -- a boto3 client
    """Create what the account has only one of and lacks, before the stack, which refers to it. Raises ClientError."""
    created = ensure_identity_provider(iam, identity(environment))
    tell(f"GitHub's identity provider {'is created' if created else 'exists already and is used'}.")
    services = services_with_a_role()
    roles = ensure_service_linked_roles(iam, services)
    tell(f"Service-linked roles: {len(roles)} created, {len(services) - len(roles)} exist already.")


def bootstrap(environment: Environment, tell: Tell) -> None:
    """Prepare the environment's account and deploy its bootstrap stack; report its outputs. Raises ToolError."""
    account = account_of(environment)
    if not stack_file(account.stack_name).exists():
        raise ToolError(f"{shown(stack_file(account.stack_name))} does not exist; run `make synth`.")
    check_account(environment)
    terraform = Terraform(executable(), stack_file(account.stack_name).parent, {})
    deploy = BootstrapDeploy(
        terraform=terraform,
        account=account,
        local_state=ROOT / f"terraform.{account.stack_name}.tfstate",
        s3=client(environment, "s3"),
        backend={},
    )
    prepare_account(client(environment, "iam"), environment, tell)
    deploy.deploy(tell)
    for output, value in terraform.outputs().items():
        tell(f"{output} = {value}")
