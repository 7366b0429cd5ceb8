/* Softmax and its kin of short rows, sixteen rows at a time. Included by the softmax sources only.
 *
 * Two things cost as much as the exponentials when rows are short: folding a vector to one number,
 * and lanes without an element. Here sixteen vectors are folded at once, by joins that halve the
 * number of vectors and not that of useful lanes, and sixteen sums share a division or logarithm.
 * What is left of a row after its full vectors is its tail; tails of up to 8 (4) elements lie two
 * (four) to a vector. The bits are those of one row alone: lanes are added in order, then along the
 * fixed tree, and a lane without an element adds 0. */
#ifndef KAON_KERNELS_SOFTMAX_SHORT_H
#define KAON_KERNELS_SOFTMAX_SHORT_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/name.h"

enum softmax_kind {
    SOFTMAX,
    SOFTMAX_OR_ZERO, /* a row of nothing but -inf gives zeros */
    LOG_SOFTMAX,
    LOG_SUM_EXP, /* y (rows) */
};

enum { SHORT_ROW = 128, BLOCK_ROWS = 16 };

/* y, x (rows, n) with strides, n in 1 .. SHORT_ROW; LOG_SUM_EXP: y (rows). padded: y_stride is a whole number of
 * vectors, and what lies past n may be written. */
struct softmax_short {
    enum softmax_kind kind;
    float *y;
    const float *x;
    size_t rows, n, y_stride, x_stride;
    bool padded;
};

#ifdef KAON_ISA
/* Rows one behind the other; y may be x. */
void KAON_K(kaon_softmax_short)(enum softmax_kind kind, float *y, const float *x, size_t rows,
                                size_t n);

/* Any strides, where x may be read for whole blocks of sixteen rows and sixteen floats more. y may be x if
 * the strides are the same. */
void KAON_K(kaon_softmax_blocks)(const struct softmax_short *s);
#endif

#endif
