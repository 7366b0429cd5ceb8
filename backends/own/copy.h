/* Strided copies: what Transpose, Slice, Split, Concat, Expand, Tile and Pad come down to. */
#ifndef KAON_BACKENDS_OWN_COPY_H
#define KAON_BACKENDS_OWN_COPY_H

#include "backends/own/own.h"

enum { KAON_COPY_RANK = 2 * KAON_MAX_RANK };

/* For every index within dims: dst[to + sum i dst_step] = src[from + sum i src_step], in elements of
 * `bytes` bytes. Steps may be 0 (src) or negative. */
struct kaon_copy {
    size_t bytes;
    int32_t rank;
    int64_t dims[KAON_COPY_RANK];
    ptrdiff_t dst_step[KAON_COPY_RANK], src_step[KAON_COPY_RANK];
    ptrdiff_t to, from;
};

/* Drops axes of length 1 and joins those that lie one behind the other on both sides; an axis along
 * which the source is contiguous comes last but one, where a transposition is found. */
void kaon_copy_simplify(struct kaon_copy *c);

void kaon_copy_run(const struct kaon_copy *c, void *dst, const void *src,
                   const struct kaon_kernels *kernels);

/* Row-major steps of a shape. */
void kaon_copy_steps(ptrdiff_t *step, int32_t rank, const int64_t *dims);

#endif
