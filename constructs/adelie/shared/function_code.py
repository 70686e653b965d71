"""The code of a Lambda function as Terraform takes it: a zip that is the same on every machine."""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from adelie.seam.terraform import AssetType, Construct, TerraformAsset

_FIRST_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say: no file's own date is in it."""
_READABLE: Final = 0o644 << 16
_OWN_SUFFIXES: Final = (".pem", ".py")


class FunctionCode(Construct):
    """A package of `adelie.functions`, zipped beside the stack's JSON, with the distributions it imports.

    Those are taken as they are installed: the lock file pins each by hash, so the zip holds the same bytes everywhere.
    `path` is relative to the stack; `hash` is what Lambda has as CodeSha256, so that a changed file is deployed.

    Raises ValueError for a distribution with compiled parts: they would be this machine's, not Lambda's.
    """

    def __init__(self, scope: Construct, id: str, *, package: Path, distributions: Sequence[str] = ()) -> None:
        super().__init__(scope, id)
        content = zipped(package, tuple(distributions))
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


@cache
def zipped(package: Path, distributions: tuple[str, ...] = ()) -> bytes:
    """The package's own files under its name, and beside it what the distributions import, in the order of names."""
    own = ((str(file.relative_to(package.parent)), file) for file in package.rglob("*") if file.suffix in _OWN_SUFFIXES)
    files = dict(own) | {path: file for name in distributions for path, file in _installed(name)}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _FIRST_DATE)
            entry.external_attr = _READABLE
            archive.writestr(entry, files[path].read_bytes())
    return content.getvalue()


def _installed(name: str) -> Iterator[tuple[str, Path]]:
    """The modules of an installed distribution and its licence; not what the installer added or compiled."""
    installed = distribution(name)
    for file in installed.files or ():
        if file.suffix in {".so", ".pyd", ".dylib"}:
            raise ValueError(f"{name} has a compiled part, {file}; a function takes distributions of pure Python only")
        if file.suffix == ".py" or file.name.startswith(("LICENSE", "COPYING")):
            yield file.as_posix(), Path(str(installed.locate_file(file)))
