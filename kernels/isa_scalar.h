/* Sixteen lanes in plain C: the form the others are compared with. Included by kernels/isa.h only.
 *
 * fmaf, rintf, floorf, ceilf and sqrtf are exact by definition, so it does not matter which libm
 * supplies them. */
typedef struct {
    float l[16];
} vf;
typedef struct {
    uint32_t l[16]; /* unsigned: wraps as vectors do */
} vi;
typedef struct {
    uint32_t l[16]; /* all ones or zero */
} vm;

static inline vf v_set(float x)
{
    vf r;
    for (int i = 0; i < 16; i++)
        r.l[i] = x;
    return r;
}

/* 0, 1 .. 15 */
static inline vf v_lane_numbers(void)
{
    vf r;
    for (int i = 0; i < 16; i++)
        r.l[i] = (float)i;
    return r;
}

static inline vf v_load(const float *p)
{
    vf r;
    memcpy(r.l, p, sizeof r.l);
    return r;
}

/* sixteen halves, widened; the multiplication is exact and takes denormals along */
static inline vf v_load_f16(const uint16_t *p)
{
    vf r;
    for (int i = 0; i < 16; i++) {
        const uint32_t magnitude = (uint32_t)(p[i] & 0x7fff) << 13;
        const uint32_t sign = (uint32_t)(p[i] & 0x8000) << 16, special = 0x7c00u << 13;
        const uint32_t bits = magnitude >= special ? magnitude | 0x7f800000 : magnitude;
        union {
            uint32_t bits;
            float value;
        } x = { bits };
        if (magnitude < special)
            x.value *= 0x1.0p112f;
        x.bits |= sign;
        r.l[i] = x.value;
    }
    return r;
}

/* sixteen bfloat16, widened; a signalling NaN stays one */
static inline vf v_load_bf16(const uint16_t *p)
{
    vf r;
    for (int i = 0; i < 16; i++) {
        const uint32_t bits = (uint32_t)p[i] << 16;
        memcpy(&r.l[i], &bits, sizeof bits);
    }
    return r;
}

/* four floats from each address */
static inline vf v_load_quads(const float *p0, const float *p1, const float *p2, const float *p3)
{
    vf r;
    memcpy(r.l, p0, 16);
    memcpy(r.l + 4, p1, 16);
    memcpy(r.l + 8, p2, 16);
    memcpy(r.l + 12, p3, 16);
    return r;
}

static inline void v_store(float *p, vf x)
{
    memcpy(p, x.l, sizeof x.l);
}

static inline vf v_load_part(const float *p, size_t n, vf fill)
{
    for (size_t i = 0; i < n; i++)
        fill.l[i] = p[i];
    return fill;
}

static inline void v_store_part(float *p, vf x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = x.l[i];
}

/* even, odd, even, odd, ... */
static inline vf v_alternate(float even, float odd)
{
    vf x;
    for (int i = 0; i < 16; i++)
        x.l[i] = i % 2 ? odd : even;
    return x;
}

/* Each pair of lanes (2i, 2i + 1) exchanged. */
static inline vf v_swap_pairs(vf x)
{
    vf y;
    for (int i = 0; i < 16; i++)
        y.l[i] = x.l[i ^ 1];
    return y;
}

/* p[0], p[0], p[1], p[1], ...: the first min(n, 8) of p, zeros after. */
static inline vf v_load_twice(const float *p, size_t n)
{
    vf x;
    for (size_t i = 0; i < 16; i++)
        x.l[i] = i / 2 < n ? p[i / 2] : 0.0f;
    return x;
}

static inline vf v_add(vf a, vf b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] += b.l[i];
    return a;
}

static inline vf v_sub(vf a, vf b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] -= b.l[i];
    return a;
}

static inline vf v_mul(vf a, vf b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] *= b.l[i];
    return a;
}

static inline vf v_div(vf a, vf b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] /= b.l[i];
    return a;
}

/* a * b + c, rounded once */
static inline vf v_fma(vf a, vf b, vf c)
{
    for (int i = 0; i < 16; i++)
        c.l[i] = fmaf(a.l[i], b.l[i], c.l[i]);
    return c;
}

/* c - a * b, rounded once */
static inline vf v_fnma(vf a, vf b, vf c)
{
    for (int i = 0; i < 16; i++)
        c.l[i] = fmaf(-a.l[i], b.l[i], c.l[i]);
    return c;
}

/* a > b ? a : b, so b where either is NaN or both are zeros */
static inline vf v_max(vf a, vf b)
{
    for (int i = 0; i < 16; i++)
        b.l[i] = a.l[i] > b.l[i] ? a.l[i] : b.l[i];
    return b;
}

/* a < b ? a : b, so b where either is NaN or both are zeros */
static inline vf v_min(vf a, vf b)
{
    for (int i = 0; i < 16; i++)
        b.l[i] = a.l[i] < b.l[i] ? a.l[i] : b.l[i];
    return b;
}

static inline vf v_sqrt(vf x)
{
    for (int i = 0; i < 16; i++)
        x.l[i] = sqrtf(x.l[i]);
    return x;
}

/* to the nearest integer, halves to even */
static inline vf v_round(vf x)
{
    for (int i = 0; i < 16; i++)
        x.l[i] = rintf(x.l[i]);
    return x;
}

static inline vf v_floor(vf x)
{
    for (int i = 0; i < 16; i++)
        x.l[i] = floorf(x.l[i]);
    return x;
}

static inline vf v_ceil(vf x)
{
    for (int i = 0; i < 16; i++)
        x.l[i] = ceilf(x.l[i]);
    return x;
}

static inline vm v_lt(vf a, vf b)
{
    vm m;
    for (int i = 0; i < 16; i++)
        m.l[i] = a.l[i] < b.l[i] ? UINT32_MAX : 0;
    return m;
}

/* true where either is NaN */
static inline vm v_not_lt(vf a, vf b)
{
    vm m;
    for (int i = 0; i < 16; i++)
        m.l[i] = a.l[i] < b.l[i] ? 0 : UINT32_MAX;
    return m;
}

/* No lane of a is below that of b. */
static inline bool v_none_lt(vf a, vf b)
{
    for (int i = 0; i < 16; i++)
        if (a.l[i] < b.l[i])
            return false;
    return true;
}

static inline vm v_eq(vf a, vf b)
{
    vm m;
    for (int i = 0; i < 16; i++)
        m.l[i] = a.l[i] == b.l[i] ? UINT32_MAX : 0;
    return m;
}

static inline vm v_unordered(vf a, vf b)
{
    vm m;
    for (int i = 0; i < 16; i++)
        m.l[i] = a.l[i] != a.l[i] || b.l[i] != b.l[i] ? UINT32_MAX : 0;
    return m;
}

/* m ? a : b */
static inline vf v_select(vm m, vf a, vf b)
{
    for (int i = 0; i < 16; i++)
        b.l[i] = m.l[i] ? a.l[i] : b.l[i];
    return b;
}

/* m ? x : 0 */
static inline vf v_keep(vm m, vf x)
{
    for (int i = 0; i < 16; i++)
        x.l[i] = m.l[i] ? x.l[i] : 0.0f;
    return x;
}

static inline vi i_set(int32_t x)
{
    vi r;
    for (int i = 0; i < 16; i++)
        r.l[i] = (uint32_t)x;
    return r;
}

static inline vi v_as_i(vf x)
{
    vi r;
    memcpy(r.l, x.l, sizeof r.l);
    return r;
}

static inline vf i_as_v(vi x)
{
    vf r;
    memcpy(r.l, x.l, sizeof r.l);
    return r;
}

static inline vi i_add(vi a, vi b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] += b.l[i];
    return a;
}

static inline vi i_sub(vi a, vi b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] -= b.l[i];
    return a;
}

static inline vi i_and(vi a, vi b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] &= b.l[i];
    return a;
}

static inline vi i_or(vi a, vi b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] |= b.l[i];
    return a;
}

static inline vi i_xor(vi a, vi b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] ^= b.l[i];
    return a;
}

/* arithmetic shift right by 23: the exponent field down to bit 0 */
static inline vi i_sar23(vi a)
{
    for (int i = 0; i < 16; i++)
        a.l[i] = (a.l[i] >> 23) | (a.l[i] >> 31 ? 0xfffffe00u : 0);
    return a;
}

/* the signed integer as a float; exact below 2^24 */
static inline vf v_from_i(vi a)
{
    vf r;
    for (int i = 0; i < 16; i++)
        r.l[i] = (float)(int32_t)a.l[i];
    return r;
}

/* x * 2^n, rounded once, for |x| in 0.5 .. 2 (or NaN) and whole n in -252 .. 252. Two factors, so
 * that a denormal result is rounded by the second product alone. */
static inline vf v_scale(vf x, vf n)
{
    for (int i = 0; i < 16; i++) {
        const int32_t e = n.l[i] >= -252.0f && n.l[i] <= 252.0f ? (int32_t)n.l[i] : 0;
        const int32_t half = e / 2;
        const uint32_t bits[2] = { (uint32_t)(half + 127) << 23, (uint32_t)(e - half + 127) << 23 };
        float f[2];
        memcpy(f, bits, sizeof f);
        x.l[i] = x.l[i] * f[0] * f[1];
    }
    return x;
}

/* v_scale where m, and only for n in -150 .. 128; 0 elsewhere, whatever x and n hold there */
static inline vf v_scale_if(vm m, vf x, vf n)
{
    return v_keep(m, v_scale(x, n));
}

/* lane i: is p[i] other than 0; false from n on */
static inline vm m_bytes(const uint8_t *p, size_t n)
{
    vm m;
    for (size_t i = 0; i < 16; i++)
        m.l[i] = i < n && p[i] ? UINT32_MAX : 0;
    return m;
}

/* x * 2^n for whole n <= 0, and 0 for n < -126, for NaN too where V_SHRINK_CLEARS. NaN where both are. */
enum { V_SHRINK_CLEARS = 0 };
static inline vf v_shrink(vf x, vf n)
{
    for (int i = 0; i < 16; i++) {
        const float least = -127.0f > n.l[i] ? -127.0f : n.l[i];
        const uint32_t bits = (uint32_t)(least != least ? 0 : (int32_t)least + 127) << 23;
        float factor;
        memcpy(&factor, &bits, sizeof factor);
        x.l[i] *= factor;
    }
    return x;
}

/* m ? v_max(a, b) : a; where not m it may be v_max(a, -inf), which is a unless that is NaN */
static inline vf v_max_if(vm m, vf a, vf b)
{
    return v_select(m, v_max(a, b), a);
}

/* m and v_not_lt */
static inline vm v_not_lt_if(vm m, vf a, vf b)
{
    for (int i = 0; i < 16; i++)
        m.l[i] = a.l[i] < b.l[i] ? 0 : m.l[i];
    return m;
}

/* Groups: lanes 0 .. group - 1 are one group, and so on; group is 4, 8 or 16. */

/* the first n lanes of each group */
static inline vm m_first(size_t n, int group)
{
    vm m;
    for (int i = 0; i < 16; i++)
        m.l[i] = (size_t)(i % group) < n ? UINT32_MAX : 0;
    return m;
}

/* group g from p + g * group * stride: with vectors j = 0 .. group - 1 loaded from p + j * stride,
 * sixteen rows in the order in which v_join brings them */
static inline vf v_load_groups(const float *p, size_t stride, int group)
{
    vf r;
    for (int i = 0; i < 16; i++)
        r.l[i] = p[(size_t)(i / group * group) * stride + (size_t)(i % group)];
    return r;
}

/* p[g * group] in every lane of group g */
static inline vf v_set_groups(const float *p, int group)
{
    vf r;
    for (int i = 0; i < 16; i++)
        r.l[i] = p[i / group * group];
    return r;
}

/* one group from p, zeros in the other lanes */
static inline vf v_load_group(const float *p, int group)
{
    vf r;
    for (int i = 0; i < 16; i++)
        r.l[i] = i < group ? p[i] : 0.0f;
    return r;
}

/* the first group */
static inline void v_store_group(float *p, vf x, int group)
{
    for (int i = 0; i < group; i++)
        p[i] = x.l[i];
}

/* group number `index` in the first lanes, zeros after */
static inline vf v_group(vf x, int index, int group)
{
    vf r;
    for (int i = 0; i < 16; i++)
        r.l[i] = i < group ? x.l[index * group + i] : 0.0f;
    return r;
}

/* One step of v_fold for two vectors at once. Lanes i and i + half of a meet (bit `half` of i clear)
 * and give lane i, those of b give lane i + half. */
static inline __attribute__((always_inline)) vf v_join(vf a, vf b, int half, vf (*op)(vf, vf))
{
    vf x = a, y = b;
    for (int i = 0; i < 16; i++) {
        x.l[i] = i & half ? b.l[i] : a.l[i];
        y.l[i] = i & half ? b.l[i - half] : a.l[i + half];
    }
    return op(x, y);
}

/* v_store past the caches, for what nobody reads soon; p aligned to 64 bytes, v_stream_end after the
 * last */
static inline void v_stream(float *p, vf x)
{
    v_store(p, x);
}

static inline void v_stream_end(void)
{
}

/* lane i in bit i */
static inline uint32_t m_bits(vm m)
{
    uint32_t bits = 0;
    for (int i = 0; i < 16; i++)
        bits |= (m.l[i] & 1) << i;
    return bits;
}

/* the first n lanes, whole numbers 0 .. 255, as bytes; n <= 16 */
static inline void v_store_bytes(uint8_t *p, vf x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)x.l[i];
}

/* p[index], for whole numbers */
static inline vf v_gather(const float *p, vf index)
{
    for (int i = 0; i < 16; i++)
        index.l[i] = p[(int32_t)index.l[i]];
    return index;
}

/* v_scale for n in -126 .. 127, which takes one factor; anything for other n unless x is NaN */
static inline vf v_scale_normal(vf x, vf n)
{
    return v_scale(x, n);
}

static inline float v_first(vf x)
{
    return x.l[0];
}

static inline __attribute__((always_inline)) vf v_fold(vf x, vf (*op)(vf, vf))
{
    for (int half = 8; half > 0; half /= 2) {
        vf y;
        for (int i = 0; i < 16; i++)
            y.l[i] = x.l[i ^ half];
        x = op(x, y);
    }
    return x;
}

/* In each four lanes, of a (0 1 2 3) and b (4 5 6 7): (0 4 1 5), (2 6 3 7), (0 1 4 5), (2 3 6 7). */
static inline vf v_even_pairs(vf a, vf b)
{
    vf r;
    for (int i = 0; i < 16; i += 4) {
        r.l[i] = a.l[i];
        r.l[i + 1] = b.l[i];
        r.l[i + 2] = a.l[i + 1];
        r.l[i + 3] = b.l[i + 1];
    }
    return r;
}

static inline vf v_odd_pairs(vf a, vf b)
{
    vf r;
    for (int i = 0; i < 16; i += 4) {
        r.l[i] = a.l[i + 2];
        r.l[i + 1] = b.l[i + 2];
        r.l[i + 2] = a.l[i + 3];
        r.l[i + 3] = b.l[i + 3];
    }
    return r;
}

static inline vf v_low_halves(vf a, vf b)
{
    for (int i = 0; i < 16; i += 4) {
        a.l[i + 2] = b.l[i];
        a.l[i + 3] = b.l[i + 1];
    }
    return a;
}

static inline vf v_high_halves(vf a, vf b)
{
    for (int i = 0; i < 16; i += 4) {
        b.l[i] = a.l[i + 2];
        b.l[i + 1] = a.l[i + 3];
    }
    return b;
}

static inline vi i_load(const void *p)
{
    vi r;
    memcpy(r.l, p, sizeof r.l);
    return r;
}

/* the first n, or all sixteen */
static inline void i_store_n(int32_t *p, vi x, size_t n)
{
    memcpy(p, x.l, (n < 16 ? n : 16) * sizeof *p);
}

/* the first n, or all sixteen; zeros after */
static inline vi i_load_n(const int32_t *p, size_t n)
{
    vi r = i_set(0);
    memcpy(r.l, p, (n < 16 ? n : 16) * sizeof *p);
    return r;
}

static inline vi i_mul(vi a, vi b)
{
    for (int i = 0; i < 16; i++)
        a.l[i] *= b.l[i];
    return a;
}

static inline vi i_srl4(vi a)
{
    for (int i = 0; i < 16; i++)
        a.l[i] >>= 4;
    return a;
}

static inline vi i_srl8(vi a)
{
    for (int i = 0; i < 16; i++)
        a.l[i] >>= 8;
    return a;
}

/* Bytes 0 and 2 of each lane, or 1 and 3, as two 16-bit integers, without sign or with. */
static inline vi i_even_u8(vi a)
{
    for (int i = 0; i < 16; i++)
        a.l[i] &= 0x00ff00ff;
    return a;
}

static inline vi i_odd_u8(vi a)
{
    for (int i = 0; i < 16; i++)
        a.l[i] = a.l[i] >> 8 & 0x00ff00ff;
    return a;
}

static inline uint32_t i_pair_of_s8(uint32_t low, uint32_t high)
{
    return (uint32_t)(uint16_t)(int8_t)low | (uint32_t)(uint16_t)(int8_t)high << 16;
}

static inline vi i_even_s8(vi a)
{
    for (int i = 0; i < 16; i++)
        a.l[i] = i_pair_of_s8(a.l[i] & 0xff, a.l[i] >> 16 & 0xff);
    return a;
}

static inline vi i_odd_s8(vi a)
{
    for (int i = 0; i < 16; i++)
        a.l[i] = i_pair_of_s8(a.l[i] >> 8 & 0xff, a.l[i] >> 24);
    return a;
}

/* In each lane the sum of the products of its 16-bit integers. */
static inline vi i_madd_16(vi a, vi b)
{
    for (int i = 0; i < 16; i++) {
        const int32_t low = (int16_t)a.l[i] * (int16_t)b.l[i];
        const int32_t high = (int16_t)(a.l[i] >> 16) * (int16_t)(b.l[i] >> 16);
        a.l[i] = (uint32_t)low + (uint32_t)high;
    }
    return a;
}

/* sixteen bytes, a lane each */
static inline vi i_load_u8(const uint8_t *p)
{
    vi r;
    for (int i = 0; i < 16; i++)
        r.l[i] = p[i];
    return r;
}
