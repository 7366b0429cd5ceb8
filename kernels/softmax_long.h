/* The ways to softmax along a row that are told apart by their passes over memory; the sources are in
 * softmax.h. Included by the softmax sources only. n >= 1. */
#ifndef KAON_KERNELS_SOFTMAX_LONG_H
#define KAON_KERNELS_SOFTMAX_LONG_H

#include <stddef.h>

#include "kernels/name.h"

typedef void kaon_softmax_row_fn(float *y, const float *x, size_t n);

#ifdef KAON_ISA
kaon_softmax_row_fn KAON_K(kaon_softmax_reload_row);
kaon_softmax_row_fn KAON_K(kaon_softmax_recompute_row);
kaon_softmax_row_fn KAON_K(kaon_softmax_online_row);
kaon_softmax_row_fn KAON_K(kaon_softmax_pairs_row); /* the two-pass form */
#endif

#endif
