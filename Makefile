# SPDX-License-Identifier: BSD-3-Clause
#
# A thin front of Meson, so that two commands do everything on a fresh Debian or Ubuntu machine:
#     make demo      a parallel program, run by our mpiexec; its picture is written to build/demo
#     make check     all tests
# Both install what is missing. The others say what is missing:
#     make           builds into build/          make asan     the tests under address and undefined-behaviour sanitizers
#     make install PREFIX=DIR                    make tsan     the C tests under the thread sanitizer
#     make mpi4py    mpi4py's suite, at 1 to 7 ranks, by Hydra too
#     make bench     speed, beside others        make format   the sources in the tree's format
#     make deb       Debian packages, into build/deb                    make debtest   the tests of these
#     make faults    processes of jobs are killed and stopped at random, for ten minutes (SECONDS=N)
#     make family    jobs that meet and spawn, of which processes are killed at random; the same
#     make nodes     every program of tests/mpi over 2, 4 and as many simulated nodes as ranks (WORDS='coll io')
#     make clean

BUILD = build
PREFIX = /usr/local
DESTDIR =
WERROR = false
JOBS := $(shell nproc 2>/dev/null || echo 2)
MESON_SETUP = CC="$$(.ci/cc)" meson setup -Dwerror=$(WERROR)

.PHONY: all demo check install deb debtest bench mpi4py faults family nodes asan tsan format clean need
.NOTPARALLEL:

all: need $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS)

need:
	@.ci/need --say build

$(BUILD)/build.ninja:
	@$(MESON_SETUP) $(BUILD) $(SETUP)

demo:
	@.ci/need build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS) programs
	@examples/demo $(BUILD)

check:
	@.ci/need build test
	@$(MAKE) --no-print-directory all
	@tests/check $(BUILD) $(TESTS)

mpi4py:
	@.ci/need build test
	@$(MAKE) --no-print-directory all
	@MUSTER_TEST_MPI4PY_RANKS="1 2 3 4 7" tests/check $(BUILD) mpi4py

faults:
	@.ci/need build test
	@$(MAKE) --no-print-directory all
	@MUSTER_TEST_BUILD=$(abspath $(BUILD)) $$(command -v /usr/bin/python3 || echo python3) tests/launch/faults.py $(or $(SECONDS),600) $(SEED)

family:
	@.ci/need build test
	@$(MAKE) --no-print-directory all
	@MUSTER_TEST_BUILD=$(abspath $(BUILD)) $$(command -v /usr/bin/python3 || echo python3) tests/launch/family.py $(or $(SECONDS),600) $(SEED)

nodes:
	@.ci/need build test
	@$(MAKE) --no-print-directory all
	@$$(command -v /usr/bin/python3 || echo python3) tests/mpi/over_nodes.py $(BUILD) $(WORDS)

asan:
	@.ci/need build test
	@$(MAKE) --no-print-directory BUILD=build-asan SETUP='-Db_sanitize=address,undefined -Db_lundef=false' all
	@tests/check build-asan $(TESTS)

tsan:
	@.ci/need build test
	@$(MAKE) --no-print-directory BUILD=build-tsan SETUP='-Db_sanitize=thread -Db_lundef=false' all
# Older thread sanitizers cannot bear addresses as random as newer kernels make them.
	@$$(setarch -R true 2>/dev/null && echo setarch -R) tests/check build-tsan --suite unit --suite mpi $(TESTS)

install: need $(BUILD)/build.ninja
	@meson configure $(BUILD) --prefix=$(abspath $(PREFIX)) >/dev/null
	@ninja -C $(BUILD) build.ninja >/dev/null
	@ninja -C $(BUILD) -j $(JOBS) --quiet
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --quiet >/dev/null
	@echo "installed in $(DESTDIR)$(abspath $(PREFIX)); run $(DESTDIR)$(abspath $(PREFIX))/bin/mpiexec"

deb:
	@.ci/need build deb
	@debian/pack $(BUILD)/deb

debtest: deb
	@.ci/need test
	@tests/run-pytest deb -rs

bench:
	@.ci/need build bench
	@$(MAKE) --no-print-directory all
	@MUSTER_BUILD=$(abspath $(BUILD)) python3 tests/bench/bench.py $(BENCH)

format:
	@.ci/need format
	@git ls-files '*.[ch]' | xargs clang-format -i

clean:
	@rm -rf build build-asan build-tsan
