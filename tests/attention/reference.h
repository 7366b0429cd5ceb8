/* Attention in double, a query at a time, straight from each variant's definition: what kernels are compared with.
 * A variant has one function of its name here; the table is made from engine/base/attention.inc. */
#ifndef KAON_TESTS_ATTENTION_REFERENCE_H
#define KAON_TESTS_ATTENTION_REFERENCE_H

#include "kernels/kernels.h"

/* out [heads][queries][value_size]. The whole sequence is in the call: past and present play no part. */
void reference_attention(double *out, const struct kaon_attention_call *c);

/* Whether key j is visible to query i of a head. */
bool reference_visible(const struct kaon_attention_call *c, size_t head, size_t i, size_t j);

#endif
