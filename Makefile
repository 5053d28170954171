# Everything runs through config/local, which first makes the virtual environment; see `make help`.
# The paths here are relative, so that a checkout may lie under a path with spaces.
PYTHON ?= python3
EXIT ?=
ARGS ?=
QUICK ?=
export EXIT ARGS QUICK
.DEFAULT_GOAL := help
.NOTPARALLEL:

VERBS := demo run setup test properties races chaos check bench ha format migrations diagrams manual lock clean
.PHONY: help $(VERBS)

help:
	@sed -n 's/^#: //p' Makefile

#: make demo       set everything up, place a first order, stay up until Ctrl-C (EXIT=1: end after the order)
#: make run        the same shop without the order
#: make test       the whole test suite on real servers (ARGS="tests/pricing -k freight" picks some)
#: make properties pricing's properties on 10,000 random baskets each (minutes); the suite tries 200
#: make races      the races of activities over HTTP on two web processes, in full (minutes); the suite runs fewer rounds
#: make check      exactly what CI runs: format, lint, types, contracts, migrations, deploy check, tests
#: make chaos      shoppers and operators at random while everything is killed and WeChat misbehaves (SECONDS=120, SEED=1): nothing may be lost
#: make bench      the benchmark of the shop on this machine (QUICK=1: in three minutes; ARGS="--grow 10": with ten times the data, too)
#: make ha         the trials beyond one machine: servers killed under load, failover, replica (half an hour; ARGS="stateless")
#: make format     format the code and mend what the linter can mend
#: make migrations write the migrations that the models ask for
#: make diagrams   draw the lifecycles into docs/guide/
#: make manual     take the pictures of docs/operators/ anew (needs a Chromium)
#: make lock       renew requirements*.lock from pyproject.toml
#: make setup      only install; make clean removes .local, its servers' data and caches
$(VERBS):
	@exec $(PYTHON) config/local/bootstrap.py $@
