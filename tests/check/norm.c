/* layernorm_rows and rmsnorm_rows. */
#include <math.h>

#include "tests/check/check.h"

static const size_t widths[] = { 0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 384, 1030 };
enum { ROWS = 37 }; /* blocks of sixteen and some */
static const float eps = 1e-5f;

static void layernorm(struct check *c, size_t n, unsigned pattern, bool with_scale, bool with_bias)
{
    if (!check_begin(c, &c->now->layernorm_rows, "layernorm_rows_%zu pattern %u%s%s", n, pattern,
                     with_scale ? " scale" : "", with_bias ? " bias" : ""))
        return;
    float *x = check_floats(c, ROWS * n), *scale = check_floats(c, n), *bias = check_floats(c, n);
    float *want = check_floats(c, ROWS * n), *got = check_floats(c, ROWS * n);
    float *mean[2] = { check_floats(c, ROWS), check_floats(c, ROWS) };
    float *invstd[2] = { check_floats(c, ROWS), check_floats(c, ROWS) };
    check_pattern(c, CHECK_RANDOM, scale, n, -2.0f, 2.0f);
    check_pattern(c, CHECK_RANDOM, bias, n, -2.0f, 2.0f);
    check_pattern(c, pattern, x, ROWS * n, -5.0f, 5.0f);
    const float *s = with_scale ? scale : NULL, *b = with_bias ? bias : NULL;

    c->ref->layernorm_rows(want, x, s, b, ROWS, n, eps, mean[0], invstd[0]);
    c->now->layernorm_rows(got, x, s, b, ROWS, n, eps, mean[1], invstd[1]);
    check_same_floats(c, want, got, ROWS * n);
    check_same_floats(c, mean[0], mean[1], ROWS);
    check_same_floats(c, invstd[0], invstd[1], ROWS);
    for (size_t r = 0; r < ROWS && c->scalar && pattern == CHECK_RANDOM && n > 1; r++) {
        double m = 0.0, v = 0.0;
        for (size_t i = 0; i < n; i++)
            m += (double)x[r * n + i] / (double)n;
        for (size_t i = 0; i < n; i++)
            v += ((double)x[r * n + i] - m) * ((double)x[r * n + i] - m) / (double)n;
        const double inv = 1.0 / sqrt(v + (double)eps);
        check_near(c, &m, &mean[1][r], 1, 1.0, 5e-6);
        check_near(c, &inv, &invstd[1][r], 1, 1.0, 1e-5 * inv);
        for (size_t i = 0; i < n; i++) {
            const double z = ((double)x[r * n + i] - m) * inv * (s ? (double)s[i] : 1.0);
            const double y = z + (b ? (double)b[i] : 0.0);
            check_near(c, &y, &got[r * n + i], 1, 1.0, 2e-6 * (fabs(z) + (s ? fabsf(s[i]) : 1.0)));
        }
    }
    for (size_t r = 0; r < ROWS; r += 12) { /* alone as among others */
        c->now->layernorm_rows(got, x + r * n, s, b, 1, n, eps, NULL, NULL);
        check_same_floats(c, want + r * n, got, n);
    }
    c->now->layernorm_rows(x, x, s, b, ROWS, n, eps, NULL, NULL);
    check_same_floats(c, want, x, ROWS * n);
}

static void rmsnorm(struct check *c, size_t n, unsigned pattern, bool with_scale)
{
    if (!check_begin(c, &c->now->rmsnorm_rows, "rmsnorm_rows_%zu pattern %u%s", n, pattern,
                     with_scale ? " scale" : ""))
        return;
    float *x = check_floats(c, ROWS * n), *scale = check_floats(c, n);
    float *want = check_floats(c, ROWS * n), *got = check_floats(c, ROWS * n);
    check_pattern(c, CHECK_RANDOM, scale, n, -2.0f, 2.0f);
    check_pattern(c, pattern, x, ROWS * n, -5.0f, 5.0f);
    const float *s = with_scale ? scale : NULL;

    c->ref->rmsnorm_rows(want, x, s, ROWS, n, eps);
    c->now->rmsnorm_rows(got, x, s, ROWS, n, eps);
    check_same_floats(c, want, got, ROWS * n);
    for (size_t r = 0; r < ROWS && c->scalar && c->tame; r++) {
        double squares = 0.0;
        for (size_t i = 0; i < n; i++)
            squares += (double)x[r * n + i] * x[r * n + i];
        for (size_t i = 0; i < n; i++) {
            const double y =
                x[r * n + i] * (s ? (double)s[i] : 1.0) / sqrt(squares / (double)n + (double)eps);
            check_near(c, &y, &got[r * n + i], 1, 6.0, 1e-42);
        }
    }
    c->now->rmsnorm_rows(x, x, s, ROWS, n, eps);
    check_same_floats(c, want, x, ROWS * n);
}

/* Of a sum: against Add, Add and the norm of the scalar form. */
static void of_sum(struct check *c, size_t n, unsigned pattern, bool layer, bool with_bias)
{
    const void *member = layer ? (const void *)&c->now->layernorm_of_sum : &c->now->rmsnorm_of_sum;
    if (!check_begin(c, member, "%snorm_of_sum_%zu pattern %u%s", layer ? "layer" : "rms", n,
                     pattern, with_bias ? " bias" : ""))
        return;
    float *x = check_floats(c, ROWS * n), *residual = check_floats(c, ROWS * n);
    float *scale = check_floats(c, n), *bias = check_floats(c, n), *bias_in = check_floats(c, n);
    float *want = check_floats(c, ROWS * n), *got = check_floats(c, ROWS * n);
    float *sum = check_floats(c, ROWS * n), *got_sum = check_floats(c, ROWS * n);
    check_pattern(c, CHECK_RANDOM, scale, n, -2.0f, 2.0f);
    check_pattern(c, CHECK_RANDOM, bias, n, -2.0f, 2.0f);
    check_pattern(c, CHECK_RANDOM, bias_in, n, -2.0f, 2.0f);
    check_pattern(c, CHECK_RANDOM, residual, ROWS * n, -5.0f, 5.0f);
    check_pattern(c, pattern, x, ROWS * n, -5.0f, 5.0f);
    for (size_t i = 0; i < ROWS * n; i++)
        sum[i] = (with_bias ? x[i] + bias_in[i % n] : x[i]) + residual[i];
    const struct kaon_norm_sum s = { got_sum, residual, with_bias ? bias_in : NULL };
    if (layer) {
        c->ref->layernorm_rows(want, sum, scale, bias, ROWS, n, eps, NULL, NULL);
        c->now->layernorm_of_sum(got, x, &s, scale, bias, ROWS, n, eps);
    } else {
        c->ref->rmsnorm_rows(want, sum, scale, ROWS, n, eps);
        c->now->rmsnorm_of_sum(got, x, &s, scale, ROWS, n, eps);
    }
    check_same_floats(c, want, got, ROWS * n);
    check_same_floats(c, sum, got_sum, ROWS * n);
    const struct kaon_norm_sum in_place = { residual, residual, with_bias ? bias_in : NULL };
    if (layer)
        c->now->layernorm_of_sum(x, x, &in_place, scale, bias, ROWS, n, eps);
    else
        c->now->rmsnorm_of_sum(x, x, &in_place, scale, ROWS, n, eps);
    check_same_floats(c, want, x, ROWS * n);
    check_same_floats(c, sum, residual, ROWS * n);
}

struct timed {
    float *y, *x, *scale;
    size_t rows, n;
};

static void run_layernorm(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    k->layernorm_rows(t->y, t->x, t->scale, t->scale, t->rows, t->n, eps, NULL, NULL);
}

static void bench(struct check *c, size_t n)
{
    if (!c->bench || c->scalar || !check_begin(c, &c->now->layernorm_rows, "layernorm_rows_%zu", n))
        return;
    struct timed t = { .rows = (4096 + n - 1) / n, .n = n };
    t.x = check_scratch(c, t.rows * n);
    t.y = check_scratch(c, t.rows * n);
    t.scale = check_scratch(c, n);
    check_pattern(c, CHECK_RANDOM, t.x, t.rows * n, -5.0f, 5.0f);
    check_pattern(c, CHECK_RANDOM, t.scale, n, -5.0f, 5.0f);
    check_time(c, (double)(t.rows * n), 0, run_layernorm, &t);
}

void check_norm(struct check *c)
{
    static const size_t timed[] = { 16, 32, 64, 256, 768 };
    for (size_t w = 0; w < CHECK_COUNT(widths); w++)
        for (unsigned p = 0; p < CHECK_PATTERNS; p++) {
            for (unsigned t = 0; t < 4; t++)
                layernorm(c, widths[w], p, t & 1, t & 2);
            rmsnorm(c, widths[w], p, false);
            rmsnorm(c, widths[w], p, true);
            for (unsigned t = 0; t < 4; t++)
                of_sum(c, widths[w], p, t & 1, t & 2);
        }
    for (size_t i = 0; i < CHECK_COUNT(timed); i++)
        bench(c, timed[i]);
}
