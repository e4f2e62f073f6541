# Two commands are enough on a fresh machine: `make demo` and `make test`. See `make help`.

PYTHON ?= python3
CACHE := $(or $(EXACT_CACHE),.cache)
VENV := $(CACHE)/venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help python programs demo test test-fast test-addon test-browser amounts faults requirements lint format screenshots bench provision lock clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

provision:  ## fetch and build what everything else runs on (the others do this first)
	@$(PYTHON) tools/provision.py

python:
	@$(PYTHON) tools/provision.py --python-only

demo: provision  ## run the main job from end to end and stay up (DEMO_EXIT=1: end instead)
	@$(VENV) tools/demo.py

programs:
	@$(PYTHON) tools/provision.py --no-template

test: programs  ## lint and every test; what CI runs (it builds the databases meanwhile)
	@$(VENV) tools/run_tests.py

test-fast: python  ## lint and the tests that need no database
	@$(VENV) tools/run_tests.py lint plain

test-addon: provision  ## the add-ons' tests in real databases
	@$(VENV) tools/run_tests.py addon

test-browser: provision  ## the tests of the whole product, in a real browser
	@$(VENV) tools/run_tests.py product

amounts: provision  ## 2,000 random documents and 500 random selections against the ledger, to the cent (make test takes a part)
	@EXACT_RANDOM_DOCUMENTS=2000 $(VENV) tools/dev.py test exact_connector/tests/test_amounts.py
	@EXACT_RANDOM_SELECTIONS=500 $(VENV) tools/dev.py test exact_connector_timesheet/tests/test_invoice_amounts.py

faults: provision  ## every call against everything that can go wrong around it; writes docs/faults.md (make test takes a part)
	@EXACT_FAULTS=$${EXACT_FAULTS:-all} $(VENV) -m pytest tests/faults -n auto -q --tb=line
	@EXACT_FAULTS=$${EXACT_FAULTS:-all} $(VENV) -m pytest tests/soak -q --tb=line

requirements: provision  ## which test proves which requirement, from the last run (AGAIN=1: run first)
	@$(VENV) tools/requirements_table.py $(if $(AGAIN),--again)

lint: python  ## ruff, pylint-odoo and OCA's checks
	@$(VENV) tools/run_tests.py lint

format: python  ## let ruff put the code in order
	@$(VENV) -m ruff check --fix --quiet . ; $(VENV) -m ruff format .

screenshots: provision  ## make the pictures of the documentation anew
	@$(VENV) tools/screenshots.py

bench: provision  ## what it costs, against the bare ORM: docs/performance.md (EXACT_BENCH_SIZE=small|medium|full)
	@$(VENV) -m benchmarks

lock:  ## work out tools/requirements.txt anew
	@$(PYTHON) tools/lock.py

clean:  ## stop the database server and delete everything that was fetched or built
	@$(PYTHON) tools/clean.py
