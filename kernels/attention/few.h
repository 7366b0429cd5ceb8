/* Attention to few keys: nothing is merged. The scores of several heads, or of many queries of one, are in the first
 * cache when they become weights, softmax of short rows taking sixteen rows at a time; the weights are whole
 * before they meet the values, and the product with these writes the output. Bits: of softmax those of
 * kernels/softmax.h between two products, of other variants those of kernels/attention/stream.h. */
#ifndef KAON_KERNELS_ATTENTION_FEW_H
#define KAON_KERNELS_ATTENTION_FEW_H

#include "kernels/attention/stream.h"

/* Whether a call is one of these: from its shape and the variant alone. */
bool KAON_K(kaon_few_takes)(const struct kaon_attention_call *c, const struct stream *s);

/* Floats of scratch of any call that has so many queries and keys, or fewer, and is one of these. */
size_t KAON_K(kaon_few_scratch)(const struct kaon_attention_call *c, const struct stream *s);

/* Items are those of kernels/attention/stream.h. */
void KAON_K(kaon_few_run)(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                          const struct stream *s, size_t from, size_t to, float *scratch);

#endif
