/* Products with weights of 4 and 8 bits: the float form against the float product on the weights,
 * the byte form against double within its bound. */
#include <math.h>

#include "tests/check/check.h"

struct shape {
    size_t m, n, k;
};

struct weights {
    struct kaon_nbits f;
    uint8_t *q, *zeros, *packed;
    void *scales;
    float *wide; /* (k, n) */
};

static unsigned number(const uint8_t *x, size_t i, unsigned bits)
{
    return bits == 8 ? x[i] : (unsigned)(x[i / 2] >> (i % 2 ? 4 : 0)) & 15;
}

static struct weights weights_of(struct check *c, struct shape s, struct kaon_nbits f)
{
    const size_t blocks = kaon_nbits_blocks(s.k), zero_row = (blocks * f.bits + 7) / 8;
    const size_t row = blocks * KAON_NBITS_BLOCK;
    struct weights w = { .f = f };
    float *scales = check_floats(c, s.n * blocks);
    uint16_t *halves = check_alloc(c, s.n * blocks * 2);
    w.q = check_alloc(c, s.n * row * f.bits / 8);
    w.zeros = check_alloc(c, s.n * zero_row);
    w.packed = check_alloc(c, kaon_nbits_packed_bytes(&f, s.k, s.n));
    w.wide = check_floats(c, s.k * s.n);
    check_pattern(c, CHECK_RANDOM, scales, s.n * blocks, -0.1f, 0.1f);
    if (f.half_scales) {
        c->ref->f16_from_f32(halves, scales, s.n * blocks);
        c->ref->f32_from_f16(scales, halves, s.n * blocks);
    }
    for (size_t i = 0; i < s.n * row * f.bits / 8; i++)
        w.q[i] = (uint8_t)check_random(c);
    for (size_t i = 0; i < s.n * zero_row; i++)
        w.zeros[i] = (uint8_t)check_random(c);
    for (size_t j = 0; j < s.n; j++)
        for (size_t k = 0; k < s.k; k++) {
            const size_t block = k / KAON_NBITS_BLOCK;
            const int zero =
                f.zeros ? (int)number(w.zeros + j * zero_row, block, f.bits) : 1 << (f.bits - 1);
            const int q = (int)number(w.q + j * row * f.bits / 8, k, f.bits);
            w.wide[k * s.n + j] = (float)(q - zero) * scales[j * blocks + block];
        }
    w.scales = f.half_scales ? (void *)halves : (void *)scales;
    c->now->gemm_pack_nbits(w.packed, &f, w.q, w.scales, f.zeros ? w.zeros : NULL, s.k, s.n);
    return w;
}

static struct kaon_nbits format(unsigned how)
{
    return (struct kaon_nbits){ how & 1 ? 8 : 4, how & 2, how & 4 };
}

static void floats(struct check *c, struct shape s, unsigned how)
{
    const size_t lda = s.k + 1, ldc = s.n + 3;
    const size_t size_a = s.m ? (s.m - 1) * lda + s.k : 0, size_c = s.m ? (s.m - 1) * ldc + s.n : 0;
    if (!check_begin(c, &c->now->gemm_nbits, "gemm_nbits_%zu_%zu_%zu how %u", s.m, s.n, s.k, how))
        return;
    float *a = check_floats(c, size_a),
          *packed = check_floats(c, kaon_gemm_packed_floats(s.k, s.n));
    float *want = check_floats(c, size_c), *got = check_floats(c, size_c);
    float *bias = check_floats(c, s.n), *scratch = check_floats(c, KAON_GEMM_PANEL * s.k);
    const struct weights w = weights_of(c, s, format(how));
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    check_pattern(c, CHECK_RANDOM, a, size_a, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, bias, s.n, -1.0f, 1.0f);
    e.bias = bias;
    e.act = s.k % 2 ? KAON_ACT_TANH : KAON_ACT_RELU;
    c->ref->gemm_pack(packed, w.wide, (ptrdiff_t)s.n, 1, s.k, s.n);
    c->ref->gemm(want, ldc, a, lda, packed, s.m, s.n, s.k, &e);
    c->now->gemm_nbits(got, ldc, a, lda, w.packed, &w.f, s.m, s.n, s.k, &e, scratch);
    check_same_floats(c, want, got, size_c);
}

/* |c - exact| as the contract bounds it, with room for the fmas of the blocks. */
static void within_bound(struct check *c, const float *got, size_t ldc, const float *a, size_t lda,
                         const float *wide, struct shape s)
{
    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < s.n; j++) {
            double sum = 0.0, bound = 0.0, magnitude = 0.0;
            for (size_t at = 0; at < s.k; at += KAON_NBITS_BLOCK) {
                double most = 0.0, weights = 0.0;
                for (size_t k = at; k < s.k && k < at + KAON_NBITS_BLOCK; k++) {
                    const double x = a[i * lda + k], w = wide[k * s.n + j];
                    sum += x * w;
                    most = fmax(most, fabs(x));
                    weights += fabs(w);
                }
                bound += 0.51 * most / 127 * weights;
                magnitude += most * weights;
            }
            bound += (double)(s.k / KAON_NBITS_BLOCK + 4) * 0x1p-23 * magnitude;
            check_near(c, &sum, &got[i * ldc + j], 1, 0.0, bound);
        }
}

static void bytes(struct check *c, struct shape s, unsigned how, unsigned pattern)
{
    const size_t lda = s.k + 1, ldc = s.n + 3;
    const size_t size_a = s.m ? (s.m - 1) * lda + s.k : 0, size_c = s.m ? (s.m - 1) * ldc + s.n : 0;
    if (!check_begin(c, &c->now->gemm_nbits_s8, "gemm_nbits_s8_%zu_%zu_%zu how %u pattern %u %s",
                     s.m, s.n, s.k, how, pattern, c->now->extension))
        return;
    float *a = check_floats(c, size_a);
    float *want = check_floats(c, size_c), *got = check_floats(c, size_c);
    void *scratch = check_alloc(c, kaon_nbits_s8_scratch(s.m, s.k));
    const struct weights w = weights_of(c, s, format(how));
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    check_pattern(c, pattern, a, size_a, -1.0f, 1.0f);
    c->now->gemm_nbits_s8(got, ldc, a, lda, w.packed, &w.f, s.m, s.n, s.k, NULL, scratch);
    c->ref->gemm_nbits_s8(want, ldc, a, lda, w.packed, &w.f, s.m, s.n, s.k, NULL, scratch);
    check_same_floats(c, want, got, size_c);
    if (c->scalar && pattern == CHECK_RANDOM)
        within_bound(c, got, ldc, a, lda, w.wide, s);
    e.act = KAON_ACT_SILU;
    e.alpha = 0.5f;
    c->now->gemm_nbits_s8(got, ldc, a, lda, w.packed, &w.f, s.m, s.n, s.k, &e, scratch);
    c->ref->gemm_nbits_s8(want, ldc, a, lda, w.packed, &w.f, s.m, s.n, s.k, &e, scratch);
    check_same_floats(c, want, got, size_c);
}

static void pack(struct check *c, struct shape s, unsigned how)
{
    const struct kaon_nbits f = format(how);
    const size_t size = kaon_nbits_packed_bytes(&f, s.k, s.n);
    if (!check_begin(c, &c->now->gemm_pack_nbits, "gemm_pack_nbits_%zu_%zu how %u", s.n, s.k, how))
        return;
    const struct weights w = weights_of(c, s, f);
    uint8_t *again = check_alloc(c, size);
    c->ref->gemm_pack_nbits(again, &f, w.q, w.scales, f.zeros ? w.zeros : NULL, s.k, s.n);
    check_same_bytes(c, again, w.packed, size);
}

struct timed {
    float *c, *a, *scratch;
    uint8_t *packed;
    struct shape s;
    struct kaon_nbits f;
};

static void run_floats(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    k->gemm_nbits(t->c, t->s.n, t->a, t->s.k, t->packed, &t->f, t->s.m, t->s.n, t->s.k, NULL,
                  t->scratch);
}

static void run_bytes(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    k->gemm_nbits_s8(t->c, t->s.n, t->a, t->s.k, t->packed, &t->f, t->s.m, t->s.n, t->s.k, NULL,
                     t->scratch);
}

static void bench(struct check *c, struct shape s, unsigned how)
{
    struct timed t = { .s = s, .f = format(how) };
    const size_t size = kaon_nbits_packed_bytes(&t.f, s.k, s.n);
    for (int form = 0; form < 2; form++) {
        const void *member = form ? &c->now->gemm_nbits_s8 : &c->now->gemm_nbits;
        if (!c->bench || c->scalar ||
            !check_begin(c, member, "gemm_nbits%s_%zu_%zu_%zu how %u %s", form ? "_s8" : "", s.m,
                         s.n, s.k, how, c->now->extension))
            continue;
        t.a = check_scratch(c, s.m * s.k);
        t.packed = (uint8_t *)check_scratch(c, size / 4);
        t.c = check_scratch(c, s.m * s.n);
        t.scratch = check_scratch(c, KAON_GEMM_PANEL * s.k + s.m * s.k);
        check_pattern(c, CHECK_RANDOM, t.a, s.m * s.k, -1.0f, 1.0f);
        check_time(c, (double)(s.m * s.n), 2.0 * (double)(s.m * s.n * s.k),
                   form ? run_bytes : run_floats, &t);
    }
}

void check_gemm_nbits(struct check *c)
{
    static const size_t m[] = { 0, 1, 2, 3, 5, 9 }, n[] = { 0, 1, 16, 17, 33, 100, 140 };
    static const size_t k[] = { 0, 1, 31, 32, 70 };
    static const unsigned patterns[] = { CHECK_RANDOM, CHECK_ZEROS, CHECK_DENORMALS, CHECK_ONE_NAN,
                                         CHECK_SOME_INF };
    static const struct shape timed[] = { { 1, 768, 768 }, { 1, 3072, 768 }, { 64, 768, 768 } };
    for (size_t i = 0; i < CHECK_COUNT(m); i++)
        for (size_t j = 0; j < CHECK_COUNT(n); j++)
            for (size_t l = 0; l < CHECK_COUNT(k); l++)
                for (unsigned how = 0; how < 8; how++) {
                    const struct shape s = { m[i], n[j], k[l] };
                    floats(c, s, how);
                    for (size_t t = 0; t < CHECK_COUNT(patterns); t++)
                        bytes(c, s, how, patterns[t]);
                }
    for (unsigned how = 0; how < 8; how++)
        pack(c, (struct shape){ 0, 70, 100 }, how);
    for (size_t i = 0; i < CHECK_COUNT(timed); i++)
        for (unsigned how = 0; how < 3; how++)
            bench(c, timed[i], how);
}
