/* The passes over one row that the softmax sources share. */
#ifndef KAON_KERNELS_SOFTMAX_ROW_H
#define KAON_KERNELS_SOFTMAX_ROW_H

#include <stdbool.h>

#include "kernels/isa.h"
#include "kernels/vmath.h"

/* A sum runs in plain lanes over so many elements; longer rows add up such sums. */
enum { SUM_BLOCK = 4096 };

/* How far ahead long passes fetch, in elements: half a first cache of 32 KiB, and past the end of the
 * page, where the CPU's own prefetch stops. */
enum { AHEAD = 2048 };

/* Lanes past the end count as -inf. With a NaN in the row this is some other value of the row. */
ALWAYS vf lane_max(const float *x, size_t n)
{
    const vf low = v_set(-INFINITY);
    vf max[4] = { low, low, low, low };
    size_t i = 0;
    for (; i + 4 * VLEN <= n; i += 4 * VLEN)
        V_FOR (k, 4)
            max[k] = v_max(max[k], v_load(x + i + (size_t)k * VLEN));
    for (; i < n; i += VLEN)
        max[0] = v_max(max[0], v_load_fill(x + i, n - i, low));
    return v_max(v_max(max[0], max[1]), v_max(max[2], max[3]));
}

/* The maximum in every lane. The sign of a zero may differ between lanes; exp(x - 0) does not care. */
ALWAYS vf row_max(const float *x, size_t n)
{
    return v_fold(lane_max(x, n), v_max);
}

/* row_max, and whether x - max lies above EXP_NORMAL throughout. NaN may escape, and makes NaN of any sum. */
ALWAYS vf row_range(const float *x, size_t n, bool *normal)
{
    const vf low = v_set(-INFINITY), high = v_set(INFINITY);
    vf max[2] = { low, low }, min[2] = { high, high };
    size_t i = 0;
    for (; i + 2 * VLEN <= n; i += 2 * VLEN)
        V_FOR (k, 2) {
            const vf v = v_load(x + i + (size_t)k * VLEN);
            max[k] = v_max(max[k], v);
            min[k] = v_min(min[k], v);
        }
    for (; i < n; i += VLEN) {
        max[0] = v_max(max[0], v_load_fill(x + i, n - i, low));
        min[0] = v_min(min[0], v_load_fill(x + i, n - i, high));
    }
    const vf most = v_fold(v_max(max[0], max[1]), v_max);
    const vf least = v_fold(v_min(min[0], min[1]), v_min);
    *normal = v_first(v_sub(least, most)) > EXP_NORMAL;
    return most;
}

/* Asks for what lies `ahead` elements after p; nothing is read. */
ALWAYS void prefetch(const float *p, size_t ahead)
{
    __builtin_prefetch((const void *)((uintptr_t)p + ahead * sizeof *p));
}

enum exp_to { EXP_SUM, EXP_STORE_SUM, EXP_STORE, EXP_STREAM };

/* e = exp(x[i] - max), several vectors side by side; what becomes of them is a constant in every call:
 *   EXP_SUM     returns the sum of e, lane by lane   EXP_STORE_SUM   and y[i] = e
 *   EXP_STORE   y[i] = e factor                      EXP_STREAM      past the caches, y aligned
 * What lies `ahead` in x is fetched meanwhile, unless that is 0. NaN where x[i] - max is. `normal`, a
 * constant too: as row_range has it; the bits are the same. */
ALWAYS vf exp_pass(enum exp_to to, float *y, const float *x, size_t n, vf max, vf factor,
                   size_t ahead, bool normal)
{
    const bool add = to == EXP_SUM || to == EXP_STORE_SUM;
    vf sum = v_set(0.0f);
    size_t i = 0;
    for (; i + V_SIDE * VLEN <= n; i += V_SIDE * VLEN) {
        vf e[V_SIDE];
        V_FOR (k, V_SIDE) {
            const float *at = x + i + (size_t)k * VLEN;
            if (ahead)
                prefetch(at, ahead);
            e[k] = v_sub(v_load(at), max);
        }
        if (normal)
            v_exp_normal_many(e, V_SIDE);
        else
            v_exp_negative_many(e, NULL, V_SIDE);
        V_FOR (k, V_SIDE) {
            float *at = y + i + (size_t)k * VLEN;
            if (add)
                sum = v_add(sum, e[k]);
            if (to == EXP_STREAM)
                v_stream(at, v_mul(e[k], factor));
            else if (to != EXP_SUM)
                v_store(at, add ? e[k] : v_mul(e[k], factor));
        }
    }
    for (; i < n; i += VLEN) {
        const vf e = v_exp_negative(v_sub(v_load_fill(x + i, n - i, v_set(-INFINITY)), max));
        if (add)
            sum = v_add(sum, e);
        if (to != EXP_SUM)
            v_store_n(y + i, add ? e : v_mul(e, factor), n - i);
    }
    return sum;
}

/* A sum of many lane sums that keeps what each addition loses (T. J. Dekker, A floating-point technique
 * for extending the available precision, 1971; D. E. Knuth's form, which needs no ordering). */
struct total {
    vf sum, lost;
};

ALWAYS void total_add(struct total *t, vf x)
{
    const vf sum = v_add(t->sum, x), part = v_sub(sum, t->sum);
    t->lost = v_add(t->lost, v_add(v_sub(t->sum, v_sub(sum, part)), v_sub(x, part)));
    t->sum = sum;
}

/* EXP_SUM or EXP_STORE_SUM over a whole row; the sum of all lanes, in every lane. */
ALWAYS vf exp_sum(enum exp_to to, float *y, const float *x, size_t n, vf max, bool normal)
{
    const vf zero = v_set(0.0f);
    if (n <= SUM_BLOCK)
        return v_fold(exp_pass(to, y, x, n, max, zero, 0, normal), v_add);
    struct total t = { zero, zero };
    for (size_t i = 0; i < n; i += SUM_BLOCK) {
        const size_t some = n - i < SUM_BLOCK ? n - i : SUM_BLOCK;
        total_add(&t, exp_pass(to, y ? y + i : NULL, x + i, some, max, zero, AHEAD, normal));
    }
    return v_fold(v_add(t.sum, t.lost), v_add);
}

ALWAYS vf exp_store_sum(float *y, const float *x, size_t n, vf max, bool normal)
{
    return normal ? exp_sum(EXP_STORE_SUM, y, x, n, max, true)
                  : exp_sum(EXP_STORE_SUM, y, x, n, max, false);
}

ALWAYS void scale_row(float *y, size_t n, vf factor)
{
    for (size_t i = 0; i < n; i += VLEN)
        v_store_n(y + i, v_mul(v_load_n(y + i, n - i), factor), n - i);
}

/* 1 / x; a scalar division, a vector's takes four times as long. */
ALWAYS vf reciprocal(vf x)
{
    return v_set(1.0f / v_first(x));
}

#endif
