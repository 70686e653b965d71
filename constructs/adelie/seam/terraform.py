"""The seam to cdktf: every name of `cdktf` and `constructs` that the project uses, imported here and nowhere else."""

from adelie.seam import startup

with startup.prepare(), startup.bulk_import():
    from cdktf import (
        App,
        AssetType,
        Fn,
        ITerraformDependable,
        LocalBackend,
        S3Backend,
        TerraformAsset,
        TerraformElement,
        TerraformOutput,
        TerraformResource,
        TerraformResourceLifecycle,
        TerraformStack,
        TerraformVariable,
        TerraformVariableValidationConfig,
        Testing,
        Token,
    )
    from constructs import Construct

__all__ = [
    "App",
    "AssetType",
    "Construct",
    "Fn",
    "ITerraformDependable",
    "LocalBackend",
    "S3Backend",
    "TerraformAsset",
    "TerraformElement",
    "TerraformOutput",
    "TerraformResource",
    "TerraformResourceLifecycle",
    "TerraformStack",
    "TerraformVariable",
    "TerraformVariableValidationConfig",
    "Testing",
    "Token",
    "prevent_destroy",
]


def prevent_destroy(resource: TerraformResource) -> None:
    """Make Terraform refuse every plan that would destroy the resource; its other lifecycle rules stay."""
    resource.add_override("lifecycle.prevent_destroy", True)
