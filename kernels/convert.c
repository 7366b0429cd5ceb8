/* Conversions between float and the two 16-bit formats. */
#include "kernels/convert.h"

#include "kernels/isa.h"

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* A half denormal is its mantissa times 2^-24; everything else is a matter of moving the fields. */
static inline float widen_half(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31,
                   mantissa = h & 0x3ff;
    if (exponent == 31)
        return float_of(sign | 0x7f800000 | mantissa << 13 | (mantissa ? 0x00400000 : 0));
    if (exponent == 0)
        return float_of(sign | bits_of((float)mantissa * 0x1.0p-24f));
    return float_of(sign | (exponent + 112) << 23 | mantissa << 13);
}

/* Adding half of the last kept place, less one if it is even, rounds to even and carries into the
 * exponent. Below 2^-14 the addition of 0.5 puts the rounding point where half denormals do. */
static inline uint16_t narrow_half(float x)
{
    const uint32_t bits = bits_of(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x477ff000) /* 65520, half way between the largest half and the next */
        return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) /* 2^-14 */
        return (uint16_t)(sign | (bits_of(float_of(magnitude) + 0.5f) - 0x3f000000));
    return (uint16_t)(sign | (magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13);
}

#if defined(KAON_ISA_SCALAR)
static inline void widen_block(float *y, const uint16_t *x)
{
    for (int i = 0; i < 8; i++)
        y[i] = widen_half(x[i]);
}

static inline void narrow_block(uint16_t *y, const float *x)
{
    for (int i = 0; i < 8; i++)
        y[i] = narrow_half(x[i]);
}
#else
static inline void widen_block(float *y, const uint16_t *x)
{
    _mm256_storeu_ps(y, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)x)));
}

static inline void narrow_block(uint16_t *y, const float *x)
{
    _mm_storeu_si128((__m128i *)y, _mm256_cvtps_ph(_mm256_loadu_ps(x),
                                                   _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
#endif

void KAON_K(kaon_f32_from_f16)(float *y, const uint16_t *x, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        widen_block(y + i, x + i);
    for (; i < n; i++)
        y[i] = widen_half(x[i]);
}

void KAON_K(kaon_f16_from_f32)(uint16_t *y, const float *x, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        narrow_block(y + i, x + i);
    for (; i < n; i++)
        y[i] = narrow_half(x[i]);
}

/* Signalling NaNs are made quiet here too, as the half conversions do. */
void KAON_K(kaon_f32_from_bf16)(float *y, const uint16_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = (uint32_t)x[i] << 16;
        y[i] = float_of(bits | ((bits & 0x7fffffff) > 0x7f800000 ? 0x00400000 : 0));
    }
}

void KAON_K(kaon_bf16_from_f32)(uint16_t *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_of(x[i]);
        const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        y[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : rounded);
    }
}
