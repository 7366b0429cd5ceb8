#include "tools/model/element.h"

#include <math.h>
#include <string.h>

/* Floats narrower than 32 bits. */
struct narrow {
    enum kaon_type type;
    int exponent_bits, mantissa_bits, bias;
    enum { IEEE, NO_INFINITY, ONE_NAN, FINITE } special; /* what the ends of the range stand for */
};

static const struct narrow narrow[] = {
    { KAON_F16, 5, 10, 15, IEEE },           { KAON_BF16, 8, 7, 127, IEEE },
    { KAON_F8E4M3FN, 4, 3, 7, NO_INFINITY }, /* all ones: NaN */
    { KAON_F8E4M3FNUZ, 4, 3, 8, ONE_NAN },   /* minus zero: NaN */
    { KAON_F8E5M2, 5, 2, 15, IEEE },         { KAON_F8E5M2FNUZ, 5, 2, 16, ONE_NAN },
    { KAON_F4E2M1, 2, 1, 1, FINITE },
};

static const struct narrow *narrow_of(enum kaon_type type)
{
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++)
        if (narrow[i].type == type)
            return &narrow[i];
    return NULL;
}

static double widen(const struct narrow *f, unsigned bits)
{
    const unsigned top = (1u << f->exponent_bits) - 1, ones = (1u << f->mantissa_bits) - 1;
    const unsigned mantissa = bits & ones, exponent = bits >> f->mantissa_bits & top;
    const bool negative = bits >> (f->mantissa_bits + f->exponent_bits) & 1;
    double v;

    if (f->special == ONE_NAN && negative && !exponent && !mantissa)
        return (double)NAN;
    if (f->special == IEEE && exponent == top)
        v = mantissa ? (double)NAN : (double)INFINITY;
    else if (f->special == NO_INFINITY && exponent == top && mantissa == ones)
        v = (double)NAN;
    else if (exponent)
        v = ldexp(mantissa + ones + 1, (int)exponent - f->bias - f->mantissa_bits);
    else
        v = ldexp(mantissa, 1 - f->bias - f->mantissa_bits);
    return negative ? -v : v;
}

/* The element's bytes in the low end of an integer; x86 is little-endian. */
static uint64_t bits_at(const struct kaon_tensor *t, size_t i, size_t size)
{
    uint64_t bits = 0;
    memcpy(&bits, (const char *)t->data + i * size, size);
    return bits;
}

double kaon_element(const struct kaon_tensor *t, size_t i)
{
    const struct narrow *f = narrow_of(t->type);
    const size_t size = kaon_type_bytes(t->type);
    float f32;
    double f64;

    if (!size || size > 8)
        return 0;
    const uint64_t bits = bits_at(t, i, size);
    const int unused = 64 - 8 * (int)size;
    switch (t->type) {
    case KAON_F32:
        memcpy(&f32, &bits, sizeof f32);
        return f32;
    case KAON_F64:
        memcpy(&f64, &bits, sizeof f64);
        return f64;
    case KAON_I8:
    case KAON_I16:
    case KAON_I32:
    case KAON_I64:
        return (double)((int64_t)(bits << unused) >> unused);
    case KAON_I4:
    case KAON_I2:
        return (double)(int8_t)bits;
    case KAON_F8E8M0:
        return bits == 0xff ? (double)NAN : ldexp(1.0, (int)bits - 127);
    default:
        return f ? widen(f, (unsigned)bits) : (double)bits;
    }
}

/* Sum of four uniform numbers of 16 bits, centred and scaled: exact, so the same everywhere. */
static double bell(uint64_t bits)
{
    double sum = 0;
    for (int i = 0; i < 4; i++, bits >>= 16)
        sum += (double)(bits & 0xffff) / 65536;
    return (sum - 2) * 1.7320508; /* variance of a uniform number: 1/12 */
}

bool kaon_element_random(struct kaon_tensor *t, size_t i, uint64_t bits)
{
    const struct narrow *f = narrow_of(t->type);
    const size_t size = kaon_type_bytes(t->type);
    char *to = (char *)t->data + i * size;
    const float f32 = (float)bell(bits);
    const double f64 = bell(bits);
    uint64_t whole = (bits >> 32) * 10 >> 32;

    if (!size || size > 8)
        return false;
    if (f) {
        const uint64_t exponent = (uint64_t)f->bias - bits % 3, sign = bits >> 8 & 1;
        whole = (sign << f->exponent_bits | exponent) << f->mantissa_bits |
                (bits >> 32 & ((1u << f->mantissa_bits) - 1));
    } else if (t->type == KAON_F8E8M0) {
        whole = 127 - bits % 3;
    } else if (t->type == KAON_U4 || t->type == KAON_I4) {
        whole = (bits >> 32) % 8;
    } else if (t->type == KAON_U2 || t->type == KAON_I2) {
        whole = bits >> 63;
    } else if (t->type == KAON_BOOL) {
        whole = bits >> 63;
    } else if (t->type == KAON_F32) {
        memcpy(&whole, &f32, sizeof f32);
    } else if (t->type == KAON_F64) {
        memcpy(&whole, &f64, sizeof f64);
    }
    memcpy(to, &whole, size);
    return true;
}
