/* Every reduction, along rows and along columns. */
#include <math.h>

#include "tests/check/check.h"

/* What a reduction sums, and what it does with the sum. */
static const struct {
    const char *name;
    float lo, hi;
} specs[KAON_REDUCE_COUNT] = {
    [KAON_REDUCE_SUM] = { "sum", -3.0f, 3.0f },
    [KAON_REDUCE_MEAN] = { "mean", -3.0f, 3.0f },
    [KAON_REDUCE_MAX] = { "max", -3.0f, 3.0f },
    [KAON_REDUCE_MIN] = { "min", -3.0f, 3.0f },
    [KAON_REDUCE_PROD] = { "prod", 0.8f, 1.2f },
    [KAON_REDUCE_SUM_SQUARE] = { "sum_square", -3.0f, 3.0f },
    [KAON_REDUCE_L1] = { "l1", -3.0f, 3.0f },
    [KAON_REDUCE_L2] = { "l2", -3.0f, 3.0f },
    [KAON_REDUCE_LOG_SUM] = { "log_sum", 0.5f, 3.0f },
    [KAON_REDUCE_LOG_SUM_EXP] = { "log_sum_exp", -60.0f, 60.0f },
};

/* The exact reduction of n numbers `stride` apart, and how far float may be off. */
struct exact {
    double value, bound;
};

static struct exact reduce(enum kaon_reduce f, const float *x, size_t n, size_t stride)
{
    double sum = 0.0, magnitude = 0.0, squares = 0.0, exps = 0.0, product = 1.0;
    double max = -INFINITY, min = INFINITY;
    bool nan = false;
    for (size_t i = 0; i < n; i++) {
        const double v = x[i * stride];
        nan = nan || v != v;
        sum += v;
        magnitude += fabs(v);
        squares += v * v;
        product *= v;
        max = fmax(max, v);
        min = fmin(min, v);
    }
    const double shift = fabs(max) < INFINITY ? max : 0.0, half_ulps = (double)(n + 8) * 0x1.0p-24;
    for (size_t i = 0; i < n; i++)
        exps += exp((double)x[i * stride] - shift);
    const struct exact all[KAON_REDUCE_COUNT] = {
        [KAON_REDUCE_SUM] = { sum, half_ulps * magnitude },
        [KAON_REDUCE_MEAN] = { sum / (double)n, half_ulps * magnitude / (double)n },
        [KAON_REDUCE_MAX] = { nan ? NAN : max, 0.0 },
        [KAON_REDUCE_MIN] = { nan ? NAN : min, 0.0 },
        [KAON_REDUCE_PROD] = { product, half_ulps * fabs(product) },
        [KAON_REDUCE_SUM_SQUARE] = { squares, half_ulps * squares },
        [KAON_REDUCE_L1] = { magnitude, half_ulps * magnitude },
        [KAON_REDUCE_L2] = { sqrt(squares), half_ulps * sqrt(squares) },
        [KAON_REDUCE_LOG_SUM] = { log(sum), half_ulps * (magnitude / fabs(sum) + fabs(log(sum))) },
        [KAON_REDUCE_LOG_SUM_EXP] = { log(exps) + shift, half_ulps * (3.0 + fabs(shift)) },
    };
    return all[f];
}

/* Only ordinary numbers, where nothing under- or overflows on the way, plus what NaN and inf do. */
static bool comparable(enum kaon_reduce f, unsigned pattern)
{
    if (f == KAON_REDUCE_MAX || f == KAON_REDUCE_MIN)
        return true;
    if (f == KAON_REDUCE_LOG_SUM_EXP)
        return pattern != CHECK_ANY_BITS;
    return pattern <= CHECK_RAMP || pattern == CHECK_ONE_NAN ||
           (pattern == CHECK_ALL_MINUS_INF && f != KAON_REDUCE_PROD);
}

static void compare(struct check *c, enum kaon_reduce f, size_t rows, size_t n, unsigned pattern,
                    bool along_rows)
{
    kaon_reduce_fn *now = along_rows ? c->now->reduce_rows[f] : c->now->reduce_columns[f];
    kaon_reduce_fn *ref = along_rows ? c->ref->reduce_rows[f] : c->ref->reduce_columns[f];
    const size_t out = along_rows ? rows : n;
    float *x = check_floats(c, rows * n), *want = check_floats(c, out), *got = check_floats(c, out);
    check_pattern(c, pattern, x, rows * n, specs[f].lo, specs[f].hi);
    now(got, x, rows, n);
    ref(want, x, rows, n);
    check_same_floats(c, want, got, out);
    for (size_t i = 0; i < out && c->scalar && comparable(f, pattern); i++) {
        const struct exact e = along_rows ? reduce(f, x + i * n, n, 1) : reduce(f, x + i, rows, n);
        check_near(c, &e.value, &got[i], 1, 1.0, e.bound == e.bound ? e.bound : 0.0);
    }
}

struct timed {
    float *y, *x;
    size_t rows, n;
    enum kaon_reduce f;
    bool along_rows;
};

static void run_timed(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    (t->along_rows ? k->reduce_rows : k->reduce_columns)[t->f](t->y, t->x, t->rows, t->n);
}

static void bench(struct check *c, enum kaon_reduce f, bool along_rows)
{
    if (!c->bench || c->scalar ||
        !check_begin(c, &c->now->reduce_rows, "reduce_%s_%s", along_rows ? "rows" : "columns",
                     specs[f].name))
        return;
    struct timed t = { .rows = 64, .n = 128, .f = f, .along_rows = along_rows };
    t.x = check_scratch(c, t.rows * t.n);
    t.y = check_scratch(c, t.rows + t.n);
    check_pattern(c, CHECK_RANDOM, t.x, t.rows * t.n, specs[f].lo, specs[f].hi);
    check_time(c, (double)(t.rows * t.n), 0, run_timed, &t);
}

void check_reduce(struct check *c)
{
    static const size_t widths[] = { 0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 150 };
    for (size_t f = 0; f < KAON_REDUCE_COUNT; f++) {
        if (!specs[f].name || !c->now->reduce_rows[f] || !c->now->reduce_columns[f]) {
            if (check_begin(c, &c->now->reduce_rows, "reduce %zu", f))
                check_fail(c, "no check or no function");
            continue;
        }
        for (unsigned p = 0; p < CHECK_PATTERNS; p++)
            for (size_t w = 0; w < CHECK_COUNT(widths); w++) {
                if (check_begin(c, &c->now->reduce_rows, "reduce_rows_%s_%zu pattern %u",
                                specs[f].name, widths[w], p))
                    compare(c, (enum kaon_reduce)f, 7, widths[w], p, true);
                if (check_begin(c, &c->now->reduce_columns, "reduce_columns_%s_%zu pattern %u",
                                specs[f].name, widths[w], p))
                    compare(c, (enum kaon_reduce)f, w % 2 ? 11 : 0, widths[w], p, false);
                if (check_begin(c, &c->now->reduce_columns, "reduce_columns_%s_tall_%zu pattern %u",
                                specs[f].name, widths[w], p))
                    compare(c, (enum kaon_reduce)f, 37, widths[w], p, false);
            }
        bench(c, (enum kaon_reduce)f, true);
        bench(c, (enum kaon_reduce)f, false);
    }
}
