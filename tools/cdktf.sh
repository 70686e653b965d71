#!/usr/bin/env bash
# The cdktf command line on the Node that pip installed, whatever Node the machine has. `make setup` links it to
# .venv/bin/cdktf. It asks nobody whether there is a newer version (HashiCorp archived cdktf: there is none).
set -euo pipefail
bin=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH="$bin:$PATH" CHECKPOINT_DISABLE="${CHECKPOINT_DISABLE:-1}" DISABLE_VERSION_CHECK="${DISABLE_VERSION_CHECK:-1}"
# Node keeps what it compiled of the command line: a tenth of the time of `cdktf synth`.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$bin/../../.cache/node}"
case "${1:-}" in
  deploy | apply | diff | plan | destroy)
    command -v "${TERRAFORM_BINARY_NAME:-terraform}" > /dev/null || {
      echo "Terraform is not installed; install 1.11 or newer (https://developer.hashicorp.com/terraform/install)" \
        "and run this again." >&2
      exit 1
    } ;;
esac
exec "$bin/node" "$bin/../../node_modules/cdktf-cli/bundle/bin/cdktf" "$@"
