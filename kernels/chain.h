/* Element-wise functions one after another in one pass over memory.
 *
 *   y = link[n_links - 1]( ... link[0](x)), each link f(v) or f(v, other) or f(other, v)
 *
 * x, y (n) contiguous; y may be x. Another operand (n) contiguous, or one value; y may be such an operand
 * only if it is n long and no later link reads it. n, n_links >= 0, any alignment; without links y is a copy.
 * Pieces that fit the first-level cache run through all links in turn, by the functions of kernels/unary.h
 * and kernels/binary.h: the bits are those of the links run one by one. */
#ifndef KAON_KERNELS_CHAIN_H
#define KAON_KERNELS_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/binary.h"
#include "kernels/name.h"
#include "kernels/unary.h"

struct kaon_link {
    bool two; /* binary, else unary */
    enum kaon_unary unary;
    float a, b; /* its parameters */
    enum kaon_binary binary;
    const float *other;
    size_t step;   /* of other: 1, or 0 for one value */
    bool reversed; /* other is the first operand */
};

typedef void kaon_chain_fn(float *y, const float *x, size_t n, const struct kaon_link *links,
                           size_t n_links);

#ifdef KAON_ISA
kaon_chain_fn KAON_K(kaon_chain);
#endif

#endif
