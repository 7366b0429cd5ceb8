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
 * 5e-7 (1 + |y|) + 2^-23 b. */
#ifndef KAON_KERNELS_SOFTMAX_H
#define KAON_KERNELS_SOFTMAX_H

#include <stddef.h>

#include "kernels/name.h"

typedef void kaon_softmax_rows_fn(float *y, const float *x, size_t rows, size_t n);

#ifdef KAON_ISA
kaon_softmax_rows_fn KAON_K(kaon_softmax_rows);
kaon_softmax_rows_fn KAON_K(kaon_log_softmax_rows);
kaon_softmax_rows_fn KAON_K(kaon_log_sum_exp_rows);
#endif

#endif
