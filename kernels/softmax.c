/* Three passes: maximum; exponentials and their sum; scale. Rows of up to 128 stay in registers
 * between the passes, longer ones are stored and read back. Lanes past the end hold -inf, whose
 * exponential adds 0. The order of additions is the same in both forms: lane by lane, then the
 * fixed tree. */
#include "kernels/softmax.h"

#include "kernels/isa.h"
#include "kernels/vmath.h"

enum { SHORT = 8 }; /* vectors of a row held in registers */

/* The maximum in every lane. The sign of a zero may differ between lanes; exp(x - 0) does not care.
 * With a NaN in the row this is some other value of the row, and the sum becomes NaN. */
static inline vf max_everywhere(vf x)
{
    return v_fold(x, v_max);
}

/* One row of n floats in `count` vectors, a constant in every call. */
static inline __attribute__((always_inline)) void short_row(float *y, const float *x, size_t n,
                                                            size_t count)
{
    const size_t last = VLEN * (count - 1);
    vf e[SHORT];
    for (size_t i = 0; i + 1 < count; i++)
        e[i] = v_load(x + VLEN * i);
    e[count - 1] = v_load_fill(x + last, n - last, v_set(-INFINITY));

    vf max = e[0];
    for (size_t i = 1; i < count; i++)
        max = v_max(max, e[i]);
    max = max_everywhere(max);

    for (size_t i = 0; i < count; i++)
        e[i] = v_exp_negative(v_sub(e[i], max));
    vf sum = e[0];
    for (size_t i = 1; i < count; i++)
        sum = v_add(sum, e[i]);

    const vf scale =
        v_set(1.0f / v_sum(sum)); /* one scalar division: a vector's takes four times as long */
    for (size_t i = 0; i + 1 < count; i++)
        v_store(y + VLEN * i, v_mul(e[i], scale));
    v_store_n(y + last, v_mul(e[count - 1], scale), n - last);
}

static inline __attribute__((always_inline)) void short_rows(float *y, const float *x, size_t rows,
                                                             size_t n, size_t count)
{
    for (size_t r = 0; r < rows; r++)
        short_row(y + r * n, x + r * n, n, count);
}

static vf row_max(const float *x, size_t n)
{
    const vf low = v_set(-INFINITY);
    vf max = low;
    for (size_t i = 0; i < n; i += VLEN)
        max = v_max(max, v_load_fill(x + i, n - i, low));
    return max_everywhere(max);
}

static void long_row(float *y, const float *x, size_t n)
{
    const vf max = row_max(x, n);
    vf sum = v_set(0.0f);
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN) {
        const vf e = v_exp_negative(v_sub(v_load(x + i), max));
        v_store(y + i, e);
        sum = v_add(sum, e);
    }
    if (i < n) {
        const vf e = v_exp_negative(v_sub(v_load_fill(x + i, n - i, v_set(-INFINITY)), max));
        v_store_n(y + i, e, n - i);
        sum = v_add(sum, e);
    }
    const vf scale = v_set(1.0f / v_sum(sum));
    for (i = 0; i < n; i += VLEN)
        v_store_n(y + i, v_mul(v_load_n(y + i, n - i), scale), n - i);
}

void KAON_K(kaon_softmax_rows)(float *y, const float *x, size_t rows, size_t n)
{
    switch ((n + VLEN - 1) / VLEN) { /* unrolled for each count of vectors */
    case 0:
        return;
    case 1:
        short_rows(y, x, rows, n, 1);
        return;
    case 2:
        short_rows(y, x, rows, n, 2);
        return;
    case 3:
        short_rows(y, x, rows, n, 3);
        return;
    case 4:
        short_rows(y, x, rows, n, 4);
        return;
    case 5:
        short_rows(y, x, rows, n, 5);
        return;
    case 6:
        short_rows(y, x, rows, n, 6);
        return;
    case 7:
        short_rows(y, x, rows, n, 7);
        return;
    case SHORT:
        short_rows(y, x, rows, n, SHORT);
        return;
    default:
        for (size_t r = 0; r < rows; r++)
            long_row(y + r * n, x + r * n, n);
    }
}

void KAON_K(kaon_log_softmax_rows)(float *y, const float *x, size_t rows, size_t n)
{
    const vf low = v_set(-INFINITY);
    for (size_t r = 0; r < rows && n > 0; r++, x += n, y += n) {
        const vf max = v_set(v_first(row_max(x, n))); /* here the sign of a zero would show */
        vf sum = v_set(0.0f);
        for (size_t i = 0; i < n; i += VLEN)
            sum = v_add(sum, v_exp_negative(v_sub(v_load_fill(x + i, n - i, low), max)));
        const vf log_sum = v_log(v_fold(sum, v_add));
        for (size_t i = 0; i < n; i += VLEN)
            v_store_n(y + i, v_sub(v_sub(v_load_n(x + i, n - i), max), log_sum), n - i);
    }
}
