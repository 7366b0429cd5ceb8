/* What classical models do to their scores at last. */
#ifndef KAON_BACKENDS_OWN_POST_H
#define KAON_BACKENDS_OWN_POST_H

#include "backends/own/own.h"

/* A row of n scores, in place. */
void kaon_post_transform(const struct kaon_kernels *k, enum kaon_post_transform post, float *z,
                         size_t n);

float kaon_probit(const struct kaon_kernels *k, float x);

#endif
