/* Conversions between float and the 16-bit formats: all 65536 values up, a dense sample of floats
 * down. */
#include <math.h>
#include <string.h>

#include "tests/check/check.h"

/* Half as arithmetic instead of bits. */
static double half_value(uint16_t h)
{
    const int exponent = h >> 10 & 31, mantissa = h & 0x3ff;
    const double sign = h & 0x8000 ? -1.0 : 1.0;
    if (exponent == 31)
        return mantissa ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24));
}

static double bfloat_value(uint16_t b)
{
    const uint32_t bits = (uint32_t)b << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void widen(struct check *c, kaon_widen_fn *const *member, kaon_widen_fn *ref,
                  const char *name, double (*value)(uint16_t), size_t n)
{
    if (!check_begin(c, member, "%s_%zu", name, n))
        return;
    uint16_t *x = check_alloc(c, n * 2);
    float *want = check_floats(c, n), *got = check_floats(c, n);
    for (size_t i = 0; i < n; i++)
        x[i] = (uint16_t)(n == 65536 ? i : check_random(c));
    (*member)(got, x, n);
    ref(want, x, n);
    check_same_bytes(c, want, got, n * 4); /* NaN payloads too */
    for (size_t i = 0; i < n && c->scalar; i++) {
        const double exact = value(x[i]);
        check_near(c, &exact, &got[i], 1, 0.0, 0.0);
    }
}

/* No other value of the format lies closer to x, and a tie goes to the even one. */
static void check_nearest(struct check *c, float x, uint16_t y, double (*value)(uint16_t),
                          uint16_t inf)
{
    const double got = value(y), largest = value((uint16_t)(inf - 1));
    const double limit = largest + (largest - value((uint16_t)(inf - 2))) / 2;
    if (x != x || fabs((double)x) >= limit) {
        const bool right = x != x ? got != got : got == (x > 0 ? INFINITY : -INFINITY);
        if (!right)
            check_fail(c, "%a became %a", (double)x, got);
        return;
    }
    const double error = fabs(got - (double)x);
    const uint16_t next[2] = { (uint16_t)(y + 1), (uint16_t)(y - 1) };
    for (int i = 0; i < 2; i++) {
        const double other = value(next[i]), distance = fabs(other - (double)x);
        if ((y & 0x7fff) == 0 && i == 1)
            continue; /* below zero lies no neighbour of the same sign */
        if (distance < error || (distance == error && y & 1) || !signbit(x) != !signbit(got))
            check_fail(c, "%a became %a, not %a", (double)x, got, other);
    }
}

static void narrow(struct check *c, kaon_narrow_fn *const *member, kaon_narrow_fn *ref,
                   const char *name, double (*value)(uint16_t), uint16_t inf, size_t n)
{
    for (unsigned pattern = 0; pattern < CHECK_PATTERNS; pattern++) {
        if (!check_begin(c, member, "%s_%zu pattern %u", name, n, pattern))
            continue;
        float *x = check_floats(c, n);
        uint16_t *want = check_alloc(c, n * 2), *got = check_alloc(c, n * 2);
        check_pattern(c, pattern, x, n, -1e-4f, 1e-4f); /* where halves turn denormal */
        for (size_t i = 0; pattern == CHECK_RAMP && i < n; i++)
            x[i] = (float)value((uint16_t)check_random(c)) * (1.0f + 0x1.0p-11f); /* near ties */
        (*member)(got, x, n);
        ref(want, x, n);
        check_same_bytes(c, want, got, n * 2);
        for (size_t i = 0; i < n && c->scalar; i++)
            check_nearest(c, x[i], got[i], value, inf);
    }
}

void check_convert(struct check *c)
{
    static const size_t widths[] = { 0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 65536 };
    const struct kaon_kernels *now = c->now, *ref = c->ref;
    for (size_t w = 0; w < CHECK_COUNT(widths); w++) {
        const size_t n = widths[w];
        widen(c, &now->f32_from_f16, ref->f32_from_f16, "f32_from_f16", half_value, n);
        widen(c, &now->f32_from_bf16, ref->f32_from_bf16, "f32_from_bf16", bfloat_value, n);
        narrow(c, &now->f16_from_f32, ref->f16_from_f32, "f16_from_f32", half_value, 0x7c00, n);
        narrow(c, &now->bf16_from_f32, ref->bf16_from_f32, "bf16_from_f32", bfloat_value, 0x7f80,
               n);
    }
}
