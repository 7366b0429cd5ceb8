/* Every binary function, in all combinations of steps. */
#include <math.h>

#include "tests/check/check.h"

struct spec {
    const char *name;
    double (*exact)(double a, double b);
    double ulp;
    float lo, hi;
};

static double exact_add(double a, double b)
{
    return a + b;
}

static double exact_sub(double a, double b)
{
    return a - b;
}

static double exact_mul(double a, double b)
{
    return a * b;
}

static double exact_div(double a, double b)
{
    return a / b;
}

static double exact_max(double a, double b)
{
    return a != a || b != b ? NAN : fmax(a, b);
}

static double exact_min(double a, double b)
{
    return a != a || b != b ? NAN : fmin(a, b);
}

static double exact_prelu(double a, double b)
{
    return a < 0 ? a * b : a;
}

static const struct spec specs[KAON_BINARY_COUNT] = {
    [KAON_BINARY_ADD] = { "add", exact_add, 0.5, -9.0f, 9.0f },
    [KAON_BINARY_SUB] = { "sub", exact_sub, 0.5, -9.0f, 9.0f },
    [KAON_BINARY_MUL] = { "mul", exact_mul, 0.5, -9.0f, 9.0f },
    [KAON_BINARY_DIV] = { "div", exact_div, 0.5, -9.0f, 9.0f },
    [KAON_BINARY_POW] = { "pow", pow, 1.5, -1.0f, 9.0f },
    [KAON_BINARY_MAX] = { "max", exact_max, 0.0, -9.0f, 9.0f },
    [KAON_BINARY_MIN] = { "min", exact_min, 0.0, -9.0f, 9.0f },
    [KAON_BINARY_PRELU] = { "prelu", exact_prelu, 0.5, -9.0f, 9.0f },
    [KAON_BINARY_MOD] = { "mod", fmod, 0.0, -9.0f, 9.0f },
};

/* Replaces some of b by numbers that pow treats by themselves. */
static void sprinkle(struct check *c, float *b, size_t n)
{
    static const float special[] = {
        0.0f, -0.0f, 1.0f, -1.0f, 2.0f, 3.0f, 0.5f, -2.0f, 5.0f, -0.5f
    };
    for (size_t i = 0; i < n; i++)
        if (check_random(c) % 2)
            b[i] = special[check_random(c) % CHECK_COUNT(special)];
}

static void compare(struct check *c, size_t f, size_t n, unsigned pattern, unsigned steps)
{
    const struct spec *s = &specs[f];
    kaon_binary_fn *now = c->now->binary[f], *ref = c->ref->binary[f];
    const size_t step_a = steps & 1, step_b = steps >> 1 & 1;
    const size_t size_a = step_a ? n : 1, size_b = step_b ? n : 1;
    float *a = check_floats(c, size_a), *b = check_floats(c, size_b);
    float *want = check_floats(c, n), *got = check_floats(c, n);
    check_pattern(c, pattern, a, size_a, s->lo, s->hi);
    check_pattern(c, pattern, b, size_b, s->lo, s->hi);
    if (f == KAON_BINARY_POW)
        sprinkle(c, b, size_b);
    now(got, a, step_a, b, step_b, n);
    ref(want, a, step_a, b, step_b, n);
    check_same_floats(c, want, got, n);
    for (size_t i = 0; i < n && c->scalar && !c->failed; i++) {
        const double x = a[i * step_a], y = b[i * step_b], exact = s->exact(x, y);
        check_near(c, &exact, &got[i], 1, s->ulp, 0.0);
        if (c->failed)
            check_note(c, "a = %.9g, b = %.9g", x, y);
    }
    if (step_a) {
        now(a, a, 1, b, step_b, n);
        check_same_floats(c, want, a, n);
    } else if (step_b) {
        now(b, a, 0, b, 1, n);
        check_same_floats(c, want, b, n);
    }
}

struct timed {
    float *y, *a, *b;
    size_t n, f;
};

static void run_timed(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    k->binary[t->f](t->y, t->a, 1, t->b, 1, t->n);
}

static void bench(struct check *c, size_t f)
{
    if (!c->bench || c->scalar || !check_begin(c, &c->now->binary, "%s", specs[f].name))
        return;
    struct timed t = { .n = 2048, .f = f };
    t.a = check_scratch(c, t.n);
    t.b = check_scratch(c, t.n);
    t.y = check_scratch(c, t.n);
    check_pattern(c, CHECK_RANDOM, t.a, t.n, 0.0f, 9.0f);
    check_pattern(c, CHECK_RANDOM, t.b, t.n, 0.0f, 9.0f);
    check_time(c, (double)t.n, 0, run_timed, &t);
}

void check_binary(struct check *c)
{
    static const size_t widths[] = { 0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 100, 4001 };
    for (size_t f = 0; f < KAON_BINARY_COUNT; f++) {
        if (!specs[f].name || !c->now->binary[f]) {
            if (check_begin(c, &c->now->binary, "binary %zu", f))
                check_fail(c, "no check or no function");
            continue;
        }
        for (unsigned p = 0; p < CHECK_PATTERNS; p++)
            for (size_t w = 0; w < CHECK_COUNT(widths); w++)
                for (unsigned steps = 0; steps < 4; steps++)
                    if (check_begin(c, &c->now->binary, "%s_%zu pattern %u steps %u", specs[f].name,
                                    widths[w], p, steps))
                        compare(c, f, widths[w], p, steps);
        bench(c, f);
    }
}
