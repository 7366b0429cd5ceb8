/* softmax_by, one algorithm after another, and softmax_topk. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check/check.h"

static const char *const names[KAON_SOFTMAX_COUNT] = {
    [KAON_SOFTMAX_DEFAULT] = "default",
    [KAON_SOFTMAX_3PASS_RECOMPUTE] = "3pass_recompute",
    [KAON_SOFTMAX_3PASS_RELOAD] = "3pass_reload",
    [KAON_SOFTMAX_2PASS] = "2pass",
    [KAON_SOFTMAX_ONLINE] = "online",
};

/* The maximum and the sum over it, in double; false if the result is a row of NaN. */
static bool statistics(const float *x, size_t n, double *max, double *sum)
{
    bool nan = false;
    *max = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        *max = fmax(*max, (double)x[i]);
        nan |= isnan(x[i]);
    }
    *sum = 0.0;
    for (size_t i = 0; i < n; i++)
        *sum += exp((double)x[i] - *max);
    return !nan && fabs(*max) < INFINITY;
}

static void compare_row(struct check *c, const float *x, const float *got, size_t n)
{
    const double block = fmin((double)n, 4096.0) / 64.0;
    double max, sum;
    const bool finite = statistics(x, n, &max, &sum);
    for (size_t i = 0; i < n; i++) {
        const double d = (double)x[i] - max, y = finite ? exp(d) / sum : NAN;
        check_near(c, &y, got + i, 1, 8.0 + block + (fabs(d) < 200.0 ? 1.5 * fabs(d) : 0.0), 1e-37);
    }
}

/* Scores of +-`range`: beyond 1e6 the two-pass form has to give up its pairs. */
static void check_one(struct check *c, enum kaon_softmax_algorithm a, size_t rows, size_t n,
                      unsigned pattern, float range)
{
    if (!check_begin(c, &c->now->softmax_by, "softmax_by %s_%zu of %zu pattern %u range %g",
                     names[a], n, rows, pattern, (double)range))
        return;
    kaon_softmax_rows_fn *const *now = c->now->softmax_by;
    float *x = check_floats(c, rows * n), *want = check_floats(c, rows * n),
          *got = check_floats(c, rows * n);
    check_pattern(c, pattern, x, rows * n, -range, range);
    now[a](got, x, rows, n);
    c->ref->softmax_by[a](want, x, rows, n);
    check_same_floats(c, want, got, rows * n);
    for (size_t r = 0; r < rows && c->scalar; r++)
        compare_row(c, x + r * n, got + r * n, n);
    if (a == KAON_SOFTMAX_3PASS_RECOMPUTE) {
        now[KAON_SOFTMAX_3PASS_RELOAD](got, x, rows, n);
        check_same_floats(c, want, got, rows * n);
    }
    now[a](x, x, rows, n); /* in place */
    check_same_floats(c, want, x, rows * n);
}

static void check_algorithm(struct check *c, enum kaon_softmax_algorithm a)
{
    static const size_t widths[] = { 0,  1,  7,  8,   15,  16,  17,  31,  33,  40,   63,
                                     64, 65, 79, 100, 127, 128, 129, 200, 255, 1000, 5000 };
    static const float ranges[] = { 40.0f, 3e3f, 3e6f, 3e38f };
    for (size_t w = 0; w < CHECK_COUNT(widths); w++)
        for (unsigned p = 0; p < CHECK_PATTERNS; p++)
            check_one(c, a, 3, widths[w], p, ranges[0]);
    for (size_t i = 1; i < CHECK_COUNT(ranges); i++)
        for (unsigned p = CHECK_RANDOM; p <= CHECK_RAMP; p++)
            check_one(c, a, 2, 150, p, ranges[i]);
    check_one(c, a, 1, 600001, CHECK_RANDOM,
              40.0f); /* written past the caches; rows in pairs by default */
    check_one(c, a, 1, 600001, CHECK_RAMP, 100.0f);
}

static void check_default(struct check *c)
{
    static const size_t widths[] = { 15, 128, 5000, 524287, 524288 };
    for (size_t w = 0; w < CHECK_COUNT(widths); w++) {
        const size_t n = widths[w];
        if (!check_begin(c, &c->now->softmax_by, "softmax_by default is what it says %zu", n))
            continue;
        kaon_softmax_rows_fn *const *by = c->now->softmax_by;
        float *x = check_floats(c, n), *want = check_floats(c, n), *got = check_floats(c, n);
        check_pattern(c, CHECK_RANDOM, x, n, -20.0f, 20.0f);
        by[n < 1 << 19 ? KAON_SOFTMAX_3PASS_RELOAD : KAON_SOFTMAX_2PASS](want, x, 1, n);
        by[KAON_SOFTMAX_DEFAULT](got, x, 1, n);
        check_same_floats(c, want, got, n);
    }
}

/* ---- top-k */

static bool ranks_before(const float *x, size_t a, size_t b)
{
    return x[a] > x[b] || (x[a] == x[b] && a < b);
}

/* Selection by counting who ranks before whom; numbers only. */
static void compare_topk(struct check *c, const float *x, const float *w, const int32_t *index,
                         size_t n, size_t k)
{
    double max, sum;
    if (!statistics(x, n, &max, &sum))
        return;
    for (size_t i = 0; i < n; i++) {
        size_t rank = 0;
        for (size_t j = 0; j < n; j++)
            rank += ranks_before(x, j, i);
        if (rank >= k || x[i] == -INFINITY)
            continue;
        const double d = (double)x[i] - max, y = exp(d) / sum;
        if (index[rank] != (int32_t)i)
            check_fail(c, "rank %zu is %d, not %zu", rank, index[rank], i);
        check_near(c, &y, w + rank, 1, 40.0 + 1.5 * fabs(d), 1e-37);
    }
    for (size_t i = 0; i < k; i++)
        if (index[i] < 0 && w[i] != 0.0f)
            check_fail(c, "free place %zu has weight %g", i, (double)w[i]);
}

static void check_topk(struct check *c, size_t n, size_t k, unsigned pattern)
{
    const size_t rows = 3;
    if (!check_begin(c, &c->now->softmax_topk, "softmax_topk %zu of %zu pattern %u", k, n, pattern))
        return;
    float *x = check_floats(c, rows * n), *want = check_floats(c, rows * k),
          *got = check_floats(c, rows * k);
    int32_t *wanted = check_alloc(c, rows * k * sizeof *wanted),
            *index = check_alloc(c, rows * k * sizeof *index);
    check_pattern(c, pattern, x, rows * n, -20.0f, 20.0f);
    c->now->softmax_topk(got, index, x, rows, n, k);
    c->ref->softmax_topk(want, wanted, x, rows, n, k);
    check_same_floats(c, want, got, rows * k);
    check_same_bytes(c, wanted, index, rows * k * sizeof *index);
    for (size_t r = 0; r < rows && c->scalar; r++)
        compare_topk(c, x + r * n, got + r * k, index + r * k, n, k);
}

void check_softmax_by(struct check *c)
{
    static const size_t widths[] = { 1, 5, 16, 17, 100, 2049 }, ks[] = { 1, 5, 40 };
    for (unsigned a = 0; a < KAON_SOFTMAX_COUNT; a++)
        check_algorithm(c, (enum kaon_softmax_algorithm)a);
    check_default(c);
    for (size_t w = 0; w < CHECK_COUNT(widths); w++)
        for (size_t k = 0; k < CHECK_COUNT(ks); k++)
            for (unsigned p = 0; p < CHECK_PATTERNS; p++)
                check_topk(c, widths[w], ks[k], p);
}
