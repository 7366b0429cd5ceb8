# A thin front over CMake presets.
JOBS ?= $(shell nproc)

.PHONY: all test deps
all: deps
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

test: all
	ctest --preset release -j $(JOBS)

deps:
	third_party/install-deps.sh
