/* Softmax of attention scores: rows with strides, scaled, biased and masked.
 *
 *   z[r][j] = scale x[r][j] + bias[r][j], one rounding     y[r][j] = softmax of z[r] over visible j
 *
 * A key j is visible to row r if r + first <= j <= r + last, its mask is not 0 and its bias is not -inf.
 * What is not visible has weight exactly 0 and enters no sum, whatever x holds there, NaN included; a row
 * that sees nothing is a row of zeros. A visible NaN or +inf makes every visible weight NaN, and any other
 * NaN or 0.
 *
 * x, y (rows, n) with strides of at least n; y may be x with the same stride. bias and mask may be NULL;
 * a stride of 0 is one row for all. Bits: those of softmax_rows of z, keys outside first .. last left out
 * at both ends if n > 128, and -inf otherwise. Error: that of softmax_rows for z. */
#ifndef KAON_KERNELS_SOFTMAX_SCORES_H
#define KAON_KERNELS_SOFTMAX_SCORES_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/name.h"

struct kaon_scores {
    size_t rows, n;
    size_t y_stride, x_stride, bias_stride, mask_stride; /* elements from row to row */
    float scale;
    const float *bias;
    const uint8_t *mask;   /* visible where not 0 */
    ptrdiff_t first, last; /* at least KAON_KEYS_FIRST, at most KAON_KEYS_LAST: no limit */
};
#define KAON_KEYS_FIRST (PTRDIFF_MIN / 2)
#define KAON_KEYS_LAST (PTRDIFF_MAX / 2)

typedef void kaon_softmax_scores_fn(float *y, const float *x, const struct kaon_scores *s);

#ifdef KAON_ISA
kaon_softmax_scores_fn KAON_K(kaon_softmax_scores);
#endif

#endif
