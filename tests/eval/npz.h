/* Arrays of NumPy's .npz files (zip of .npy), for expected values. Trusts the file. */
#ifndef KAON_TESTS_EVAL_NPZ_H
#define KAON_TESTS_EVAL_NPZ_H

#include "engine/kaon.h"

struct npz {
    unsigned char *zip;
    size_t bytes;
};

/* Fails the test if there is no such file. */
void npz_open(struct npz *npz, const char *path);
void npz_close(struct npz *npz);

/* A member's bytes, which are those of an .npy file; free() them. NULL if it is not there. */
unsigned char *npz_member(const struct npz *npz, const char *name, size_t *bytes);

/* Reads one array; free(tensor->data). Fails the test if it is not there. */
void npz_array(struct kaon_tensor *tensor, const struct npz *npz, const char *name);

/* npz_open, npz_array and npz_close. */
void npz_read(struct kaon_tensor *tensor, const char *path, const char *name);

#endif
