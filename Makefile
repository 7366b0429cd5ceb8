# A thin front over CMake presets.
JOBS ?= $(shell nproc)

.PHONY: all demo test deps
all: deps
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

# Two shipped taggers on the shipped jets, overlaid.
demo: all
	build/release/kaon eval models/btag_gn2/model.onnx models/btag_small/model.onnx \
	    --data models/jets/jets.h5 --out build/demo --force

test: all
	ctest --preset release -j $(JOBS)

deps:
	third_party/install-deps.sh
