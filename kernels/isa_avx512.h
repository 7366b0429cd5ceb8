/* Sixteen lanes in one zmm. Included by kernels/isa.h only; each operation's meaning is written in
 * kernels/isa_scalar.h. */
#include <immintrin.h>

typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

static inline vf v_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline vf v_lane_numbers(void)
{
    return _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

static inline vf v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline vf v_load_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

static inline vf v_load_bf16(const uint16_t *p)
{
    const __m512i x = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(x, 16));
}

static inline vf v_load_quads(const float *p0, const float *p1, const float *p2, const float *p3)
{
    const __m512 x =
        _mm512_insertf32x4(_mm512_castps128_ps512(_mm_loadu_ps(p0)), _mm_loadu_ps(p1), 1);
    return _mm512_insertf32x4(_mm512_insertf32x4(x, _mm_loadu_ps(p2), 2), _mm_loadu_ps(p3), 3);
}

static inline void v_store(float *p, vf x)
{
    _mm512_storeu_ps(p, x);
}

static inline vf v_load_part(const float *p, size_t n, vf fill)
{
    return _mm512_mask_loadu_ps(fill, (__mmask16)((1u << n) - 1), p);
}

static inline void v_store_part(float *p, vf x, size_t n)
{
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x);
}

static inline vf v_alternate(float even, float odd)
{
    return _mm512_setr4_ps(even, odd, even, odd);
}

static inline vf v_swap_pairs(vf x)
{
    return _mm512_permute_ps(x, 0xb1);
}

static inline vf v_load_twice(const float *p, size_t n)
{
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const __mmask16 real = (__mmask16)(n >= 8 ? 0xff : (1u << n) - 1);
    return _mm512_permutexvar_ps(twice, _mm512_maskz_loadu_ps(real, p));
}

static inline vf v_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}

static inline vf v_sub(vf a, vf b)
{
    return _mm512_sub_ps(a, b);
}

static inline vf v_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}

static inline vf v_div(vf a, vf b)
{
    return _mm512_div_ps(a, b);
}

static inline vf v_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vf v_fnma(vf a, vf b, vf c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

static inline vf v_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}

static inline vf v_min(vf a, vf b)
{
    return _mm512_min_ps(a, b);
}

static inline vf v_sqrt(vf x)
{
    return _mm512_sqrt_ps(x);
}

static inline vf v_round(vf x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline vf v_floor(vf x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}

static inline vf v_ceil(vf x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}

static inline vm v_lt(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

static inline vm v_not_lt(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ);
}

static inline bool v_none_lt(vf a, vf b)
{
    return v_lt(a, b) == 0;
}

static inline vm v_eq(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}

static inline vm v_unordered(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q);
}

static inline vf v_select(vm m, vf a, vf b)
{
    return _mm512_mask_blend_ps(m, b, a);
}

static inline vf v_keep(vm m, vf x)
{
    return _mm512_maskz_mov_ps(m, x);
}

static inline vi i_set(int32_t x)
{
    return _mm512_set1_epi32(x);
}

static inline vi v_as_i(vf x)
{
    return _mm512_castps_si512(x);
}

static inline vf i_as_v(vi x)
{
    return _mm512_castsi512_ps(x);
}

static inline vi i_add(vi a, vi b)
{
    return _mm512_add_epi32(a, b);
}

static inline vi i_sub(vi a, vi b)
{
    return _mm512_sub_epi32(a, b);
}

static inline vi i_and(vi a, vi b)
{
    return _mm512_and_si512(a, b);
}

static inline vi i_or(vi a, vi b)
{
    return _mm512_or_si512(a, b);
}

static inline vi i_xor(vi a, vi b)
{
    return _mm512_xor_si512(a, b);
}

static inline vi i_sar23(vi a)
{
    return _mm512_srai_epi32(a, 23);
}

static inline vf v_from_i(vi a)
{
    return _mm512_cvtepi32_ps(a);
}

static inline vf v_scale(vf x, vf n)
{
    return _mm512_scalef_ps(x, n);
}

static inline vf v_scale_if(vm m, vf x, vf n)
{
    return _mm512_maskz_scalef_ps(m, x, n);
}

static inline vm m_bytes(const uint8_t *p, size_t n)
{
    const __mmask16 first = (__mmask16)(n >= 16 ? 0xffff : (1u << n) - 1);
    const __m128i bytes = _mm_maskz_loadu_epi8(first, p);
    return _mm_test_epi8_mask(bytes, bytes);
}

enum { V_SHRINK_CLEARS = 1 };
static inline vf v_shrink(vf x, vf n)
{
    const vm normal = _mm512_cmp_ps_mask(n, _mm512_set1_ps(-126.0f), _CMP_NLT_UQ);
    return _mm512_maskz_scalef_ps(normal, x, n);
}

static inline vf v_max_if(vm m, vf a, vf b)
{
    return _mm512_mask_max_ps(a, m, a, b);
}

static inline vm v_not_lt_if(vm m, vf a, vf b)
{
    return _mm512_mask_cmp_ps_mask(m, a, b, _CMP_NLT_UQ);
}

static inline vm m_first(size_t n, int group)
{
    const uint32_t first = (1u << n) - 1;
    return (__mmask16)(group == 16 ? first : group == 8 ? first * 0x101 : first * 0x1111);
}

static inline vf v_load_groups(const float *p, size_t stride, int group)
{
    if (group == 16)
        return _mm512_loadu_ps(p);
    if (group == 8)
        return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(p)),
                                  _mm256_loadu_ps(p + 8 * stride), 1);
    const __m256 lo = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)),
                                           _mm_loadu_ps(p + 4 * stride), 1);
    const __m256 hi = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + 8 * stride)),
                                           _mm_loadu_ps(p + 12 * stride), 1);
    return _mm512_insertf32x8(_mm512_castps256_ps512(lo), hi, 1);
}

static inline vf v_set_groups(const float *p, int group)
{
    vf r = _mm512_set1_ps(p[0]);
    if (group == 8)
        return _mm512_mask_blend_ps(0xff00, r, _mm512_set1_ps(p[8]));
    if (group == 4) {
        r = _mm512_mask_blend_ps(0x00f0, r, _mm512_set1_ps(p[4]));
        r = _mm512_mask_blend_ps(0x0f00, r, _mm512_set1_ps(p[8]));
        r = _mm512_mask_blend_ps(0xf000, r, _mm512_set1_ps(p[12]));
    }
    return r;
}

static inline vf v_load_group(const float *p, int group)
{
    return group == 16  ? _mm512_loadu_ps(p)
           : group == 8 ? _mm512_zextps256_ps512(_mm256_loadu_ps(p))
                        : _mm512_zextps128_ps512(_mm_loadu_ps(p));
}

static inline void v_store_group(float *p, vf x, int group)
{
    if (group == 16)
        _mm512_storeu_ps(p, x);
    else if (group == 8)
        _mm256_storeu_ps(p, _mm512_castps512_ps256(x));
    else
        _mm_storeu_ps(p, _mm512_castps512_ps128(x));
}

static inline __attribute__((always_inline)) vf v_join(vf a, vf b, int half, vf (*op)(vf, vf))
{
    if (half == 8)
        return op(_mm512_mask_blend_ps(0xff00, a, b), _mm512_shuffle_f32x4(a, b, 0x4e));
    if (half == 4)
        return op(_mm512_mask_blend_ps(0xf0f0, a, b),
                  _mm512_permutex2var_ps(
                      a,
                      _mm512_setr_epi32(4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 24, 25, 26, 27),
                      b));
    if (half == 2)
        return op(_mm512_mask_blend_ps(0xcccc, a, b), _mm512_shuffle_ps(a, b, 0x4e));
    return op(
        _mm512_mask_blend_ps(0xaaaa, a, b),
        _mm512_permutex2var_ps(
            a, _mm512_setr_epi32(1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30), b));
}

static inline vf v_group(vf x, int index, int group)
{
    if (group == 8)
        return index == 0 ? _mm512_maskz_mov_ps(0x00ff, x)
                          : _mm512_maskz_shuffle_f32x4(0x00ff, x, x, 0x4e);
    if (group == 4)
        return index == 0   ? _mm512_maskz_mov_ps(0x000f, x)
               : index == 1 ? _mm512_maskz_shuffle_f32x4(0x000f, x, x, 0x01)
               : index == 2 ? _mm512_maskz_shuffle_f32x4(0x000f, x, x, 0x02)
                            : _mm512_maskz_shuffle_f32x4(0x000f, x, x, 0x03);
    return x;
}

static inline void v_stream(float *p, vf x)
{
    _mm512_stream_ps(p, x);
}

static inline void v_stream_end(void)
{
    _mm_sfence();
}

static inline uint32_t m_bits(vm m)
{
    return m;
}

static inline void v_store_bytes(uint8_t *p, vf x, size_t n)
{
    _mm512_mask_cvtepi32_storeu_epi8(p, (__mmask16)((1u << n) - 1), _mm512_cvtps_epi32(x));
}

static inline vf v_gather(const float *p, vf index)
{
    return _mm512_i32gather_ps(_mm512_cvtps_epi32(index), p, 4);
}

static inline vf v_scale_normal(vf x, vf n)
{
    return _mm512_scalef_ps(x, n);
}

static inline float v_first(vf x)
{
    return _mm512_cvtss_f32(x);
}

static inline __attribute__((always_inline)) vf v_fold(vf x, vf (*op)(vf, vf))
{
    x = op(x, _mm512_shuffle_f32x4(x, x, 0x4e));
    x = op(x, _mm512_shuffle_f32x4(x, x, 0xb1));
    x = op(x, _mm512_permute_ps(x, 0x4e));
    return op(x, _mm512_permute_ps(x, 0xb1));
}

static inline vf v_even_pairs(vf a, vf b)
{
    return _mm512_unpacklo_ps(a, b);
}

static inline vf v_odd_pairs(vf a, vf b)
{
    return _mm512_unpackhi_ps(a, b);
}

static inline vf v_low_halves(vf a, vf b)
{
    return _mm512_shuffle_ps(a, b, 0x44);
}

static inline vf v_high_halves(vf a, vf b)
{
    return _mm512_shuffle_ps(a, b, 0xee);
}

static inline vi i_load(const void *p)
{
    return _mm512_loadu_si512(p);
}

static inline void i_store_n(int32_t *p, vi x, size_t n)
{
    const __mmask16 m = n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
    _mm512_mask_storeu_epi32(p, m, x);
}

static inline vi i_load_n(const int32_t *p, size_t n)
{
    const __mmask16 m = n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
    return _mm512_maskz_loadu_epi32(m, p);
}

static inline vi i_mul(vi a, vi b)
{
    return _mm512_mullo_epi32(a, b);
}

static inline vi i_srl4(vi a)
{
    return _mm512_srli_epi32(a, 4);
}

static inline vi i_srl8(vi a)
{
    return _mm512_srli_epi32(a, 8);
}

static inline vi i_even_u8(vi a)
{
    return _mm512_and_si512(a, _mm512_set1_epi16(0x00ff));
}

static inline vi i_odd_u8(vi a)
{
    return _mm512_srli_epi16(a, 8);
}

static inline vi i_even_s8(vi a)
{
    return _mm512_srai_epi16(_mm512_slli_epi16(a, 8), 8);
}

static inline vi i_odd_s8(vi a)
{
    return _mm512_srai_epi16(a, 8);
}

static inline vi i_madd_16(vi a, vi b)
{
    return _mm512_madd_epi16(a, b);
}

static inline vi i_load_u8(const uint8_t *p)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}
