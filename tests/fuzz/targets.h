/* What is fuzzed: each takes bytes as they might come from a file and must neither crash, hang nor
 * leak. tests/fuzz/README.md says how they are run. */
#ifndef KAON_TESTS_FUZZ_TARGETS_H
#define KAON_TESTS_FUZZ_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void kaon_fuzz_fn(const uint8_t *data, size_t size);

kaon_fuzz_fn kaon_fuzz_h5, kaon_fuzz_npz, kaon_fuzz_npy, kaon_fuzz_eval_json, kaon_fuzz_gnn_config,
    kaon_fuzz_preprocess, kaon_fuzz_category, kaon_fuzz_onnx, kaon_fuzz_differ;

/* A change that keeps an input what it is: in place, within `room` bytes; returns its size. */
typedef size_t kaon_fuzz_reshape_fn(uint8_t *data, size_t size, size_t room, uint64_t seed);

kaon_fuzz_reshape_fn kaon_fuzz_reshape_onnx;

struct kaon_fuzz_target {
    const char *name, *corpus; /* corpus: the folder, NULL: of the same name */
    kaon_fuzz_fn *run;
    bool in_hdf5; /* crashes inside libhdf5 are reported and do not count as ours */
    kaon_fuzz_reshape_fn *reshape; /* two inputs of three are made by it; NULL: none */
};

extern const struct kaon_fuzz_target kaon_fuzz_targets[]; /* the last has no name */

/* A file in memory that holds the bytes; its path is in *path. Negative without memory. */
int kaon_fuzz_file(const uint8_t *data, size_t size, char path[64]);

#endif
