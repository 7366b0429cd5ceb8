/* softmax_rows, log_softmax_rows and log_sum_exp_rows. */
#include <math.h>
#include <string.h>

#include "tests/check/check.h"

enum form { SOFTMAX, LOG_SOFTMAX, LOG_SUM_EXP };

static const struct {
    const char *name;
    size_t offset; /* of the member */
} forms[] = {
    [SOFTMAX] = { "softmax_rows", offsetof(struct kaon_kernels, softmax_rows) },
    [LOG_SOFTMAX] = { "log_softmax_rows", offsetof(struct kaon_kernels, log_softmax_rows) },
    [LOG_SUM_EXP] = { "log_sum_exp_rows", offsetof(struct kaon_kernels, log_sum_exp_rows) },
};

static kaon_softmax_rows_fn *member_of(const struct kaon_kernels *k, enum form form)
{
    kaon_softmax_rows_fn *fn;
    memcpy(&fn, (const char *)k + forms[form].offset, sizeof fn);
    return fn;
}

/* One row in double. Rounding x - m costs half an ulp of that, a relative error of at most |x - m| ulp
 * in the exponential. */
static void compare_row(struct check *c, enum form form, const float *x, const float *got, size_t n)
{
    const double block = fmin((double)n, 4096.0) / 64.0; /* what adding in a lane may lose, ulp */
    double max = -INFINITY, sum = 0.0;
    bool nan = false;
    for (size_t i = 0; i < n; i++) {
        max = fmax(max, (double)x[i]);
        nan |= isnan(x[i]);
    }
    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i] - max);
    if (form == LOG_SUM_EXP) {
        const double y = nan ? NAN : fabs(max) == INFINITY ? max : max + log(sum);
        check_near(c, &y, got, 1, 5.0, 5e-7 * (1.0 + fabs(y)) + 0x1.0p-23 * block);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const double d = (double)x[i] - max;
        const double y = form == LOG_SOFTMAX ? d - log(sum) : exp(d) / sum;
        if (form == LOG_SOFTMAX)
            check_near(c, &y, got + i, 1, 5.0, 5e-7 * (1.0 + fabs(y)) + 0x1.0p-23 * block);
        else
            check_near(c, &y, got + i, 1, 8.0 + block + (fabs(d) < 200.0 ? fabs(d) : 0.0), 1e-37);
    }
}

static void check_rows(struct check *c, enum form form, size_t rows, size_t n, unsigned pattern)
{
    kaon_softmax_rows_fn *now = member_of(c->now, form), *ref = member_of(c->ref, form);
    const size_t out = form == LOG_SUM_EXP ? 1 : n; /* results a row */
    if (!check_begin(c, (const char *)c->now + forms[form].offset, "%s_%zu of %zu pattern %u",
                     forms[form].name, n, rows, pattern))
        return;
    float *x = check_floats(c, rows * n), *want = check_floats(c, rows * out),
          *got = check_floats(c, rows * out), *one = check_floats(c, out);
    check_pattern(c, pattern, x, rows * n, -40.0f, 40.0f);
    now(got, x, rows, n);
    ref(want, x, rows, n);
    check_same_floats(c, want, got, rows * out);
    for (size_t r = 0; r < rows; r++) {
        if (c->scalar)
            compare_row(c, form, x + r * n, got + r * out, n);
        now(one, x + r * n, 1, n); /* alone as among others */
        check_same_floats(c, got + r * out, one, out);
    }
    if (form == LOG_SUM_EXP)
        return;
    now(x, x, rows, n); /* in place */
    check_same_floats(c, want, x, rows * n);
}

/* Around every vector, tail and block, with few rows and with blocks of sixteen and some. */
static void check_form(struct check *c, enum form form)
{
    static const size_t widths[] = { 0,  1,  2,  3,  4,  5,   7,   8,   9,   12,  15,  16,  17,
                                     20, 24, 25, 31, 32, 33,  40,  48,  50,  63,  64,  65,  68,
                                     72, 80, 81, 96, 97, 100, 112, 127, 128, 129, 150, 1024 };
    static const size_t rows[] = { 3, 12, 37 };
    static const size_t long_rows[] = { 4096, 4097, 9000, 300000 };
    for (size_t w = 0; w < CHECK_COUNT(widths); w++)
        for (unsigned p = 0; p < CHECK_PATTERNS; p++)
            for (size_t r = 0; r < CHECK_COUNT(rows) && rows[r] * widths[w] < 10000; r++)
                check_rows(c, form, rows[r], widths[w], p);
    for (size_t w = 0; w < CHECK_COUNT(long_rows); w++)
        for (unsigned p = 0; p < CHECK_PATTERNS; p++)
            if (long_rows[w] < 10000 || p <= CHECK_EQUAL)
                check_rows(c, form, 1, long_rows[w], p);
}

struct timed {
    enum form form;
    float *y, *x;
    size_t rows, n;
};

static void run_timed(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    member_of(k, t->form)(t->y, t->x, t->rows, t->n);
}

static void bench(struct check *c, enum form form, size_t n)
{
    if (!c->bench || c->scalar ||
        !check_begin(c, (const char *)c->now + forms[form].offset, "%s_%zu", forms[form].name, n))
        return;
    struct timed t = { .form = form, .rows = (4096 + n - 1) / n, .n = n };
    t.x = check_scratch(c, t.rows * n);
    t.y = check_scratch(c, t.rows * n);
    check_pattern(c, CHECK_RANDOM, t.x, t.rows * n, -10.0f, 10.0f);
    check_time(c, (double)(t.rows * n), 0, run_timed, &t);
}

void check_softmax(struct check *c)
{
    static const size_t timed[] = { 8, 15, 16, 25, 40, 64, 128, 512, 1024, 65536 };
    for (size_t f = 0; f < CHECK_COUNT(forms); f++) {
        check_form(c, (enum form)f);
        for (size_t i = 0; i < CHECK_COUNT(timed); i++)
            bench(c, (enum form)f, timed[i]);
    }
}
