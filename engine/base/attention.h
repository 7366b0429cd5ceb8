/* Where queries, keys and values lie in the inputs of an attention operator, whatever its domain. */
#ifndef KAON_BASE_ATTENTION_H
#define KAON_BASE_ATTENTION_H

#include "engine/base/attrs.h"

/* Index of the input or output that is `what`; -1: the operator has none. */
int kaon_attention_in_at(const struct kaon_attention *a, enum kaon_attention_in what);
int kaon_attention_out_at(const struct kaon_attention *a, enum kaon_attention_out what);

/* What is known of the input that is `what`; NULL: it is not given. */
const struct kaon_fact *kaon_attention_fact(const struct kaon_attention *a,
                                            const struct kaon_fact *const *in, size_t n_in,
                                            enum kaon_attention_in what);

/* The lengths and places, unknown where they are; fails if inputs do not fit each other. `op`: for messages. */
enum kaon_status kaon_attention_shape(struct kaon_attention_shape *s,
                                      const struct kaon_attention *a,
                                      const struct kaon_fact *const *in, size_t n_in,
                                      const char *op, struct kaon_msg *msg);

#endif
