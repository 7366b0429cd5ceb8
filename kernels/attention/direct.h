/* Few queries against many keys, as in decoding: keys and values are read once, as they lie, and no panel is
 * packed. What limits these is the memory that holds the cache. */
#ifndef KAON_KERNELS_ATTENTION_DIRECT_H
#define KAON_KERNELS_ATTENTION_DIRECT_H

#include <stddef.h>

#include "kernels/name.h"

enum { DIRECT_QUERIES = 3 }; /* from more on the panels are worth their packing */

/* x[j] = alpha q . k[j] for n keys of `size` elements, `stride` floats apart; the sum in sixteen lanes.
 * Whole vectors of x are written. */
void KAON_K(kaon_direct_scores)(float *x, const float *q, const float *k, size_t stride, size_t n,
                                size_t size, float alpha);

/* y = sum_j w[j] v[j] over n rows of `size` elements; one fma a key, in order, as the product has it. */
void KAON_K(kaon_direct_values)(float *y, const float *w, const float *v, size_t stride, size_t n,
                                size_t size);

#endif
