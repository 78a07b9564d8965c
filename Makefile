# SPDX-License-Identifier: Apache-2.0
# A thin front of the CMake presets. `make` alone says what there is.
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
BENCH ?=
DESTDIR ?=

.PHONY: help setup release sanitize run test lint bench bench-streams bench-peers fuzz reloads install fresh clean splits
help:
	@sed -n 's/^## //p' Makefile

## make run       install what is missing, build, make a CA and a configuration in ./run, start the gateway
run: release
	@tools/run

## make test      install what is missing, build with sanitizers, run every test
test:
	@tools/setup build run test
	@mkdir -p build
	@tools/other-engine build/other-hs
	@cmake --preset sanitize >build/cmake.log 2>&1 || { cat build/cmake.log; exit 1; }
	@cmake --build build/sanitize -j $(JOBS)
	@cd build/sanitize && ctest --output-on-failure --no-tests=error

## make lint      layers, doors, limits, banned calls, format, generated files
lint:
	@tools/setup build test
	@cmake --preset sanitize >/dev/null && cmake --build build/sanitize -j $(JOBS) --target stoa
	@cd build/sanitize && ctest -R '^lint/' --output-on-failure --no-tests=error

## make splits    a million random splits of large texts (docs/why/hold-back.md, borders.md); minutes of one core
splits:
	@tools/setup build test
	@cmake --preset release -B build/splits -DBUILD_TESTING=ON >/dev/null
	@cmake --build build/splits -j $(JOBS) --target unit_filters_hold unit_filters_stretch
	@STOA_SPLITS=1000000 build/splits/unit/unit_filters_hold
	@STOA_SPLITS=1000000 build/splits/unit/unit_filters_stretch

## make bench     what the gateway costs beside the peers that are installed (bench/README.md); BENCH="--write" etc.
bench:
	@tools/setup build run measure
	@cmake --preset release -DSTOA_BENCH=ON >/dev/null && cmake --build build/release -j $(JOBS)
	@/usr/bin/python3 bench/bench.py $(BENCH)

## make bench-streams  what the gateway adds to each event of a stream, and memory while gigabytes pass
bench-streams: release
	@tools/setup test
	@/usr/bin/python3 bench/stream.py $(BENCH)

## make bench-peers  install the peers: Squid, HAProxy, sslsplit, mitmproxy; perf and strace
bench-peers:
	@tools/setup bench

## make fuzz      every fuzzer for FUZZ_SECONDS seconds (default 60)
fuzz:
	@tools/setup build test
	@cmake --preset fuzz >/dev/null && cmake --build build/fuzz -j $(JOBS) --target fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run build/fuzz

## make reloads   10,000 reloads of adapters, plugins and rules under AddressSanitizer; some minutes
reloads:
	@tools/setup build run test
	@cmake --preset sanitize >/dev/null && cmake --build build/sanitize -j $(JOBS) --target unit_lua-plugins_set
	@STOA_RELOADS=10000 build/sanitize/unit/unit_lua-plugins_set

## make install   into DESTDIR (default /)
install: release
	@DESTDIR=$(DESTDIR) cmake --install build/release

## make fresh     both commands in a bare Debian 12 made below ./build
fresh:
	@tools/setup fresh
	@tools/fresh

## make clean     removes ./build and ./run
clean:
	rm -rf build run

release:
	@tools/setup build run
	@cmake --preset release >/dev/null && cmake --build build/release -j $(JOBS)
