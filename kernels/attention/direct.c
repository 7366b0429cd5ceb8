#include "kernels/attention/direct.h"

#include "kernels/isa.h"

/* How far ahead keys and values are fetched: the strides of a cache are more than a page in all, where the CPU's
 * own prefetch stops. More lines than a core keeps in flight (48 on those measured) make each other wait. */
enum { FLOATS_AHEAD = 48 * 16 };

/* The same in floats from a row on. */
static size_t ahead(size_t stride, size_t size)
{
    const size_t rows = FLOATS_AHEAD / size;
    return (rows ? rows : 1) * stride;
}

ALWAYS void fetch_row(const float *row, size_t size)
{
    for (size_t i = 0; i < size; i += VLEN)
        __builtin_prefetch((const void *)((uintptr_t)row + i * sizeof *row));
}

/* Lane by lane the product of q with one key; size in whole vectors but for the last. */
ALWAYS vf lanes(const float *q, const float *k, size_t size)
{
    vf sum = v_set(0.0f);
    size_t i = 0;
    for (; i + VLEN <= size; i += VLEN)
        sum = v_fma(v_load(q + i), v_load(k + i), sum);
    if (i < size)
        sum = v_fma(v_load_n(q + i, size - i), v_load_n(k + i, size - i), sum);
    return sum;
}

/* Sixteen keys side by side, so that their sums across lanes are made together. */
ALWAYS vf sixteen(const float *q, const float *k, size_t stride, size_t n, size_t size, size_t far)
{
    vf v[VLEN];
    for (size_t j = 0; j < VLEN; j++) {
        const float *row = k + (j < n ? j : n - 1) * stride;
        fetch_row(row + far, size);
        v[j] = lanes(q, row, size);
    }
    v_join_steps(v, 8, 1, v_add);
    return v[0];
}

void KAON_K(kaon_direct_scores)(float *x, const float *q, const float *k, size_t stride, size_t n,
                                size_t size, float alpha)
{
    const size_t far = ahead(stride, size);
    for (size_t j = 0; j < n; j += VLEN)
        v_store(x + j, v_mul(v_set(alpha), sixteen(q, k + j * stride, stride, n - j, size, far)));
}

/* `count` vectors of the output, their last one `last` elements long. */
ALWAYS void columns(float *y, const float *w, const float *v, size_t stride, size_t n, size_t last,
                    int count)
{
    const size_t far = ahead(stride, (size_t)count * VLEN);
    vf sum[4];
    for (int i = 0; i < count; i++)
        sum[i] = v_set(0.0f);
    for (size_t j = 0; j < n; j++) {
        const float *row = v + j * stride;
        const vf weight = v_set(w[j]);
        fetch_row(row + far, (size_t)count * VLEN);
        for (int i = 0; i < count; i++) {
            const float *at = row + (size_t)i * VLEN;
            sum[i] = v_fma(weight, i == count - 1 ? v_load_n(at, last) : v_load(at), sum[i]);
        }
    }
    for (int i = 0; i < count; i++)
        v_store_n(y + (size_t)i * VLEN, sum[i], i == count - 1 ? last : VLEN);
}

void KAON_K(kaon_direct_values)(float *y, const float *w, const float *v, size_t stride, size_t n,
                                size_t size)
{
    enum { MOST = 4 * VLEN };
    for (size_t i = 0; i < size; i += MOST) {
        const size_t left = size - i < MOST ? size - i : MOST;
        const size_t count = (left + VLEN - 1) / VLEN, last = left - (count - 1) * VLEN;
        if (count == 4)
            columns(y + i, w, v + i, stride, n, last, 4);
        else if (count == 3)
            columns(y + i, w, v + i, stride, n, last, 3);
        else if (count == 2)
            columns(y + i, w, v + i, stride, n, last, 2);
        else
            columns(y + i, w, v + i, stride, n, last, 1);
    }
}
