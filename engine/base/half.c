/* Narrow floats by their bits. */
#include "engine/base/half.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float of_bits(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

float kaon_f32_from_f16(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u;
    const uint32_t mantissa = h & 0x3ffu;
    if (exponent == 31)
        return of_bits(sign | 0x7f800000u | mantissa << 13 | (mantissa ? 0x400000u : 0));
    if (exponent)
        return of_bits(sign | (exponent + 112) << 23 | mantissa << 13);
    const float small = (float)mantissa * 0x1.0p-24f;
    return sign ? -small : small;
}

uint16_t kaon_f16_from_f32(float x)
{
    const uint32_t u = bits_of(x), sign = (u >> 16) & 0x8000u, a = u & 0x7fffffffu;
    if (a > 0x7f800000u) /* NaN: quiet, upper bits of the payload */
        return (uint16_t)(sign | 0x7e00u | ((a >> 13) & 0x3ffu));
    if (a >= 0x477ff000u) /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7c00u);
    if (a < 0x38800000u) { /* below 2^-14: counts of 2^-24, where float addition rounds to even */
        const float counted = of_bits(a) + 0x1.0p-1f; /* 1 ulp of 1/2 is 2^-24 */
        return (uint16_t)(sign | (bits_of(counted) - 0x3f000000u));
    }
    const uint32_t odd = (a >> 13) & 1;
    return (uint16_t)(sign | ((a - 0x38000000u + 0xfffu + odd) >> 13));
}

float kaon_f32_from_bf16(uint16_t h)
{
    return of_bits((uint32_t)h << 16);
}

uint16_t kaon_bf16_from_f32(float x)
{
    const uint32_t u = bits_of(x);
    if ((u & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(u >> 16 | 0x40u);
    return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1)) >> 16);
}

/* The 8-bit forms (arXiv:2209.05433, arXiv:2206.02915). `over` is what too large a value becomes when
 * it may not saturate: infinity where there is one, else NaN. */
struct f8 {
    uint8_t mantissa; /* bits */
    uint8_t bias;
    uint8_t largest; /* code of the largest finite value */
    uint8_t over, nan;
    bool has_negative_zero; /* else code 0x80 is the only NaN */
};

static const struct f8 *f8_of(enum kaon_type type)
{
    static const struct f8 forms[] = {
        { 3, 7, 0x7e, 0x7f, 0x7f, true },   /* E4M3FN */
        { 3, 8, 0x7f, 0x80, 0x80, false },  /* E4M3FNUZ */
        { 2, 15, 0x7b, 0x7c, 0x7f, true },  /* E5M2 */
        { 2, 16, 0x7f, 0x80, 0x80, false }, /* E5M2FNUZ */
    };
    return &forms[type - KAON_F8E4M3FN];
}

static const float f4[] = { 0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f };

/* Nearest, halves to the even code, always saturated: there is neither infinity nor NaN. */
static uint8_t f4_from_f32(float x)
{
    const float a = fabsf(x);
    uint8_t code = 0;
    while (code < 7 &&
           (a > (f4[code] + f4[code + 1]) / 2 || (a == (f4[code] + f4[code + 1]) / 2 && code % 2)))
        code++;
    return (uint8_t)(code | (signbit(x) ? 8 : 0));
}

uint8_t kaon_f8e8m0_from_f32(float x, bool saturate, enum kaon_round round)
{
    const float a = fabsf(x);
    int exponent;
    if (isnan(x))
        return 0xff;
    if (isinf(x))
        return saturate ? 0xfe : 0xff;
    if (a <= 0x1p-127f)
        return 0;
    const float m = frexpf(a, &exponent); /* [1/2, 1): a = m 2^exponent */
    const bool up = round == KAON_ROUND_UP ? m > 0.5f : round == KAON_ROUND_NEAREST && m >= 0.75f;
    const int code = exponent - 1 + up + 127;
    return (uint8_t)(code <= 0xfe ? (code < 0 ? 0 : code) : saturate ? 0xfe : 0xff);
}

float kaon_f32_from_f8(enum kaon_type type, uint8_t b)
{
    if (type == KAON_F4E2M1)
        return b & 8 ? -f4[b & 7] : f4[b & 7];
    if (type == KAON_F8E8M0)
        return b == 0xff ? NAN : ldexpf(1.0f, b - 127);
    const struct f8 *f = f8_of(type);
    const int magnitude = b & 0x7f, exponent = magnitude >> f->mantissa;
    const int mantissa = magnitude & ((1 << f->mantissa) - 1);
    if (!f->has_negative_zero && b == 0x80)
        return NAN;
    if (magnitude > f->largest)
        return magnitude == f->over && f->over != f->nan ? (b & 0x80 ? -INFINITY : INFINITY) : NAN;
    const int hidden = exponent ? 1 << f->mantissa : 0;
    const float x =
        ldexpf((float)(hidden + mantissa), (exponent ? exponent : 1) - f->bias - f->mantissa);
    return b & 0x80 ? -x : x;
}

uint8_t kaon_f8_from_f32(enum kaon_type type, float x, bool saturate)
{
    if (type == KAON_F4E2M1)
        return f4_from_f32(x);
    if (type == KAON_F8E8M0)
        return kaon_f8e8m0_from_f32(x, saturate, KAON_ROUND_UP);
    const struct f8 *f = f8_of(type);
    const uint8_t sign = signbit(x) ? 0x80 : 0;
    int exponent, code;
    if (isnan(x))
        return f->has_negative_zero ? (uint8_t)(sign | f->nan) : f->nan;
    if (isinf(x)) {
        code = f->largest + 1;
    } else {
        frexpf(x, &exponent); /* |x| in [1/2, 1) 2^exponent */
        exponent = exponent - 1 < 1 - f->bias || x == 0.0f ? 1 - f->bias : exponent - 1;
        /* Counting in units of the last place includes the hidden bit, so a carry steps the exponent. */
        const int units =
            exponent > 64 ? 1 << 10 : (int)rintf(ldexpf(fabsf(x), f->mantissa - exponent));
        code = ((exponent + f->bias - 1) << f->mantissa) + units;
    }
    if (code > f->largest) {
        if (!saturate)
            return f->has_negative_zero ? (uint8_t)(sign | f->over) : f->over;
        code = f->largest;
    }
    if (!f->has_negative_zero && code == 0)
        return 0;
    return (uint8_t)(sign | code);
}
