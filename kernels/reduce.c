/* Reductions. A reduction is a start value, a step that takes one vector in, a join of two partial
 * results and an end; rows and columns are two loops over the same four. */
#include "kernels/reduce.h"

#include "kernels/isa.h"
#include "kernels/softmax.h"
#include "kernels/vmath.h"

typedef vf step_op(vf so_far, vf x);
typedef vf end_op(vf so_far, size_t count);

static vf step_square(vf sum, vf x)
{
    return v_fma(x, x, sum);
}

static vf step_magnitude(vf sum, vf x)
{
    return v_add(sum, v_abs(x));
}

static vf end_plain(vf x, size_t count)
{
    (void)count;
    return x;
}

static vf end_mean(vf x, size_t count)
{
    return v_div(x, v_set((float)count));
}

static vf end_root(vf x, size_t count)
{
    (void)count;
    return v_sqrt(x);
}

static vf end_log(vf x, size_t count)
{
    (void)count;
    return v_log(x);
}

enum { ABREAST = 4 }; /* rows that are reduced side by side: one alone waits for each step */

/* `rows` rows, a constant in every call. `fill` stands in the lanes past the end and must leave the result
 * as it is. */
static inline __attribute__((always_inline)) void reduce_group(float *y, const float *x,
                                                               size_t rows, size_t n, vf fill,
                                                               step_op *step, v_op2 *join,
                                                               end_op *end)
{
    vf so_far[ABREAST];
    size_t i = 0;
    for (size_t k = 0; k < rows; k++)
        so_far[k] = fill;
    for (; i + VLEN <= n; i += VLEN)
        for (size_t k = 0; k < rows; k++)
            so_far[k] = step(so_far[k], v_load(x + k * n + i));
    for (size_t k = 0; k < rows; k++) {
        if (i < n)
            so_far[k] = step(so_far[k], v_load_fill(x + k * n + i, n - i, fill));
        y[k] = v_first(end(v_set(v_reduce(so_far[k], join)), n));
    }
}

static inline __attribute__((always_inline)) void rows_loop(float *y, const float *x, size_t rows,
                                                            size_t n, float fill, step_op *step,
                                                            v_op2 *join, end_op *end)
{
    const vf first = v_set(fill);
    size_t r = 0;
    for (; r + ABREAST <= rows; r += ABREAST)
        reduce_group(y + r, x + r * n, ABREAST, n, first, step, join, end);
    for (; r < rows; r++)
        reduce_group(y + r, x + r * n, 1, n, first, step, join, end);
}

/* Four vectors abreast: four chains of additions, and whole cache lines. */
static inline __attribute__((always_inline)) void columns_loop(float *y, const float *x,
                                                               size_t rows, size_t n, float start,
                                                               step_op *step, end_op *end)
{
    size_t j = 0;
    for (; j + 4 * VLEN <= n; j += 4 * VLEN) {
        vf s0 = v_set(start), s1 = s0, s2 = s0, s3 = s0;
        const float *p = x + j;
        for (size_t r = 0; r < rows; r++, p += n) {
            s0 = step(s0, v_load(p));
            s1 = step(s1, v_load(p + VLEN));
            s2 = step(s2, v_load(p + 2 * VLEN));
            s3 = step(s3, v_load(p + 3 * VLEN));
        }
        v_store(y + j, end(s0, rows));
        v_store(y + j + VLEN, end(s1, rows));
        v_store(y + j + 2 * VLEN, end(s2, rows));
        v_store(y + j + 3 * VLEN, end(s3, rows));
    }
    for (; j < n; j += VLEN) {
        vf so_far = v_set(start);
        for (size_t r = 0; r < rows; r++)
            so_far = step(so_far, v_load_n(x + r * n + j, n - j));
        v_store_n(y + j, end(so_far, rows), n - j);
    }
}

/* What LOG_SUM_EXP subtracts: the maximum, or 0 where that is infinite and would give inf - inf. */
static vf finite_shift(vf max)
{
    return v_select(v_lt(v_abs(max), v_set(INFINITY)), max, v_set(0.0f));
}

static void KAON_K(rows_sum)(float *y, const float *x, size_t rows, size_t n)
{
    rows_loop(y, x, rows, n, 0.0f, v_add, v_add, end_plain);
}

static void KAON_K(rows_mean)(float *y, const float *x, size_t rows, size_t n)
{
    rows_loop(y, x, rows, n, 0.0f, v_add, v_add, end_mean);
}

static void KAON_K(rows_max)(float *y, const float *x, size_t rows, size_t n)
{
    rows_loop(y, x, rows, n, -INFINITY, v_max_nan, v_max_nan, end_plain);
}

static void KAON_K(rows_min)(float *y, const float *x, size_t rows, size_t n)
{
    rows_loop(y, x, rows, n, INFINITY, v_min_nan, v_min_nan, end_plain);
}

static void KAON_K(rows_prod)(float *y, const float *x, size_t rows, size_t n)
{
    rows_loop(y, x, rows, n, 1.0f, v_mul, v_mul, end_plain);
}

static void KAON_K(rows_sum_square)(float *y, const float *x, size_t rows, size_t n)
{
    rows_loop(y, x, rows, n, 0.0f, step_square, v_add, end_plain);
}

static void KAON_K(rows_l1)(float *y, const float *x, size_t rows, size_t n)
{
    rows_loop(y, x, rows, n, 0.0f, step_magnitude, v_add, end_plain);
}

static void KAON_K(rows_l2)(float *y, const float *x, size_t rows, size_t n)
{
    rows_loop(y, x, rows, n, 0.0f, step_square, v_add, end_root);
}

static void KAON_K(rows_log_sum)(float *y, const float *x, size_t rows, size_t n)
{
    rows_loop(y, x, rows, n, 0.0f, v_add, v_add, end_log);
}

static void KAON_K(columns_sum)(float *y, const float *x, size_t rows, size_t n)
{
    columns_loop(y, x, rows, n, 0.0f, v_add, end_plain);
}

static void KAON_K(columns_mean)(float *y, const float *x, size_t rows, size_t n)
{
    columns_loop(y, x, rows, n, 0.0f, v_add, end_mean);
}

static void KAON_K(columns_max)(float *y, const float *x, size_t rows, size_t n)
{
    columns_loop(y, x, rows, n, -INFINITY, v_max_nan, end_plain);
}

static void KAON_K(columns_min)(float *y, const float *x, size_t rows, size_t n)
{
    columns_loop(y, x, rows, n, INFINITY, v_min_nan, end_plain);
}

static void KAON_K(columns_prod)(float *y, const float *x, size_t rows, size_t n)
{
    columns_loop(y, x, rows, n, 1.0f, v_mul, end_plain);
}

static void KAON_K(columns_sum_square)(float *y, const float *x, size_t rows, size_t n)
{
    columns_loop(y, x, rows, n, 0.0f, step_square, end_plain);
}

static void KAON_K(columns_l1)(float *y, const float *x, size_t rows, size_t n)
{
    columns_loop(y, x, rows, n, 0.0f, step_magnitude, end_plain);
}

static void KAON_K(columns_l2)(float *y, const float *x, size_t rows, size_t n)
{
    columns_loop(y, x, rows, n, 0.0f, step_square, end_root);
}

static void KAON_K(columns_log_sum)(float *y, const float *x, size_t rows, size_t n)
{
    columns_loop(y, x, rows, n, 0.0f, v_add, end_log);
}

static void KAON_K(columns_log_sum_exp)(float *y, const float *x, size_t rows, size_t n)
{
    for (size_t j = 0; j < n; j += VLEN) {
        vf max = v_set(-INFINITY), sum = v_set(0.0f);
        for (size_t r = 0; r < rows; r++)
            max = v_max_nan(max, v_load_n(x + r * n + j, n - j));
        const vf shift = finite_shift(max);
        for (size_t r = 0; r < rows; r++)
            sum = v_add(sum, v_exp(v_sub(v_load_n(x + r * n + j, n - j), shift)));
        v_store_n(y + j, v_add(v_log(sum), shift), n - j);
    }
}

kaon_reduce_fn *const KAON_K(kaon_reduce_rows)[KAON_REDUCE_COUNT] = {
    [KAON_REDUCE_SUM] = KAON_K(rows_sum),
    [KAON_REDUCE_MEAN] = KAON_K(rows_mean),
    [KAON_REDUCE_MAX] = KAON_K(rows_max),
    [KAON_REDUCE_MIN] = KAON_K(rows_min),
    [KAON_REDUCE_PROD] = KAON_K(rows_prod),
    [KAON_REDUCE_SUM_SQUARE] = KAON_K(rows_sum_square),
    [KAON_REDUCE_L1] = KAON_K(rows_l1),
    [KAON_REDUCE_L2] = KAON_K(rows_l2),
    [KAON_REDUCE_LOG_SUM] = KAON_K(rows_log_sum),
    [KAON_REDUCE_LOG_SUM_EXP] = KAON_K(kaon_log_sum_exp_rows),
};

kaon_reduce_fn *const KAON_K(kaon_reduce_columns)[KAON_REDUCE_COUNT] = {
    [KAON_REDUCE_SUM] = KAON_K(columns_sum),
    [KAON_REDUCE_MEAN] = KAON_K(columns_mean),
    [KAON_REDUCE_MAX] = KAON_K(columns_max),
    [KAON_REDUCE_MIN] = KAON_K(columns_min),
    [KAON_REDUCE_PROD] = KAON_K(columns_prod),
    [KAON_REDUCE_SUM_SQUARE] = KAON_K(columns_sum_square),
    [KAON_REDUCE_L1] = KAON_K(columns_l1),
    [KAON_REDUCE_L2] = KAON_K(columns_l2),
    [KAON_REDUCE_LOG_SUM] = KAON_K(columns_log_sum),
    [KAON_REDUCE_LOG_SUM_EXP] = KAON_K(columns_log_sum_exp),
};
