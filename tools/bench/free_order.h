/* Forms of kaon's kernels that are free of its rule of one order: what the same bits everywhere cost.
 *
 * kaon adds along a row in sixteen lanes, whatever the length of the row, and a product's terms one after
 * another, whatever the number of rows. These forms add in whatever order is fastest on one core: rows in
 * four times sixteen lanes, products of few elements in several sums, narrow products along k. All
 * else, the exponential too, is kaon's own. Error bounds are those of any order. */
#ifndef KAON_TOOLS_BENCH_FREE_ORDER_H
#define KAON_TOOLS_BENCH_FREE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/name.h"

struct kaon_free_order {
    const char *isa;
    uint64_t need; /* CPU bits */
    /* y[r] = sum of x (rows, n) along rows */
    void (*sum_rows)(float *y, const float *x, size_t rows, size_t n);
    /* as kernels/norm.h, with scale and bias */
    void (*layernorm_rows)(float *y, const float *x, const float *scale, const float *bias,
                           size_t rows, size_t n, float eps);
    /* as kernels/softmax.h; rows of finite values */
    void (*softmax_rows)(float *y, const float *x, size_t rows, size_t n);
    /* y (n) = x (k) b (k, n) + bias, b in kaon_gemm's packed layout, for one row */
    void (*product_of_row)(float *y, const float *x, const float *packed, const float *bias,
                           size_t n, size_t k);
    /* y (m, n) = x (m, k) b^T (n, k) + bias, for n of a few columns */
    void (*narrow_product)(float *y, const float *x, const float *b, const float *bias, size_t m,
                           size_t n, size_t k);
};

#ifdef KAON_ISA
extern const struct kaon_free_order KAON_K(kaon_free_order);
#endif

#endif
