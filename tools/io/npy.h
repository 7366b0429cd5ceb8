/* NumPy's .npy files, versions 1 to 3. Files are untrusted. */
#ifndef KAON_TOOLS_IO_NPY_H
#define KAON_TOOLS_IO_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/kaon.h"

/* Reads a file into a row-major tensor of native byte order; `free(tensor->data)` by the caller.
 * Types: floats of 2, 4 and 8 bytes, integers of 1 to 8, bool. */
enum kaon_status kaon_npy_read(struct kaon_tensor *tensor, const char *path, struct kaon_msg *msg);

/* The same from memory; `name` stands in messages for the path. */
enum kaon_status kaon_npy_decode(struct kaon_tensor *tensor, const void *data, size_t bytes,
                                 const char *name, struct kaon_msg *msg);

/* What the header of a file says. */
struct kaon_npy_header {
    enum kaon_type type;
    bool big_endian, fortran;
    int32_t rank;
    int64_t dims[KAON_MAX_RANK];
    size_t before, bytes; /* of the header, and of the data that must follow it */
};

/* Reads the header from the first `bytes` bytes of a file; 64 KiB are always enough. */
enum kaon_status kaon_npy_header(struct kaon_npy_header *header, const void *data, size_t bytes,
                                 const char *name, struct kaon_msg *msg);

/* Writes a dense tensor as version 1. Types that NumPy lacks (bfloat16, 8-bit floats) are written
 * as raw bytes ("V2", "V1"). KAON_BAD_ARGUMENT for strings and sequences; a failed write shows in
 * ferror(file) too. */
enum kaon_status kaon_npy_write(FILE *file, const struct kaon_tensor *tensor, struct kaon_msg *msg);

#endif
