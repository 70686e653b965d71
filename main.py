"""The cdktf app: one stack for each environment of environments/aws/, synthesized to cdktf.out."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from adelie.seam.terraform import App
from catalogue.yaml_file import SettingsFileError
from stacks import loader, providers
from stacks.bootstrap import Bootstrap, accounts
from stacks.environment import Environment
from stacks.platform import Platform


def build(environments: Sequence[Environment], outdir: str | None = None) -> App:
    """An app with the platform of each environment and the bootstrap of each account, not yet synthesized.

    `outdir` is cdktf.out if omitted.
    """
    app = App(
        outdir=outdir,
        stack_traces=False,
        context={"excludeStackIdFromLogicalIds": "true", "allowSepCharsInLogicalIds": "true"},
    )
    for environment in environments:
        Platform(app, environment)
    for account in accounts(environments):
        Bootstrap(app, account)
    return app


def _forget_others(out: Path, app: App) -> None:
    """Remove the folders of stacks that are no more, which `make summary` and a deploy would still find."""
    names = {child.node.id for child in app.node.children}
    for folder in (out / "stacks").iterdir():
        if folder.name not in names:
            shutil.rmtree(folder)


def main() -> None:
    """Synthesize every environment; a bad environment file prints one sentence, exits 1 and writes nothing."""
    try:
        environments = loader.load_all()
    except SettingsFileError as error:
        sys.exit(str(error))
    app = build(environments)
    app.synth()
    _forget_others(Path(app.outdir), app)
    providers.lock(Path(app.outdir))


if __name__ == "__main__":
    main()
