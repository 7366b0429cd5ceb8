/* Softmax, its logarithm and log-sum-exp along rows.
 *
 *   softmax      y[r][i] = exp(x[r][i] - m) / sum_j exp(x[r][j] - m),        m = max_j x[r][j]
 *   log_softmax  y[r][i] = (x[r][i] - m) - log(sum_j exp(x[r][j] - m))
 *   log_sum_exp  y[r] = log(sum_j exp(x[r][j] - m)) + m
 *
 * x, y (rows, n)   contiguous; y may be x. log_sum_exp: y (rows), apart from x. rows, n >= 0, any
 * alignment. NaN anywhere in a row, +inf, or a row of nothing but -inf gives a row of NaN, as the
 * formula does (log_softmax too); log_sum_exp of infinities is the largest, and of nothing -inf.
 * Division by the sum is a multiplication by its reciprocal. Rows of more than 4096 are summed in
 * blocks, so that the error does not grow with n. Error against double, with b = min(n, 4096) / 64:
 * softmax 8 + b + |x - m| ulp or 1e-37, log_softmax and log_sum_exp 5 ulp or
 * 5e-7 (1 + |y|) + 2^-23 b.
 *
 * softmax_by[...] are ways to the same softmax, which differ in passes over memory:
 *
 *                   reads  writes  exps an element
 *   3PASS_RECOMPUTE   3      1       2   maximum; sum; exponentials again, times 1 / sum
 *   3PASS_RELOAD      3      2       1   maximum; exponentials, stored and summed; scaled in place
 *   2PASS             2      1       2   sum in pairs (mantissa, exponent) without a maximum; output
 *   ONLINE            2      1       2   maximum and sum at once, the sum rescaled; output
 *
 * The three-pass forms and 2PASS: M. Dukhan and A. Ablavatski, arXiv:2001.04438. ONLINE and the fused
 * top-k: M. Milakov and N. Gimelshein, arXiv:1805.02867. DEFAULT, which softmax_rows is too, is RELOAD
 * below 2^19 elements and 2PASS from there on: by length alone, so that the bits are the same on every
 * ISA. RECOMPUTE has the bits of RELOAD. 2PASS gives 0 where RELOAD gives less than 2^-126, and leaves
 * rows beyond 2^20 in magnitude, or with NaN or +inf, to RELOAD.
 *
 * softmax_topk keeps the k largest of each row while it sums: w, index (rows, k), largest first, of equal
 * ones that with the smaller index, w their softmax. -inf never enters; places left over have weight 0
 * and index -1; where nothing entered, w is NaN. */
#ifndef KAON_KERNELS_SOFTMAX_H
#define KAON_KERNELS_SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/name.h"

enum kaon_softmax_algorithm {
    KAON_SOFTMAX_DEFAULT,
    KAON_SOFTMAX_3PASS_RECOMPUTE,
    KAON_SOFTMAX_3PASS_RELOAD,
    KAON_SOFTMAX_2PASS,
    KAON_SOFTMAX_ONLINE,
    KAON_SOFTMAX_COUNT
};

typedef void kaon_softmax_rows_fn(float *y, const float *x, size_t rows, size_t n);
typedef void kaon_softmax_topk_fn(float *w, int32_t *index, const float *x, size_t rows, size_t n,
                                  size_t k);

#ifdef KAON_ISA
kaon_softmax_rows_fn KAON_K(kaon_softmax_rows);
kaon_softmax_rows_fn KAON_K(kaon_log_softmax_rows);
kaon_softmax_rows_fn KAON_K(kaon_log_sum_exp_rows);
kaon_softmax_topk_fn KAON_K(kaon_softmax_topk);
extern kaon_softmax_rows_fn *const KAON_K(kaon_softmax_by)[KAON_SOFTMAX_COUNT];
#endif

#endif
