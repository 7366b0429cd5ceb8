# A thin front over CMake presets.
JOBS ?= $(shell nproc)
# Of the thread sanitizer's build: what has threads.
TSAN_TESTS = api_threads|eval-command
# Of the scalar build: what the other forms cannot show.
SCALAR_TESTS = check_kernels|api_models|eval-command
# Not of the sanitizers' build: walks through the documentation and over processes, whose code its other
# tests run too, and which take a third of its time.
UNSANITIZED_TESTS = eval-physicist|eval-shards|eval-slurm|cli_habits

.PHONY: all demo test test-release test-dev test-tsan test-scalar-only test-avx512 deps deps-slurm

all: build-release

# Two shipped taggers on the shipped jets, overlaid.
demo: all
	build/release/kaon eval models/btag_gn2/model.onnx models/btag_small/model.onnx \
	    --data models/jets/jets.h5 --out build/demo --report build/demo/report.html --force

# Every test: optimised, under the address, undefined-behaviour and thread sanitizers, and with the
# scalar kernels alone. test-release alone takes about a minute.
test: deps-slurm test-release
	$(MAKE) -j2 --output-sync=target test-sanitized test-emulated

# These two side by side: an emulated CPU keeps one core busy.
.PHONY: test-sanitized test-emulated
test-sanitized:
	$(MAKE) test-dev
	$(MAKE) test-tsan
	$(MAKE) test-scalar-only

test-emulated:
	grep -q avx512vl /proc/cpuinfo || $(MAKE) test-avx512

test-release: build-release
	ctest --preset release -j $(JOBS)

test-dev: build-dev
	ctest --preset dev -j $(JOBS) -E '$(UNSANITIZED_TESTS)'

test-tsan: build-tsan
	ctest --preset tsan -j $(JOBS) -R '$(TSAN_TESTS)'

test-scalar-only: build-scalar-only
	ctest --preset scalar-only -j $(JOBS) -R '$(SCALAR_TESTS)'

# The AVX-512 kernels on an emulated CPU: a few minutes. Part of `make test` where the CPU has none.
test-avx512: build-release
	third_party/install-deps.sh avx512
	tests/avx512/check_kernels.sh build/release/tests/check/kaon_check_kernels build/avx512

build-%: deps
	cmake --preset $*
	cmake --build --preset $* -j $(JOBS)

deps:
	third_party/install-deps.sh

# For the test of Slurm jobs, which says "skipped" without it.
deps-slurm:
	-third_party/install-deps.sh slurm
