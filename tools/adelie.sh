#!/usr/bin/env bash
# The command line of this repository. `make setup` links it to .venv/bin/adelie. What it calls (terraform apart) comes
# from the same folder, and Python takes `tools` from this working copy, wherever somebody calls it from.
set -euo pipefail
bin=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH="$bin:$PATH"
exec "$bin/python" -P -m tools.command_line "$@"
