"""What AWS does by itself and an emulator leaves out, done by the double; gaps.yaml names the types that need it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from emulated_provider.values import Json

Values = Mapping[str, Json]


class MasterUserSecret:
    """The secret that RDS makes for `manage_master_user_password`, its own in name and content."""

    service = "secretsmanager"

    def make(self, client: Any, values: Values) -> None:  # noqa: ANN401 -- a boto3 client
        """Create the secret: `{"username": ..., "password": ...}`, encrypted as the instance asks."""
        content = {"username": values["username"], "password": secrets.token_urlsafe(24)}
        client.create_secret(
            Name=_name(values), KmsKeyId=values["master_user_secret_kms_key_id"], SecretString=json.dumps(content)
        )

    def show(self, client: Any, values: Values) -> Values:  # noqa: ANN401
        """What RDS would answer of it."""
        secret = client.describe_secret(SecretId=_name(values))
        shown = {"SecretArn": secret["ARN"], "SecretStatus": "active", "KmsKeyId": secret.get("KmsKeyId")}
        return {"MasterUserSecret": shown}

    def remove(self, client: Any, values: Values) -> None:  # noqa: ANN401
        """Delete it at once, as RDS does with its instance."""
        client.delete_secret(SecretId=_name(values), ForceDeleteWithoutRecovery=True)


def _name(values: Values) -> str:
    return f"rds!db-{values['identifier']}"


STAND_INS: Mapping[str, MasterUserSecret] = {"aws_db_instance": MasterUserSecret()}
