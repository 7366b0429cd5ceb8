/* Softmax as hardware does it, with a table of exponentials and one of inverses: arXiv:2402.01047 and
 * hls4ml. Everything is an integer that stands for itself times 2^-10.
 *
 *   X_j = floor(1024 x_j) clamped to 16 bits                 the score
 *   E_j = exp[index]    S = min(sum of E, 131071)            18 bits with sign
 *   W_j = min(floor(E_j inverse[S >> 8] / 1024), 32767)      w_j = W_j / 1024
 *
 *   STABLE    index = min(max X - X_j, 32767) >> 5           exp[i] = e^(-i/32)
 *   LATENCY   index = X_j >> 6, ten bits of a signed number  exp[i] = e^(i/16), i as signed
 *   LEGACY    for each i: E_j = exp[(X_j - X_i) / 16 + 512], the quotient cut towards 0, the index clamped
 *             to 0 .. 1023, exp[i] = e^(i/64 - 8); W_i = inverse[min(S >> 6, 1023)], inverse[i] = 16 / i
 *
 * Entries are rounded, halves up, and saturate at 131071; inverse[i] = 4 / i, but for LEGACY, where also
 * inverse[0] is 0 in place of 131071. Scores and differences saturate too. x of -inf is not visible: weight
 * 0 and in no sum; NaN counts as the least score. Shorter rows come near softmax: for STABLE within about
 * 30 % and some 2^-10 for fewer than 128 keys. w, x (rows, n) contiguous, w may be x but for LEGACY.
 * Exact, so the same everywhere. */
#ifndef KAON_KERNELS_SOFTMAX_TABLE_H
#define KAON_KERNELS_SOFTMAX_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/name.h"

enum kaon_table_softmax {
    KAON_TABLE_SOFTMAX_STABLE,
    KAON_TABLE_SOFTMAX_LATENCY,
    KAON_TABLE_SOFTMAX_LEGACY,
    KAON_TABLE_SOFTMAX_COUNT
};

struct kaon_softmax_tables {
    enum kaon_table_softmax variant;
    int32_t exp[1024], inverse[1024];
};

typedef void kaon_softmax_tables_fn(struct kaon_softmax_tables *t, enum kaon_table_softmax variant);
typedef void kaon_table_softmax_fn(float *w, const float *x, size_t rows, size_t n,
                                   const struct kaon_softmax_tables *t);

#ifdef KAON_ISA
kaon_softmax_tables_fn KAON_K(kaon_softmax_tables);
kaon_table_softmax_fn KAON_K(kaon_table_softmax);
#endif

#endif
