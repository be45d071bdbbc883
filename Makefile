# The front door; CMakeLists.txt, CMakePresets.json and tools/ do the work.
PREFIX ?= /usr/local
SECONDS ?= 60

.DEFAULT_GOAL := all
.PHONY: all run test bench fuzz install clean help

all: ## Install what is missing, build the release into build/
	@tools/setup build
	@tools/build release

run: all ## The same, then a demonstration
	@build/bin/sluice demo

test: ## Everything that is tested: release, sanitizers, checks, short fuzzing
	@tools/setup test
	@tools/test

bench: all ## Measure
	@bench/run

fuzz: ## Fuzz each target for SECONDS=60
	@tools/setup test
	@tools/build fuzz fuzz
	@tools/fuzz $(SECONDS)

install: all ## Install below PREFIX=/usr/local (DESTDIR=... to stage)
	@DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(PREFIX)"

clean: ## Remove all that was built
	rm -rf build

help: ## This list
	@sed -n 's/^\([a-z]*\):[^#]*## */\1 /p' $(MAKEFILE_LIST) | \
	  while read -r target text; do printf '  make %-8s %s\n' "$$target" "$$text"; done
