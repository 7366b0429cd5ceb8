/* softmax_rows and log_softmax_rows. */
#include <math.h>
#include <string.h>

#include "tests/check/check.h"

static const size_t widths[] = {
    0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 100, 127, 128, 129, 1024
};

/* The result and its bound in ulp. Rounding x - m costs half an ulp of that, a relative error of at
 * most |x - m| ulp in the exponential. */
static void softmax_reference(double *want, double *ulp, const float *x, size_t rows, size_t n,
                              bool logarithm)
{
    for (size_t r = 0; r < rows; r++, x += n, want += n, ulp += n) {
        double max = -INFINITY, sum = 0.0;
        for (size_t i = 0; i < n; i++)
            max = fmax(max, (double)x[i]);
        for (size_t i = 0; i < n; i++)
            sum += exp((double)x[i] - max);
        for (size_t i = 0; i < n; i++) {
            const double d = (double)x[i] - max;
            want[i] = logarithm ? d - log(sum) : exp(d) / sum;
            ulp[i] = logarithm || !(fabs(d) < 200.0) ? 5.0 : 5.0 + fabs(d);
        }
    }
}

static void check_width(struct check *c, kaon_softmax_rows_fn *const *member, size_t offset,
                        const char *name, size_t n, bool logarithm)
{
    const size_t rows = 3;
    kaon_softmax_rows_fn *ref;
    memcpy(&ref, (const char *)c->ref + offset, sizeof ref);
    for (unsigned p = 0; p < CHECK_PATTERNS; p++) {
        if (!check_begin(c, member, "%s_%zu pattern %u", name, n, p))
            continue;
        float *x = check_floats(c, rows * n), *want = check_floats(c, rows * n),
              *got = check_floats(c, rows * n);
        check_pattern(c, p, x, rows * n, -40.0f, 40.0f);
        (*member)(got, x, rows, n);
        ref(want, x, rows, n);
        check_same_floats(c, want, got, rows * n);
        if (c->scalar) {
            double *exact = check_doubles(c, rows * n), *ulp = check_doubles(c, rows * n);
            softmax_reference(exact, ulp, x, rows, n, logarithm);
            for (size_t i = 0; i < rows * n; i++)
                check_near(c, exact + i, got + i, 1, ulp[i],
                           logarithm ? 5e-7 * (1.0 + fabs(exact[i])) : 1e-37);
        }
        (*member)(x, x, rows, n); /* in place */
        check_same_floats(c, want, x, rows * n);
    }
}

struct timed {
    float *y, *x;
    size_t rows, n;
};

static void run_timed(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    k->softmax_rows(t->y, t->x, t->rows, t->n);
}

static void bench(struct check *c, size_t n)
{
    if (!c->bench || c->scalar || !check_begin(c, &c->now->softmax_rows, "softmax_rows_%zu", n))
        return;
    struct timed t = { .rows = (4096 + n - 1) / n, .n = n };
    t.x = check_scratch(c, t.rows * n);
    t.y = check_scratch(c, t.rows * n);
    check_pattern(c, CHECK_RANDOM, t.x, t.rows * n, -10.0f, 10.0f);
    check_time(c, (double)(t.rows * n), 0, run_timed, &t);
}

void check_softmax(struct check *c)
{
    static const size_t timed[] = { 8, 15, 16, 25, 40, 64, 128, 512, 1024, 65536 };
    for (size_t w = 0; w < CHECK_COUNT(widths); w++) {
        check_width(c, &c->now->softmax_rows, offsetof(struct kaon_kernels, softmax_rows),
                    "softmax_rows", widths[w], false);
        check_width(c, &c->now->log_softmax_rows, offsetof(struct kaon_kernels, log_softmax_rows),
                    "log_softmax_rows", widths[w], true);
    }
    for (size_t i = 0; i < CHECK_COUNT(timed); i++)
        bench(c, timed[i]);
}
