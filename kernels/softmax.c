/* Which form a row takes: sixteen short rows at a time, a row in registers, or passes over memory. The
 * bits are the same in all three: exponentials of x - max, added lane by lane, then along the fixed
 * tree. */
#include "kernels/softmax.h"

#include "kernels/softmax_long.h"
#include "kernels/softmax_row.h"
#include "kernels/softmax_short.h"

enum {
    REGISTERS = 4,      /* vectors of a row held in registers */
    OVERLAP_ROW = 2048, /* longest row that shares the first cache with its successor */
    LONG_ROW = 1 << 19, /* from here on the passes saved are worth more than the exponentials */
};

/* One row of n floats in `count` vectors, a constant in every call. */
ALWAYS void register_row(float *y, const float *x, size_t n, size_t count)
{
    const size_t last = VLEN * (count - 1);
    vf e[REGISTERS];
    for (size_t i = 0; i + 1 < count; i++)
        e[i] = v_load(x + VLEN * i);
    e[count - 1] = v_load_fill(x + last, n - last, v_set(-INFINITY));

    vf max = e[0];
    for (size_t i = 1; i < count; i++)
        max = v_max(max, e[i]);
    max = v_fold(max, v_max);

    for (size_t i = 0; i < count; i++)
        e[i] = v_exp_negative(v_sub(e[i], max));
    vf sum = e[0];
    for (size_t i = 1; i < count; i++)
        sum = v_add(sum, e[i]);

    const vf scale = reciprocal(v_fold(sum, v_add));
    for (size_t i = 0; i + 1 < count; i++)
        v_store(y + VLEN * i, v_mul(e[i], scale));
    v_store_n(y + last, v_mul(e[count - 1], scale), n - last);
}

static void register_rows(float *y, const float *x, size_t rows, size_t n)
{
    for (; rows > 0; rows--, x += n, y += n) {
        if (n <= VLEN)
            register_row(y, x, n, 1);
        else if (n <= 2 * VLEN)
            register_row(y, x, n, 2);
        else if (n <= 3 * VLEN)
            register_row(y, x, n, 3);
        else
            register_row(y, x, n, REGISTERS);
    }
}

/* Each row's maximum is found before the factor of the row before is needed: folds and division are long
 * chains, which the other row's work fills. */
static void overlapped_rows(float *y, const float *x, size_t rows, size_t n)
{
    bool normal;
    vf max = row_range(x, n, &normal);
    for (; rows > 0; rows--, x += n, y += n) {
        const vf sum = exp_store_sum(y, x, n, max, normal);
        if (rows > 1)
            max = row_range(x + n, n, &normal);
        scale_row(y, n, reciprocal(sum));
    }
}

static void rows_by(kaon_softmax_row_fn *row, float *y, const float *x, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows && n > 0; r++)
        row(y + r * n, x + r * n, n);
}

/* How many of the rows to take in blocks of sixteen. A last block that is not full costs as much as one
 * that is, which beats the rows alone from `worth` rows on. */
static size_t block_rows(size_t rows, size_t n, size_t worth)
{
    const size_t rest = rows % BLOCK_ROWS;
    return n == 0 || n > SHORT_ROW ? 0 : rest < worth ? rows - rest : rows;
}

static void reload_rows(float *y, const float *x, size_t rows, size_t n)
{
    const size_t blocks = block_rows(rows, n, 10);
    if (blocks > 0)
        KAON_K(kaon_softmax_short)(SOFTMAX, y, x, blocks, n);
    x += blocks * n;
    y += blocks * n;
    if (n == 0 || rows == blocks)
        return;
    if (n <= REGISTERS * VLEN)
        register_rows(y, x, rows - blocks, n);
    else if (n <= OVERLAP_ROW)
        overlapped_rows(y, x, rows - blocks, n);
    else
        rows_by(KAON_K(kaon_softmax_reload_row), y, x, rows - blocks, n);
}

static void recompute_rows(float *y, const float *x, size_t rows, size_t n)
{
    rows_by(KAON_K(kaon_softmax_recompute_row), y, x, rows, n);
}

static void pair_rows(float *y, const float *x, size_t rows, size_t n)
{
    rows_by(KAON_K(kaon_softmax_pairs_row), y, x, rows, n);
}

static void online_rows(float *y, const float *x, size_t rows, size_t n)
{
    rows_by(KAON_K(kaon_softmax_online_row), y, x, rows, n);
}

void KAON_K(kaon_softmax_rows)(float *y, const float *x, size_t rows, size_t n)
{
    if (n < LONG_ROW)
        reload_rows(y, x, rows, n);
    else
        pair_rows(y, x, rows, n);
}

kaon_softmax_rows_fn *const KAON_K(kaon_softmax_by)[KAON_SOFTMAX_COUNT] = {
    [KAON_SOFTMAX_DEFAULT] = KAON_K(kaon_softmax_rows),
    [KAON_SOFTMAX_3PASS_RECOMPUTE] = recompute_rows,
    [KAON_SOFTMAX_3PASS_RELOAD] = reload_rows,
    [KAON_SOFTMAX_2PASS] = pair_rows,
    [KAON_SOFTMAX_ONLINE] = online_rows,
};

void KAON_K(kaon_log_softmax_rows)(float *y, const float *x, size_t rows, size_t n)
{
    const size_t blocks = block_rows(rows, n, 5);
    if (blocks > 0)
        KAON_K(kaon_softmax_short)(LOG_SOFTMAX, y, x, blocks, n);
    x += blocks * n;
    y += blocks * n;
    for (size_t r = blocks; r < rows && n > 0; r++, x += n, y += n) {
        const vf max = v_set(v_first(row_max(x, n))); /* here the sign of a zero would show */
        const vf log_sum = v_log(exp_sum(EXP_SUM, NULL, x, n, max, false));
        for (size_t i = 0; i < n; i += VLEN)
            v_store_n(y + i, v_sub(v_sub(v_load_n(x + i, n - i), max), log_sum), n - i);
    }
}

/* A row of one infinite value, several, or NaN: without a shift the formula gives what it should. */
static float log_sum_exp_unshifted(const float *x, size_t n)
{
    vf sum = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN)
        sum = v_add(sum, v_exp(v_load_fill(x + i, n - i, v_set(-INFINITY))));
    return v_first(v_log(v_fold(sum, v_add)));
}

void KAON_K(kaon_log_sum_exp_rows)(float *y, const float *x, size_t rows, size_t n)
{
    const size_t blocks = block_rows(rows, n, 5);
    if (blocks > 0)
        KAON_K(kaon_softmax_short)(LOG_SUM_EXP, y, x, blocks, n);
    x += blocks * n;
    for (size_t r = blocks; r < rows; r++, x += n) {
        const vf max = row_max(x, n);
        if (fabsf(v_first(max)) < INFINITY)
            y[r] = v_first(v_add(v_log(exp_sum(EXP_SUM, NULL, x, n, max, false)), max));
        else
            y[r] = log_sum_exp_unshifted(x, n);
    }
}
