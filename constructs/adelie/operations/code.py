"""The code of a Lambda function as Terraform takes it: a zip that is the same on every machine."""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Final

from adelie.terraform import AssetType, Construct, TerraformAsset

_FIRST_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say: no file's own date is in it."""
_READABLE: Final = 0o644 << 16


class FunctionCode(Construct):
    """A package of `adelie.functions`, zipped beside the stack's JSON.

    `path` is relative to the stack; `hash` is what Lambda has as CodeSha256, so that a changed file is deployed.
    """

    def __init__(self, scope: Construct, id: str, *, package: Path) -> None:
        super().__init__(scope, id)
        content = zipped(package)
        digest = hashlib.sha256(content)
        self.hash = base64.b64encode(digest.digest()).decode()
        file = Path(_folder().name) / f"{package.name}.zip"
        file.write_bytes(content)
        asset = TerraformAsset(self, "zip", path=str(file), asset_hash=digest.hexdigest()[:16], type=AssetType.FILE)
        self.path = asset.path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where zips wait until cdktf copies them, which it does at the very end; removed with the process."""
    return tempfile.TemporaryDirectory()


def zipped(package: Path) -> bytes:
    """The package's Python files, in the order of their names, with the package as the top folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(package.rglob("*.py")):
            entry = zipfile.ZipInfo(str(file.relative_to(package.parent)), _FIRST_DATE)
            entry.external_attr = _READABLE
            archive.writestr(entry, file.read_bytes())
    return content.getvalue()
