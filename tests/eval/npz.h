/* Arrays of NumPy's .npz files (zip of .npy), for expected values. Trusts the file. */
#ifndef KAON_TESTS_EVAL_NPZ_H
#define KAON_TESTS_EVAL_NPZ_H

#include "engine/kaon.h"

/* Reads one array; free(tensor->data). Fails the test if it is not there. */
void npz_read(struct kaon_tensor *tensor, const char *path, const char *name);

#endif
