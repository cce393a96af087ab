# What people type; `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
RELEASE := .build/release
SWIFT_BUILD := swift build --explicit-target-dependency-import-check error
# How tests are built: `make test CONFIGURATION=release` tests what the optimiser made of the sources.
CONFIGURATION := debug
TESTABLE := --configuration $(CONFIGURATION) $(if $(filter release,$(CONFIGURATION)),-Xswiftc -enable-testing)

.PHONY: help run demo demo-channels cluster faults bench bench-channels bench-scheduler setup setup-tests build release test tsan lint format clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: release ## send a campaign through everything, then keep serving until Ctrl-C
	@$(RELEASE)/kpush demo --keep-serving $(ARGS)

demo: release ## send a campaign through everything and compare the books
	@$(RELEASE)/kpush demo $(ARGS)

cluster: release ## start PostgreSQL, Redis and a cluster on them, and send a campaign through it
	@$(RELEASE)/kpush cluster $(ARGS)

faults: release ## break a cluster on purpose, under load, and show that nothing is lost or doubled
	@$(RELEASE)/kpush faults $(ARGS)

bench: release ## measure rate and memory of a campaign of a million rows
	@$(RELEASE)/kpush bench $(ARGS)

demo-channels: release ## send a campaign over each channel, through all of its suppliers
	@$(RELEASE)/kpush demo-channels $(ARGS)

bench-channels: release ## measure the adapter of each supplier
	@$(RELEASE)/kpush bench-channels $(ARGS)

bench-scheduler: release ## measure how late, how fast and how cheaply jobs are fired
	@$(RELEASE)/kpush bench-scheduler $(ARGS)

setup: ## install the system packages that are missing (Debian)
	@bash scripts/setup

setup-tests: setup ## install what tests alone need
	@bash scripts/setup-tests

build: setup ## build everything, debug
	$(SWIFT_BUILD)

# With Swift in it: it runs on hosts that have no toolchain.
release: setup ## build the program, optimised
	$(SWIFT_BUILD) --configuration release --product kpush --static-swift-stdlib

test: setup setup-tests ## install what is missing and run every test, one at a time
	$(SWIFT_BUILD) --build-tests $(TESTABLE)
	@bash scripts/test --configuration $(CONFIGURATION) $(ARGS)

tsan: setup setup-tests ## run the tests in which much happens at once under the thread sanitizer
	@bash scripts/tsan/run $(ARGS)

format: ## format all sources in place, then lint
	swift format --in-place --parallel --recursive Package.swift Sources Tests jobs
	@$(MAKE) --no-print-directory lint

lint: ## check format and rules; prints nothing when clean
	swift format lint --strict --parallel --recursive Package.swift Sources Tests jobs
	@bash scripts/lint

clean: ## remove what was built
	rm -rf .build .build-tsan
