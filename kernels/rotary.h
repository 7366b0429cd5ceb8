/* Rotary position embedding of rows. RoPE, arXiv:2104.09864, equation 34.
 *
 *   (a, b) -> (a cos - b sin, a sin + b cos)          for each pair of a row, r < pairs
 *
 * with pairs (x[r], x[r + pairs]) in halves, or interleaved (x[2r], x[2r + 1]); elements from 2 pairs to n
 * are copied (partial rotation).
 *
 * x, y (rows, n) with strides of at least n; y may be x with the same stride. cos, sin (rows, pairs) with
 * one stride, 0 for the same angles in all rows. Any alignment. Each component is one product, rounded, and
 * one fma: error 1 ulp of |a| + |b|, or 3e-45, against double with the same cos and sin. */
#ifndef KAON_KERNELS_ROTARY_H
#define KAON_KERNELS_ROTARY_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/name.h"

struct kaon_rotary {
    size_t rows, n, pairs;
    size_t y_stride, x_stride, angle_stride;
    const float *cos, *sin;
    bool interleaved;
};

typedef void kaon_rotary_rows_fn(float *y, const float *x, const struct kaon_rotary *r);

#ifdef KAON_ISA
kaon_rotary_rows_fn KAON_K(kaon_rotary_rows);
#endif

#endif
