/* rotary_rows. */
#include <math.h>
#include <string.h>

#include "tests/check/check.h"

enum { ROWS = 3 };

static void reference(struct check *c, const float *x, const struct kaon_rotary *r,
                      const float *got)
{
    for (size_t i = 0; i < r->rows && !c->failed; i++)
        for (size_t p = 0; p < r->pairs; p++) {
            const size_t at = i * r->x_stride, to = i * r->y_stride;
            const size_t one = r->interleaved ? 2 * p : p,
                         two = r->interleaved ? 2 * p + 1 : p + r->pairs;
            const double a = x[at + one], b = x[at + two];
            const double cos = r->cos[i * r->angle_stride + p],
                         sin = r->sin[i * r->angle_stride + p];
            const double want[] = { a * cos - b * sin, a * sin + b * cos };
            const double bound = 0x1p-23 * (fabs(a) + fabs(b)) + 3e-45;
            check_near(c, &want[0], &got[to + one], 1, 0.0, bound);
            check_near(c, &want[1], &got[to + two], 1, 0.0, bound);
        }
}

static void compare(struct check *c, size_t pairs, size_t rest, bool interleaved, unsigned pattern,
                    bool shared)
{
    const size_t n = 2 * pairs + rest, stride = n + 3;
    if (!check_begin(c, &c->now->rotary_rows, "rotary_rows_%zu+%zu%s%s pattern %u", pairs, rest,
                     interleaved ? " interleaved" : "", shared ? " shared" : "", pattern))
        return;
    struct kaon_rotary r = {
        .rows = ROWS,
        .n = n,
        .pairs = pairs,
        .y_stride = stride,
        .x_stride = stride,
        .angle_stride = shared ? 0 : pairs,
        .interleaved = interleaved,
    };
    float *x = check_floats(c, ROWS * stride), *want = check_floats(c, ROWS * stride);
    float *got = check_floats(c, ROWS * stride);
    float *cos = check_floats(c, ROWS * pairs), *sin = check_floats(c, ROWS * pairs);
    check_pattern(c, pattern, x, ROWS * stride, -5.0f, 5.0f);
    for (size_t i = 0; i < ROWS * pairs; i++) {
        const float angle = check_uniform(c, -4.0f, 4.0f);
        cos[i] = cosf(angle);
        sin[i] = sinf(angle);
    }
    r.cos = cos;
    r.sin = sin;
    memcpy(want, x, ROWS * stride * sizeof *x); /* the gaps */
    memcpy(got, x, ROWS * stride * sizeof *x);
    c->ref->rotary_rows(want, x, &r);
    c->now->rotary_rows(got, x, &r);
    check_same_floats(c, want, got, ROWS * stride);
    if (c->scalar && c->tame)
        reference(c, x, &r, got);
    for (size_t i = 0; i < ROWS && pattern == CHECK_RANDOM; i++)
        check_same_floats(c, x + i * stride + 2 * pairs, got + i * stride + 2 * pairs, rest);
    c->now->rotary_rows(x, x, &r);
    check_same_floats(c, want, x, ROWS * stride);
}

void check_rotary(struct check *c)
{
    static const size_t widths[] = { 0, 1, 4, 7, 8, 9, 15, 16, 17, 32, 64 };
    for (size_t w = 0; w < CHECK_COUNT(widths); w++)
        for (unsigned p = 0; p < CHECK_PATTERNS; p++)
            for (unsigned how = 0; how < 4; how++)
                compare(c, widths[w], how & 1 ? 5 : 0, how & 1, p, how & 2);
}
