/* Variants whose weights need the scores of a whole row: a file of this family gives one function. */
#ifndef KAON_KERNELS_ATTENTION_ROW_H
#define KAON_KERNELS_ATTENTION_ROW_H

#include "kernels/attention/attention.h"

/* x, n scores, -inf where a key is not visible, becomes the weights, 0 there; head and query tell which row it
 * is, for parameters. At least one key is visible. room: rows_room(n) floats, aligned as scratch is. */
typedef void kaon_attention_row_fn(float *x, size_t n, const struct kaon_attention_call *c,
                                   size_t head, size_t query, float *room);

#endif
