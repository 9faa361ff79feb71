# Set-up, the main job, and every check. Each target makes .venv itself if it is missing or stale.

.DEFAULT_GOAL := help
.PHONY: help demo test check format exhaustive clean

BIN := .venv/bin
RUN := .venv/.ready-run
DEV := .venv/.ready-dev

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

demo: $(RUN) ## Fit models/oa-pain.toml: pain in knee osteoarthritis after stem cells
	$(BIN)/bayesmeta fit models/oa-pain.toml --out reports

test: check ## Every check: format, lint, types, layers, tests
	$(BIN)/pytest -n 2 --dist loadfile

check: $(DEV) ## Format, lint, types and layers, without the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Mend format and what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

exhaustive: $(DEV) ## All reference posteriors and every prior through NUTS; twenty minutes
	$(BIN)/pytest -m exhaustive

clean: ## Remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(RUN): pyproject.toml .ci/environment
	bash .ci/environment .
	touch $@

$(DEV): pyproject.toml .ci/environment
	bash .ci/environment '.[dev,jax]'
	touch $(RUN) $@
