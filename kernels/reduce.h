/* Reductions of a matrix along its inner or its outer axis.
 *
 *   reduce_rows     y[r] = R over i of x[r][i]     x (rows, n) contiguous, y (rows)
 *   reduce_columns  y[j] = R over r of x[r][j]     x (rows, n) contiguous, y (n)
 *
 * rows, n >= 0, any alignment; y must not overlap x. Along rows the sums run in sixteen lanes and
 * then the fixed tree; along columns they run one after another with r increasing. Of nothing: SUM,
 * SUM_SQUARE, L1, L2 are 0, PROD 1, MAX -inf, MIN +inf, MEAN NaN, LOG_SUM and LOG_SUM_EXP -inf. MAX
 * and MIN give NaN if any element is NaN; LOG_SUM_EXP of infinities is the largest. The sum of
 * squares is accumulated by fma. Error against double: (n / 16 + 8) half-ulps of the sum of
 * magnitudes along rows, (rows + 2) along columns, for the sums, and what follows from that for the
 * others; MAX and MIN exact. */
#ifndef KAON_KERNELS_REDUCE_H
#define KAON_KERNELS_REDUCE_H

#include <stddef.h>

#include "kernels/name.h"

enum kaon_reduce {
    KAON_REDUCE_SUM,
    KAON_REDUCE_MEAN,
    KAON_REDUCE_MAX,
    KAON_REDUCE_MIN,
    KAON_REDUCE_PROD,
    KAON_REDUCE_SUM_SQUARE,
    KAON_REDUCE_L1,          /* sum of |x| */
    KAON_REDUCE_L2,          /* square root of the sum of squares */
    KAON_REDUCE_LOG_SUM,     /* log(sum of x) */
    KAON_REDUCE_LOG_SUM_EXP, /* log(sum of exp(x)), without overflow */
    KAON_REDUCE_COUNT
};

typedef void kaon_reduce_fn(float *y, const float *x, size_t rows, size_t n);

#ifdef KAON_ISA
extern kaon_reduce_fn *const KAON_K(kaon_reduce_rows)[KAON_REDUCE_COUNT];
extern kaon_reduce_fn *const KAON_K(kaon_reduce_columns)[KAON_REDUCE_COUNT];
#endif

#endif
