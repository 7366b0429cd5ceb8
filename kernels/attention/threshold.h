/* What the variants with a threshold share: candidates, and sums over them. */
#ifndef KAON_KERNELS_ATTENTION_THRESHOLD_H
#define KAON_KERNELS_ATTENTION_THRESHOLD_H

#include "kernels/attention/row.h"
#include "kernels/isa.h"
#include "kernels/vmath.h"

enum { THRESHOLD_STEPS = 64 }; /* more than any search takes */

ALWAYS vf threshold_max(const float *x, size_t n)
{
    vf most = v_set(-INFINITY);
    for (size_t i = 0; i < n; i += VLEN)
        most = v_max(most, v_load_fill(x + i, n - i, v_set(-INFINITY)));
    return v_fold(most, v_max);
}

/* z[..] = factor (x[j] - max) of the keys in reach of the largest: only those can be in the support, if that
 * ends at -1. Returns how many; room for n. */
static inline size_t threshold_candidates(float *z, const float *x, size_t n, float most,
                                          float factor)
{
    size_t count = 0;
    for (size_t j = 0; j < n; j++) {
        z[count] = factor * (x[j] - most);
        count += z[count] > -1.0f;
    }
    return count;
}

/* sum of f(max(z - tau, 0)), lanes past the end 0. */
ALWAYS vf threshold_sum(const float *z, size_t n, vf tau, v_op1 *f)
{
    vf sum = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf v = v_load_fill(z + i, n - i, v_set(-INFINITY));
        sum = v_add(sum, f(v_max(v_set(0.0f), v_sub(v, tau))));
    }
    return v_fold(sum, v_add);
}

ALWAYS vf threshold_identity(vf u)
{
    return u;
}

ALWAYS vf threshold_square(vf u)
{
    return v_mul(u, u);
}

ALWAYS vf threshold_one(vf u)
{
    return v_select(v_lt(v_set(0.0f), u), v_set(1.0f), v_set(0.0f));
}

/* x[j] = f(max(factor (x[j] - max) - tau, 0)) */
ALWAYS void threshold_weights(float *x, size_t n, float most, float factor, float tau, v_op1 *f)
{
    for (size_t i = 0; i < n; i += VLEN) {
        const vf z = v_mul(v_set(factor), v_sub(v_load_n(x + i, n - i), v_set(most)));
        v_store_n(x + i, f(v_max(v_set(0.0f), v_sub(z, v_set(tau)))), n - i);
    }
}

static inline size_t threshold_room(size_t n)
{
    return (n + VLEN) / VLEN * VLEN; /* the candidate after the last is written and dropped */
}

#endif
