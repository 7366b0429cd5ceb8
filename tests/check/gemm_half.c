/* Products with 16-bit weights against the float product on the weights widened first. */
#include "tests/check/check.h"

struct shape {
    size_t m, n, k;
};

static const struct type {
    const char *name;
    size_t widen, gemm; /* members of struct kaon_kernels */
} types[] = {
    { "f16", offsetof(struct kaon_kernels, f32_from_f16), offsetof(struct kaon_kernels, gemm_f16) },
    { "bf16", offsetof(struct kaon_kernels, f32_from_bf16),
      offsetof(struct kaon_kernels, gemm_bf16) },
};

static kaon_gemm_half_fn *gemm_of(const struct kaon_kernels *k, const struct type *t)
{
    return *(kaon_gemm_half_fn *const *)(const void *)((const char *)k + t->gemm);
}

static kaon_widen_fn *widen_of(const struct kaon_kernels *k, const struct type *t)
{
    return *(kaon_widen_fn *const *)(const void *)((const char *)k + t->widen);
}

/* Any bits at all, NaN and denormals among them, or the halves of ordinary size. */
static void fill(struct check *c, uint16_t *x, size_t n, bool any)
{
    for (size_t i = 0; i < n; i++)
        x[i] = any ? (uint16_t)check_random(c) : (uint16_t)(0x3400 + check_random(c) % 0x0800);
}

static void one(struct check *c, const struct type *t, struct shape s, enum kaon_act act, bool any)
{
    const size_t lda = s.k + 1, ldc = s.n + 3, count = kaon_gemm_packed_floats(s.k, s.n);
    const size_t size_a = s.m ? (s.m - 1) * lda + s.k : 0, size_c = s.m ? (s.m - 1) * ldc + s.n : 0;
    if (!check_begin(c, (const char *)c->now + t->gemm, "gemm_%s_%zu_%zu_%zu act %d%s", t->name,
                     s.m, s.n, s.k, (int)act, any ? " any" : ""))
        return;
    float *a = check_floats(c, size_a), *wide = check_floats(c, count);
    uint16_t *b = check_alloc(c, s.k * s.n * sizeof *b);
    uint16_t *packed = check_alloc(c, count * sizeof *packed);
    float *want = check_floats(c, size_c), *got = check_floats(c, size_c);
    float *bias = check_floats(c, s.n), *scratch = check_floats(c, KAON_GEMM_PANEL * s.k);
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    check_pattern(c, CHECK_RANDOM, a, size_a, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, bias, s.n, -1.0f, 1.0f);
    fill(c, b, s.k * s.n, any);
    e.bias = bias;
    e.act = act;
    c->now->gemm_pack_16(packed, b, (ptrdiff_t)s.n, 1, s.k, s.n);
    widen_of(c->ref, t)(wide, packed, count);
    c->ref->gemm(want, ldc, a, lda, wide, s.m, s.n, s.k, &e);
    gemm_of(c->now, t)(got, ldc, a, lda, packed, s.m, s.n, s.k, &e, scratch);
    check_same_floats(c, want, got, size_c);
}

/* Panels of 16-bit elements are those of floats with the same values. */
static void pack(struct check *c, struct shape s)
{
    const size_t count = kaon_gemm_packed_floats(s.k, s.n);
    if (!check_begin(c, &c->now->gemm_pack_16, "gemm_pack_16_%zu_%zu", s.n, s.k))
        return;
    uint16_t *b = check_alloc(c, s.k * s.n * sizeof *b);
    uint16_t *packed = check_alloc(c, count * sizeof *packed);
    float *wide = check_floats(c, s.k * s.n), *want = check_floats(c, count);
    float *got = check_floats(c, count);
    fill(c, b, s.k * s.n, false);
    c->ref->f32_from_bf16(wide, b, s.k * s.n);
    c->ref->gemm_pack(want, wide, 1, (ptrdiff_t)s.k, s.k, s.n);
    c->now->gemm_pack_16(packed, b, 1, (ptrdiff_t)s.k, s.k, s.n);
    c->ref->f32_from_bf16(got, packed, count);
    check_same_floats(c, want, got, count);
}

void check_gemm_half(struct check *c)
{
    static const size_t m[] = { 0, 1, 2, 3, 15 }, k[] = { 0, 1, 33 };
    static const size_t n[] = { 0, 1, 16, 17, 40, 64, 100, 128, 150 };
    for (size_t t = 0; t < CHECK_COUNT(types); t++)
        for (size_t i = 0; i < CHECK_COUNT(m); i++)
            for (size_t j = 0; j < CHECK_COUNT(n); j++)
                for (size_t l = 0; l < CHECK_COUNT(k); l++) {
                    const struct shape s = { m[i], n[j], k[l] };
                    one(c, &types[t], s, KAON_ACT_RELU, false);
                    one(c, &types[t], s, KAON_ACT_NONE, true);
                    one(c, &types[t], s, KAON_ACT_TANH, false);
                }
    pack(c, (struct shape){ 0, 70, 9 });
}
