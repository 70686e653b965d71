"""The delivery family: where Terraform's state lives, and the identities that a pipeline assumes."""
