/* Products in plain C, for the element types that have no kernel. */
#ifndef KAON_BACKENDS_OWN_PRODUCT_H
#define KAON_BACKENDS_OWN_PRODUCT_H

#include "backends/own/own.h"

/* y[i][j] = alpha sum_k a[i a_m + k a_k] b[k b_k + j b_n] + beta c[i c_m + j c_n]; y (m, n) dense.
 * Strides in elements; c NULL: no such term. */
struct kaon_product {
    size_t m, n, k;
    ptrdiff_t a_m, a_k, b_k, b_n, c_m, c_n;
    float alpha, beta;
};

typedef void kaon_product_fn(void *y, const void *a, const void *b, const void *c,
                             const struct kaon_product *p);

/* NULL: that type has none. */
kaon_product_fn *kaon_product_plain(enum kaon_type type);

static inline bool kaon_own_narrow(enum kaon_type type)
{
    return type == KAON_F16 || type == KAON_BF16;
}

#endif
