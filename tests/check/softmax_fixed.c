/* quant_softmax and table_softmax, against loops in double and in integers written from the definition. */
#include <math.h>

#include "tests/check/check.h"

/* The row x = 2, 1, 0.5, -1, whose weights the literature's formulas give. */
static const float example[4] = { 2.0f, 1.0f, 0.5f, -1.0f };

static void near_example(struct check *c, const float *got, const double *want)
{
    for (size_t i = 0; i < 4; i++)
        check_near(c, &want[i], &got[i], 1, 0.0, 1e-6);
}

/* ---- codes */

static void quant_example(struct check *c)
{
    static const double want[4] = { 0.6, 0.2, 2.0 / 15.0, 0.0 };
    float *w = check_floats(c, 4);
    c->now->quant_softmax(NULL, w, example, 1, 4, 4, 0.0f);
    near_example(c, w, want);
}

/* With the bias found on them, the mean row sum of the weights is 1. */
static void quant_bias(struct check *c)
{
    const size_t rows = 50, n = 60;
    float *x = check_floats(c, rows * n), *w = check_floats(c, rows * n);
    check_pattern(c, CHECK_RANDOM, x, rows * n, -2.0f, 2.0f);
    double sums[2] = { 0.0, 0.0 }, beta = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        c->now->quant_softmax(NULL, w, x, rows, n, 4, (float)beta);
        for (size_t i = 0; i < rows * n; i++)
            sums[pass] += (double)w[i] / (double)rows;
        beta = (1.0 - sums[0]) / (double)n;
    }
    if (!(fabs(sums[0] - 1.0) > 0.01 && fabs(sums[1] - 1.0) < 1e-5))
        check_fail(c, "mean row sum %.6f, with the bias %.6f", sums[0], sums[1]);
}

static void quant_row(struct check *c, const float *x, const float *w, const uint8_t *codes,
                      size_t n, int bits, double beta)
{
    const double levels = (1 << bits) - 1;
    double max = -INFINITY, sum = 0.0;
    for (size_t i = 0; i < n; i++)
        max = fmax(max, (double)x[i]);
    for (size_t i = 0; i < n; i++)
        sum += max > -INFINITY ? exp((double)x[i] - max) : 0.0;
    for (size_t i = 0; i < n; i++) {
        const double p = sum > 0.0 ? exp((double)x[i] - max) / sum : 0.0;
        const double code = rint(p * levels),
                     from_half = fabs(p * levels - floor(p * levels) - 0.5);
        const double y = x[i] == -INFINITY ? 0.0 : codes[i] / levels + beta;
        if (from_half > 1e-4 && codes[i] != code)
            check_fail(c, "code %zu is %u, not %g", i, codes[i], code);
        check_near(c, &y, &w[i], 1, 1.0, 1e-7);
    }
}

static void check_quant(struct check *c, size_t n, int bits, unsigned pattern)
{
    const size_t rows = 13;
    const float beta = 0.001f;
    if (!check_begin(c, &c->now->quant_softmax, "quant_softmax_%zu bits %d pattern %u", n, bits,
                     pattern))
        return;
    float *x = check_floats(c, rows * n), *w = check_floats(c, rows * n),
          *want = check_floats(c, rows * n);
    uint8_t *codes = check_alloc(c, rows * n), *wanted = check_alloc(c, rows * n);
    check_pattern(c, pattern, x, rows * n, -4.0f, 4.0f);
    c->ref->quant_softmax(wanted, want, x, rows, n, bits, beta);
    c->now->quant_softmax(codes, w, x, rows, n, bits, beta);
    check_same_floats(c, want, w, rows * n);
    check_same_bytes(c, wanted, codes, rows * n);
    const bool numbers =
        c->tame || pattern == CHECK_SOME_MINUS_INF || pattern == CHECK_ALL_MINUS_INF;
    for (size_t r = 0; r < rows && c->scalar && numbers; r++)
        quant_row(c, x + r * n, w + r * n, codes + r * n, n, bits, (double)beta);
}

/* ---- tables */

static void table_example(struct check *c)
{
    static const double want[4] = { 0.666992, 0.245117, 0.148438, 0.033203 };
    struct kaon_softmax_tables t;
    float *w = check_floats(c, 4);
    c->now->softmax_tables(&t, KAON_TABLE_SOFTMAX_STABLE);
    if (t.exp[0] != 1024 || t.exp[32] != 377 || t.exp[1023] != 0 || t.inverse[4] != 1024)
        check_fail(c, "exp %d %d %d, inverse %d", t.exp[0], t.exp[32], t.exp[1023], t.inverse[4]);
    c->now->table_softmax(w, example, 1, 4, &t);
    near_example(c, w, want);
}

static double limit(double x, double lo, double hi)
{
    return x > lo ? x < hi ? x : hi : lo;
}

/* The entries and steps once more, in double, whose integers are exact. */
static double table_exp(unsigned variant, double x, double max)
{
    double value;
    if (variant == KAON_TABLE_SOFTMAX_STABLE)
        value = exp(-floor(limit(max - x, 0.0, 32767.0) / 32.0) / 32.0);
    else if (variant == KAON_TABLE_SOFTMAX_LATENCY)
        value = exp(floor(x / 64.0) / 16.0);
    else
        value = exp(limit(trunc((x - max) / 16.0) + 512.0, 0.0, 1023.0) / 64.0 - 8.0);
    return limit(floor(value * 1024.0 + 0.5), 0.0, 131071.0);
}

static double table_sum(unsigned variant, const float *x, size_t n, double max)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        if (x[i] != -INFINITY)
            sum += table_exp(variant, limit(floor((double)x[i] * 1024.0), -32768.0, 32767.0), max);
    return limit(sum, 0.0, 131071.0);
}

static double table_weight(unsigned variant, const float *x, size_t n, size_t i, double max)
{
    const double score = limit(floor((double)x[i] * 1024.0), -32768.0, 32767.0);
    if (x[i] == -INFINITY)
        return 0.0;
    if (variant == KAON_TABLE_SOFTMAX_LEGACY) {
        const double at = limit(floor(table_sum(variant, x, n, score) / 64.0), 0.0, 1023.0);
        return at > 0.0 ? limit(floor(16384.0 / at + 0.5), 0.0, 131071.0) / 1024.0 : 0.0;
    }
    const double at = floor(table_sum(variant, x, n, max) / 256.0);
    const double inverse = at > 0.0 ? limit(floor(4096.0 / at + 0.5), 0.0, 131071.0) : 131071.0;
    return limit(floor(table_exp(variant, score, max) * inverse / 1024.0), 0.0, 32767.0) / 1024.0;
}

static void check_table(struct check *c, unsigned variant, size_t n, unsigned pattern)
{
    const size_t rows = 3;
    if (!check_begin(c, &c->now->table_softmax, "table_softmax variant %u_%zu pattern %u", variant,
                     n, pattern))
        return;
    struct kaon_softmax_tables t;
    c->now->softmax_tables(&t, variant);
    float *x = check_floats(c, rows * n), *w = check_floats(c, rows * n);
    check_pattern(c, pattern, x, rows * n, -40.0f, 40.0f);
    c->now->table_softmax(w, x, rows, n, &t);
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * n;
        double max = -32768.0;
        for (size_t i = 0; i < n; i++)
            max = fmax(max, limit(floor((double)row[i] * 1024.0), -32768.0, 32767.0));
        for (size_t i = 0; i < n; i++) {
            const double y = table_weight(variant, row, n, i, max);
            check_near(c, &y, &w[r * n + i], 1, 0.0, 0.0);
        }
    }
}

void check_softmax_fixed(struct check *c)
{
    static const size_t widths[] = { 0, 1, 4, 15, 16, 17, 40, 300 };
    if (check_begin(c, &c->now->quant_softmax, "quant_softmax example"))
        quant_example(c);
    if (check_begin(c, &c->now->quant_softmax, "quant_softmax bias"))
        quant_bias(c);
    if (check_begin(c, &c->now->softmax_tables, "softmax_tables example"))
        table_example(c);
    for (size_t i = 0; i < CHECK_COUNT(widths); i++)
        for (unsigned p = 0; p < CHECK_PATTERNS; p++) {
            check_quant(c, widths[i], 8, p);
            check_quant(c, widths[i], 4, p);
            for (unsigned v = 0; v < KAON_TABLE_SOFTMAX_COUNT; v++)
                check_table(c, v, widths[i], p);
        }
}
