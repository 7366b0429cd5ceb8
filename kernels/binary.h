/* y[i] = f(a[i * step_a], b[i * step_b])
 *
 * Steps are 0 (one value for all) or 1; y (n) contiguous, may be a or b. n >= 0, any alignment.
 * MAX and MIN give NaN if either is NaN. MOD is C's fmod, exact, with the sign of a.
 * PRELU is a < 0 ? a b : a.
 * POW follows C's pow within 0.51 ulp; exponents 1, 2, -1 and 1/2 are the plain operations and 3 is
 * two products (1.5 ulp), by the same rule whether the exponent is one value or many. */
#ifndef KAON_KERNELS_BINARY_H
#define KAON_KERNELS_BINARY_H

#include <stddef.h>

#include "kernels/name.h"

enum kaon_binary {
    KAON_BINARY_ADD,
    KAON_BINARY_SUB,
    KAON_BINARY_MUL,
    KAON_BINARY_DIV,
    KAON_BINARY_POW,
    KAON_BINARY_MAX,
    KAON_BINARY_MIN,
    KAON_BINARY_PRELU,
    KAON_BINARY_MOD,
    KAON_BINARY_COUNT
};

typedef void kaon_binary_fn(float *y, const float *a, size_t step_a, const float *b, size_t step_b,
                            size_t n);

#ifdef KAON_ISA
extern kaon_binary_fn *const KAON_K(kaon_binary)[KAON_BINARY_COUNT];
#endif

#endif
