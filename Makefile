# make demo: the whole thing on this machine.   make test: everything that can be tested.   make check: the quick part.

CODE := $(wildcard providers cli plugin lab tools bench examples tests __main__.py)
IN_TOOLS := . .tools/activate &&
# Arguments for the tests on real hosts, such as LAB="--durations 20".
LAB ?=
# Fetched before tests start, since building one takes both cores for minutes. `make test` needs none but the lab's own.
ENGINES := 20.10 26 28 29

# What make runs on Pulumi is the lab's: its state stays in this checkout. Yours is where `pulumi login` says.
export PULUMI_BACKEND_URL ?= file://$(CURDIR)/.pulumi-state

# Compiled modules are kept whatever the environment says: compiling them anew takes a third of `make check`.
export PYTHONDONTWRITEBYTECODE :=

QUICK = $(IN_TOOLS) HYPOTHESIS_PROFILE=quick pytest --quiet -m "not (lab or every_engine or vms or exploration or whole or network)"
# A third each of the quick tests, by the processor time they take; the last third loads Pulumi.
PURE := $(addprefix tests/,agreement discovery exploration explain loop rules simulate test_docs.py test_stacks.py test_workflows.py)
HOSTS := tests/hosts

.DEFAULT_GOAL := check
.PHONY: setup lab demo check lint types quick quick-pure quick-hosts quick-rest offline test explore engines vms bench chaos fmt down clean

setup: # the program alone: Python packages, pulumi, the command swarmnet; nothing is installed on the machine
	@python3 -m tools.venv
	@.tools/venv/bin/python -m tools.setup

lab: setup # what real Docker hosts on this machine need, and the app on them: Docker, sshd, Engines (root, Debian 12)
	@$(IN_TOOLS) python -m tools.lab

demo: lab # three real Docker hosts on this machine, and `pulumi up` on them (root)
	@tools/demo

check: setup # format, lint, layers, types, and every test that needs no root, no network and no program to itself, with few examples
	@$(MAKE) --no-print-directory --jobs 5 --output-sync quick lint types

lint:
	@$(IN_TOOLS) ruff format --check --quiet .
	@$(IN_TOOLS) ruff check --quiet .
	@$(IN_TOOLS) lint-imports --no-logo

types:
	@$(IN_TOOLS) mypy $(CODE)

# Three processes side by side, each of which imports and collects its own tests alone. The workers of pytest-xdist
# would each do that for all tests, and report every test to a further process: a fifth more work. Three on two cores,
# since tests of hosts and of plugins wait for their other end now and then.
quick: quick-pure quick-hosts quick-rest

# What is pure logs nothing: to keep a log for each test would be a twelfth of pytest's own work.
quick-pure:
	@$(QUICK) -p no:logging $(PURE)

quick-hosts:
	@$(QUICK) $(HOSTS)

quick-rest:
	@$(QUICK) tests $(PURE:%=--ignore=%) $(HOSTS:%=--ignore=%)

offline:
	@$(IN_TOOLS) pytest -m "not (lab or every_engine or vms)" -n 2

test: lab # all of it; tests on real hosts are skipped, with the reason, where they cannot run
	@$(IN_TOOLS) python -m tools.lab --for-tests
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint types
	@$(MAKE) --no-print-directory offline
	@$(IN_TOOLS) pytest -m "lab and not every_engine" -n 3 --dist loadgroup --no-loadscope-reorder $(LAB)

explore: setup # every state of the large simulated swarms as well (4 minutes)
	@$(IN_TOOLS) python -m tests.exploration

engines: lab # every live change with ten services on five hosts, and every untidy scene, on each Engine (root, 1 hour)
	@$(IN_TOOLS) python -m tools.lab $(ENGINES)
	@$(IN_TOOLS) pytest -m every_engine $(LAB)

vms: lab # the whole job and live changes on three virtual machines with systemd and a kernel of their own (root, 40 minutes)
	@$(IN_TOOLS) pytest -m vms $(LAB)

bench: lab # how long jobs and outages take on ENGINE, as one table; kept in bench/results (root, one hour)
	@$(IN_TOOLS) python -m bench --engine $(or $(ENGINE),28)

chaos: lab # N live changes cut at random moments, on ENGINE; appends to chaos-results.jsonl and goes on there (root)
	@$(IN_TOOLS) python -m tools.chaos --engine $(or $(ENGINE),28) --cuts $(or $(N),20) --seed $(or $(SEED),1)

fmt: setup # format, and mend what ruff can mend
	@$(IN_TOOLS) ruff format .
	@$(IN_TOOLS) ruff check --fix .

down: # take the hosts and virtual machines of the lab down
	@lab/hosts down
	@lab/vms down

clean: # remove what setup and the checks made; .pulumi-state stays, it knows what exists on your hosts
	rm -rf .tools build swarmnet.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
