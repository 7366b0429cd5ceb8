/* Dividing a step among threads that the caller lends.
 *
 * Parts are chosen by shape alone: large enough to be worth handing over, which costs some
 * microseconds, and more of them than threads, so that an unequal start evens out. */
#ifndef KAON_BACKENDS_OWN_SPLIT_H
#define KAON_BACKENDS_OWN_SPLIT_H

#include "backends/own/own.h"

enum {
    KAON_PART_MACS = 1 << 18,     /* multiply-adds of a part, at least */
    KAON_PART_ELEMENTS = 1 << 14, /* of element-wise work, at least */
    KAON_MOST_PARTS = 64,
};

/* How many parts `items` equal pieces of work make, `cost` in all: 0 if it is not worth dividing. */
static inline size_t kaon_parts(uint64_t cost, uint64_t least, size_t items)
{
    uint64_t n = cost / least;
    n = n < KAON_MOST_PARTS ? n : KAON_MOST_PARTS;
    n = n < items ? n : items;
    return n < 2 ? 0 : (size_t)n;
}

/* Where part i of n begins in `items`; part n begins where they end. */
static inline size_t kaon_part_at(size_t items, size_t i, size_t n)
{
    return items / n * i + items % n * i / n;
}

/* ---- products -------------------------------------------------------------------------------- */

/* A product (m, n) cut into a grid of down x across rectangles. */
struct kaon_grid {
    size_t m, n, k, down, across;
};

/* Parts of the grid; 0: leave it whole. Columns are cut first: each rectangle then reads its own
 * panels of the right-hand side, and all read the left-hand one. */
size_t kaon_grid_plan(struct kaon_grid *g, size_t m, size_t n, size_t k);

/* Computes rectangle i: arguments as kaon_gemm_fn's. */
void kaon_grid_run(const struct kaon_grid *g, size_t i, const struct kaon_kernels *kernels,
                   float *c, size_t ldc, const float *a, size_t lda, const float *packed,
                   const struct kaon_epilogue *e);

#endif
