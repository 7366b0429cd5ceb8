/* Sixteen lanes in two ymm. Included by kernels/isa.h only; each operation's meaning is written in
 * kernels/isa_scalar.h. */
#include <immintrin.h>

typedef struct {
    __m256 lo, hi;
} vf;
typedef struct {
    __m256i lo, hi;
} vi;
typedef vf vm;

static inline vf v_set(float x)
{
    return (vf){ _mm256_set1_ps(x), _mm256_set1_ps(x) };
}

static inline vf v_lane_numbers(void)
{
    return (vf){ _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7),
                 _mm256_setr_ps(8, 9, 10, 11, 12, 13, 14, 15) };
}

static inline vf v_load(const float *p)
{
    return (vf){ _mm256_loadu_ps(p), _mm256_loadu_ps(p + 8) };
}

static inline vf v_load_f16(const uint16_t *p)
{
    return (vf){ _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)),
                 _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + 8))) };
}

static inline __m256 v_load_bf16_half(const uint16_t *p)
{
    const __m256i x = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(x, 16));
}

static inline vf v_load_bf16(const uint16_t *p)
{
    return (vf){ v_load_bf16_half(p), v_load_bf16_half(p + 8) };
}

static inline vf v_load_quads(const float *p0, const float *p1, const float *p2, const float *p3)
{
    const __m256 lo = _mm256_castps128_ps256(_mm_loadu_ps(p0));
    const __m256 hi = _mm256_castps128_ps256(_mm_loadu_ps(p2));
    return (vf){ _mm256_insertf128_ps(lo, _mm_loadu_ps(p1), 1),
                 _mm256_insertf128_ps(hi, _mm_loadu_ps(p3), 1) };
}

static inline void v_store(float *p, vf x)
{
    _mm256_storeu_ps(p, x.lo);
    _mm256_storeu_ps(p + 8, x.hi);
}

/* lanes from..from+7 that lie below n, all ones */
static inline __m256i v_part_mask(size_t n, int from)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n - from), lane);
}

static inline vf v_load_part(const float *p, size_t n, vf fill)
{
    const __m256i lo = v_part_mask(n, 0), hi = v_part_mask(n, 8);
    return (vf){
        _mm256_blendv_ps(fill.lo, _mm256_maskload_ps(p, lo), _mm256_castsi256_ps(lo)),
        _mm256_blendv_ps(fill.hi, n > 8 ? _mm256_maskload_ps(p + 8, hi) : _mm256_setzero_ps(),
                         _mm256_castsi256_ps(hi)),
    };
}

static inline void v_store_part(float *p, vf x, size_t n)
{
    _mm256_maskstore_ps(p, v_part_mask(n, 0), x.lo);
    if (n > 8)
        _mm256_maskstore_ps(p + 8, v_part_mask(n, 8), x.hi);
}

static inline vf v_alternate(float even, float odd)
{
    const __m256 x = _mm256_setr_ps(even, odd, even, odd, even, odd, even, odd);
    return (vf){ x, x };
}

static inline vf v_swap_pairs(vf x)
{
    return (vf){ _mm256_permute_ps(x.lo, 0xb1), _mm256_permute_ps(x.hi, 0xb1) };
}

static inline vf v_load_twice(const float *p, size_t n)
{
    const __m256 x = n >= 8 ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, v_part_mask(n, 0));
    const __m256 lo = _mm256_unpacklo_ps(x, x), hi = _mm256_unpackhi_ps(x, x);
    return (vf){ _mm256_permute2f128_ps(lo, hi, 0x20), _mm256_permute2f128_ps(lo, hi, 0x31) };
}

static inline vf v_add(vf a, vf b)
{
    return (vf){ _mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi) };
}

static inline vf v_sub(vf a, vf b)
{
    return (vf){ _mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi) };
}

static inline vf v_mul(vf a, vf b)
{
    return (vf){ _mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi) };
}

static inline vf v_div(vf a, vf b)
{
    return (vf){ _mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi) };
}

static inline vf v_fma(vf a, vf b, vf c)
{
    return (vf){ _mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi) };
}

static inline vf v_fnma(vf a, vf b, vf c)
{
    return (vf){ _mm256_fnmadd_ps(a.lo, b.lo, c.lo), _mm256_fnmadd_ps(a.hi, b.hi, c.hi) };
}

static inline vf v_max(vf a, vf b)
{
    return (vf){ _mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi) };
}

static inline vf v_min(vf a, vf b)
{
    return (vf){ _mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi) };
}

static inline vf v_sqrt(vf x)
{
    return (vf){ _mm256_sqrt_ps(x.lo), _mm256_sqrt_ps(x.hi) };
}

static inline vf v_round(vf x)
{
    return (vf){ _mm256_round_ps(x.lo, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                 _mm256_round_ps(x.hi, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC) };
}

static inline vf v_floor(vf x)
{
    return (vf){ _mm256_floor_ps(x.lo), _mm256_floor_ps(x.hi) };
}

static inline vf v_ceil(vf x)
{
    return (vf){ _mm256_ceil_ps(x.lo), _mm256_ceil_ps(x.hi) };
}

static inline vm v_lt(vf a, vf b)
{
    return (vm){ _mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ) };
}

static inline vm v_not_lt(vf a, vf b)
{
    return (vm){ _mm256_cmp_ps(a.lo, b.lo, _CMP_NLT_UQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_NLT_UQ) };
}

static inline bool v_none_lt(vf a, vf b)
{
    const vm m = v_lt(a, b);
    return _mm256_testz_ps(_mm256_or_ps(m.lo, m.hi), _mm256_or_ps(m.lo, m.hi));
}

static inline vm v_eq(vf a, vf b)
{
    return (vm){ _mm256_cmp_ps(a.lo, b.lo, _CMP_EQ_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_EQ_OQ) };
}

static inline vm v_unordered(vf a, vf b)
{
    return (vm){ _mm256_cmp_ps(a.lo, b.lo, _CMP_UNORD_Q), _mm256_cmp_ps(a.hi, b.hi, _CMP_UNORD_Q) };
}

static inline vf v_select(vm m, vf a, vf b)
{
    return (vf){ _mm256_blendv_ps(b.lo, a.lo, m.lo), _mm256_blendv_ps(b.hi, a.hi, m.hi) };
}

static inline vf v_keep(vm m, vf x)
{
    return (vf){ _mm256_and_ps(m.lo, x.lo), _mm256_and_ps(m.hi, x.hi) };
}

static inline vi i_set(int32_t x)
{
    return (vi){ _mm256_set1_epi32(x), _mm256_set1_epi32(x) };
}

static inline vi v_as_i(vf x)
{
    return (vi){ _mm256_castps_si256(x.lo), _mm256_castps_si256(x.hi) };
}

static inline vf i_as_v(vi x)
{
    return (vf){ _mm256_castsi256_ps(x.lo), _mm256_castsi256_ps(x.hi) };
}

static inline vi i_add(vi a, vi b)
{
    return (vi){ _mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi) };
}

static inline vi i_sub(vi a, vi b)
{
    return (vi){ _mm256_sub_epi32(a.lo, b.lo), _mm256_sub_epi32(a.hi, b.hi) };
}

static inline vi i_and(vi a, vi b)
{
    return (vi){ _mm256_and_si256(a.lo, b.lo), _mm256_and_si256(a.hi, b.hi) };
}

static inline vi i_or(vi a, vi b)
{
    return (vi){ _mm256_or_si256(a.lo, b.lo), _mm256_or_si256(a.hi, b.hi) };
}

static inline vi i_xor(vi a, vi b)
{
    return (vi){ _mm256_xor_si256(a.lo, b.lo), _mm256_xor_si256(a.hi, b.hi) };
}

static inline vi i_sar23(vi a)
{
    return (vi){ _mm256_srai_epi32(a.lo, 23), _mm256_srai_epi32(a.hi, 23) };
}

static inline vf v_from_i(vi a)
{
    return (vf){ _mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi) };
}

static inline __m256 v_scale_half(__m256 x, __m256 n)
{
    const __m256i e = _mm256_cvtps_epi32(n), bias = _mm256_set1_epi32(127);
    const __m256i half = _mm256_srai_epi32(e, 1);
    const __m256i a = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    const __m256i b = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(e, half), bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(x, _mm256_castsi256_ps(a)), _mm256_castsi256_ps(b));
}

static inline vf v_scale(vf x, vf n)
{
    return (vf){ v_scale_half(x.lo, n.lo), v_scale_half(x.hi, n.hi) };
}

/* (x * 2^(n - s)) * 2^s, where s is 1, and -64 where the result may be denormal. Adding 1.5 * 2^23
 * + 254 leaves the integer n + 254 in the low bits; what is above falls off in the shift. n outside
 * m is taken as 0: the factors of other numbers could be denormal, which is slow. */
static inline __m256 v_scale_if_half(__m256 m, __m256 x, __m256 n)
{
    n = _mm256_and_ps(m, n);
    const __m256i e = _mm256_castps_si256(_mm256_add_ps(n, _mm256_set1_ps(0x1.8p23f + 254.0f)));
    const __m256 low = _mm256_cmp_ps(n, _mm256_set1_ps(-100.0f), _CMP_LT_OQ);
    const __m256i b =
        _mm256_sub_epi32(_mm256_set1_epi32(0x40000000),
                         _mm256_and_si256(_mm256_castps_si256(low), _mm256_set1_epi32(65 << 23)));
    const __m256i a = _mm256_sub_epi32(_mm256_slli_epi32(e, 23), b);
    x = _mm256_mul_ps(_mm256_mul_ps(x, _mm256_castsi256_ps(a)), _mm256_castsi256_ps(b));
    return _mm256_and_ps(m, x);
}

static inline vf v_scale_if(vm m, vf x, vf n)
{
    return (vf){ v_scale_if_half(m.lo, x.lo, n.lo), v_scale_if_half(m.hi, x.hi, n.hi) };
}

static inline vm m_bytes(const uint8_t *p, size_t n)
{
    const __m128i zero = _mm_setzero_si128();
    __m128i bytes = zero;
    if (n >= 16)
        bytes = _mm_loadu_si128((const __m128i *)p);
    else
        memcpy(&bytes, p, n);
    const __m128i set = _mm_xor_si128(_mm_cmpeq_epi8(bytes, zero), _mm_set1_epi8(-1));
    return (vm){ _mm256_castsi256_ps(_mm256_cvtepi8_epi32(set)),
                 _mm256_castsi256_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(set, 8))) };
}

/* The exponent field of 2^n is n + 127: 0, and so the number, for n = -127. */
static inline __m256 v_shrink_half(__m256 x, __m256 n)
{
    n = _mm256_add_ps(_mm256_max_ps(_mm256_set1_ps(-127.0f), n),
                      _mm256_set1_ps(0x1.8p23f + 127.0f));
    return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(n), 23)));
}

enum { V_SHRINK_CLEARS = 0 };
static inline vf v_shrink(vf x, vf n)
{
    return (vf){ v_shrink_half(x.lo, n.lo), v_shrink_half(x.hi, n.hi) };
}

static inline vf v_max_if(vm m, vf a, vf b)
{
    const vf low = v_set(-INFINITY);
    return v_max(a,
                 (vf){ _mm256_or_ps(_mm256_and_ps(m.lo, b.lo), _mm256_andnot_ps(m.lo, low.lo)),
                       _mm256_or_ps(_mm256_and_ps(m.hi, b.hi), _mm256_andnot_ps(m.hi, low.hi)) });
}

static inline vm v_not_lt_if(vm m, vf a, vf b)
{
    return v_keep(m, v_not_lt(a, b));
}

static inline vm m_first(size_t n, int group)
{
    const __m256i first = v_part_mask(n, 0);
    const __m128i quad = _mm256_castsi256_si128(first);
    const __m256i hi = group == 16 ? v_part_mask(n, 8) : first;
    const __m256i twice = _mm256_inserti128_si256(first, quad, 1);
    return (vm){ _mm256_castsi256_ps(group == 4 ? twice : first),
                 _mm256_castsi256_ps(group == 4 ? twice : hi) };
}

static inline vf v_load_groups(const float *p, size_t stride, int group)
{
    if (group == 16)
        return v_load(p);
    if (group == 8)
        return (vf){ _mm256_loadu_ps(p), _mm256_loadu_ps(p + 8 * stride) };
    return (vf){ _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)),
                                      _mm_loadu_ps(p + 4 * stride), 1),
                 _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + 8 * stride)),
                                      _mm_loadu_ps(p + 12 * stride), 1) };
}

static inline vf v_set_groups(const float *p, int group)
{
    if (group == 16)
        return v_set(p[0]);
    if (group == 8)
        return (vf){ _mm256_set1_ps(p[0]), _mm256_set1_ps(p[8]) };
    return (vf){ _mm256_blend_ps(_mm256_set1_ps(p[0]), _mm256_set1_ps(p[4]), 0xf0),
                 _mm256_blend_ps(_mm256_set1_ps(p[8]), _mm256_set1_ps(p[12]), 0xf0) };
}

static inline vf v_load_group(const float *p, int group)
{
    return group == 16  ? v_load(p)
           : group == 8 ? (vf){ _mm256_loadu_ps(p), _mm256_setzero_ps() }
                        : (vf){ _mm256_zextps128_ps256(_mm_loadu_ps(p)), _mm256_setzero_ps() };
}

static inline void v_store_group(float *p, vf x, int group)
{
    if (group == 16)
        v_store(p, x);
    else if (group == 8)
        _mm256_storeu_ps(p, x.lo);
    else
        _mm_storeu_ps(p, _mm256_castps256_ps128(x.lo));
}

static inline vf v_group(vf x, int index, int group)
{
    const __m256 half = index * group < 8 ? x.lo : x.hi;
    if (group == 16)
        return x;
    if (group == 8)
        return (vf){ half, _mm256_setzero_ps() };
    return (vf){ _mm256_zextps128_ps256(index % 2 ? _mm256_extractf128_ps(half, 1)
                                                  : _mm256_castps256_ps128(half)),
                 _mm256_setzero_ps() };
}

/* Half of v_join for the steps inside eight lanes: what meets what. */
static inline void v_join_half(__m256 a, __m256 b, int half, __m256 *x, __m256 *y)
{
    if (half == 4) {
        *x = _mm256_blend_ps(a, b, 0xf0);
        *y = _mm256_permute2f128_ps(a, b, 0x21);
    } else if (half == 2) {
        *x = _mm256_blend_ps(a, b, 0xcc);
        *y = _mm256_shuffle_ps(a, b, 0x4e);
    } else {
        *x = _mm256_blend_ps(a, b, 0xaa);
        *y = _mm256_blend_ps(_mm256_movehdup_ps(a), _mm256_moveldup_ps(b), 0xaa);
    }
}

static inline __attribute__((always_inline)) vf v_join(vf a, vf b, int half, vf (*op)(vf, vf))
{
    vf x = { a.lo, b.lo }, y = { a.hi, b.hi };
    if (half < 8) {
        v_join_half(a.lo, b.lo, half, &x.lo, &y.lo);
        v_join_half(a.hi, b.hi, half, &x.hi, &y.hi);
    }
    return op(x, y);
}

static inline void v_stream(float *p, vf x)
{
    _mm256_stream_ps(p, x.lo);
    _mm256_stream_ps(p + 8, x.hi);
}

static inline void v_stream_end(void)
{
    _mm_sfence();
}

static inline uint32_t m_bits(vm m)
{
    return (uint32_t)_mm256_movemask_ps(m.lo) | (uint32_t)_mm256_movemask_ps(m.hi) << 8;
}

static inline void v_store_bytes(uint8_t *p, vf x, size_t n)
{
    const __m256i words = _mm256_permute4x64_epi64(
        _mm256_packs_epi32(_mm256_cvtps_epi32(x.lo), _mm256_cvtps_epi32(x.hi)), 0xd8);
    const __m128i bytes =
        _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    memcpy(p, &bytes, n);
}

static inline vf v_gather(const float *p, vf index)
{
    return (vf){ _mm256_i32gather_ps(p, _mm256_cvtps_epi32(index.lo), 4),
                 _mm256_i32gather_ps(p, _mm256_cvtps_epi32(index.hi), 4) };
}

static inline __m256 v_scale_normal_half(__m256 x, __m256 n)
{
    n = _mm256_add_ps(n, _mm256_set1_ps(0x1.8p23f + 127.0f));
    return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(n), 23)));
}

static inline vf v_scale_normal(vf x, vf n)
{
    return (vf){ v_scale_normal_half(x.lo, n.lo), v_scale_normal_half(x.hi, n.hi) };
}

static inline float v_first(vf x)
{
    return _mm256_cvtss_f32(x.lo);
}

/* After the first step both halves hold the same, and the compiler keeps one. */
static inline __attribute__((always_inline)) vf v_fold(vf x, vf (*op)(vf, vf))
{
    __m256 y;
    x = op(x, (vf){ x.hi, x.lo });
    y = _mm256_permute2f128_ps(x.lo, x.lo, 0x01);
    x = op((vf){ x.lo, x.lo }, (vf){ y, y });
    y = _mm256_permute_ps(x.lo, 0x4e);
    x = op((vf){ x.lo, x.lo }, (vf){ y, y });
    y = _mm256_permute_ps(x.lo, 0xb1);
    return op((vf){ x.lo, x.lo }, (vf){ y, y });
}

static inline vf v_even_pairs(vf a, vf b)
{
    return (vf){ _mm256_unpacklo_ps(a.lo, b.lo), _mm256_unpacklo_ps(a.hi, b.hi) };
}

static inline vf v_odd_pairs(vf a, vf b)
{
    return (vf){ _mm256_unpackhi_ps(a.lo, b.lo), _mm256_unpackhi_ps(a.hi, b.hi) };
}

static inline vf v_low_halves(vf a, vf b)
{
    return (vf){ _mm256_shuffle_ps(a.lo, b.lo, 0x44), _mm256_shuffle_ps(a.hi, b.hi, 0x44) };
}

static inline vf v_high_halves(vf a, vf b)
{
    return (vf){ _mm256_shuffle_ps(a.lo, b.lo, 0xee), _mm256_shuffle_ps(a.hi, b.hi, 0xee) };
}

static inline vi i_load(const void *p)
{
    const __m256i *q = p;
    return (vi){ _mm256_loadu_si256(q), _mm256_loadu_si256(q + 1) };
}

static inline void i_store_n(int32_t *p, vi x, size_t n)
{
    const size_t count = n < 16 ? n : 16;
    _mm256_maskstore_epi32(p, v_part_mask(count, 0), x.lo);
    if (count > 8)
        _mm256_maskstore_epi32(p + 8, v_part_mask(count, 8), x.hi);
}

static inline vi i_load_n(const int32_t *p, size_t n)
{
    const size_t count = n < 16 ? n : 16;
    return (vi){ _mm256_maskload_epi32(p, v_part_mask(count, 0)),
                 count > 8 ? _mm256_maskload_epi32(p + 8, v_part_mask(count, 8))
                           : _mm256_setzero_si256() };
}

static inline vi i_mul(vi a, vi b)
{
    return (vi){ _mm256_mullo_epi32(a.lo, b.lo), _mm256_mullo_epi32(a.hi, b.hi) };
}

static inline vi i_srl4(vi a)
{
    return (vi){ _mm256_srli_epi32(a.lo, 4), _mm256_srli_epi32(a.hi, 4) };
}

static inline vi i_srl8(vi a)
{
    return (vi){ _mm256_srli_epi32(a.lo, 8), _mm256_srli_epi32(a.hi, 8) };
}

static inline vi i_even_u8(vi a)
{
    return (vi){ _mm256_and_si256(a.lo, _mm256_set1_epi16(0x00ff)),
                 _mm256_and_si256(a.hi, _mm256_set1_epi16(0x00ff)) };
}

static inline vi i_odd_u8(vi a)
{
    return (vi){ _mm256_srli_epi16(a.lo, 8), _mm256_srli_epi16(a.hi, 8) };
}

static inline vi i_even_s8(vi a)
{
    return (vi){ _mm256_srai_epi16(_mm256_slli_epi16(a.lo, 8), 8),
                 _mm256_srai_epi16(_mm256_slli_epi16(a.hi, 8), 8) };
}

static inline vi i_odd_s8(vi a)
{
    return (vi){ _mm256_srai_epi16(a.lo, 8), _mm256_srai_epi16(a.hi, 8) };
}

static inline vi i_madd_16(vi a, vi b)
{
    return (vi){ _mm256_madd_epi16(a.lo, b.lo), _mm256_madd_epi16(a.hi, b.hi) };
}

static inline vi i_load_u8(const uint8_t *p)
{
    return (vi){ _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)),
                 _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(p + 8))) };
}
