/* What a MatMul multiplies: matrices, and how the batches of its operands meet. */
#ifndef KAON_BASE_BATCHES_H
#define KAON_BASE_BATCHES_H

#include "engine/base/op.h"

/* `batches` products (m, k) x (k, n). */
struct kaon_batches {
    size_t m, n, k, batches;
    int32_t rank;                                                             /* of the batch */
    size_t dims[KAON_MAX_RANK], step_a[KAON_MAX_RANK], step_b[KAON_MAX_RANK]; /* in matrices */
};

/* The products of a and b, of concrete shapes that inference has accepted. Where b is one matrix, all rows
 * of a are one product. */
void kaon_batches_place(struct kaon_batches *p, const struct kaon_tensor *a,
                        const struct kaon_tensor *b);

/* The matrices of batch i. */
void kaon_batches_pick(const struct kaon_batches *p, size_t i, size_t *a, size_t *b);

#endif
