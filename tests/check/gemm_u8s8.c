/* Products of bytes: the scalar form against a plain loop, the others against it. Integers must be
 * equal. */
#include "tests/check/check.h"

struct shape {
    size_t m, n, k;
};

/* Bytes that drive 16-bit sums of products over their ends, or any. */
static void fill(struct check *c, uint8_t *x, size_t n, bool extreme, uint8_t end)
{
    for (size_t i = 0; i < n; i++)
        x[i] = extreme ? end : (uint8_t)check_random(c);
}

static int32_t element(const uint8_t *a, const int8_t *b, size_t n, size_t k, int32_t za,
                       int32_t zb)
{
    uint32_t sum = 0;
    for (size_t kk = 0; kk < k; kk++)
        sum += ((uint32_t)a[kk] - (uint32_t)za) * ((uint32_t)(int32_t)b[kk * n] - (uint32_t)zb);
    return (int32_t)sum;
}

static void one(struct check *c, struct shape s, unsigned how)
{
    static const struct {
        bool extreme;
        uint8_t a, b;
    } fills[] = { { false, 0, 0 }, { true, 255, 127 }, { true, 255, 128 } };
    const size_t lda = s.k + 3, ldc = s.n + 2, bytes = kaon_gemm_packed_bytes(s.k, s.n);
    const size_t size_a = s.m ? (s.m - 1) * lda + s.k : 0, size_c = s.m ? (s.m - 1) * ldc + s.n : 0;
    const unsigned f = how % CHECK_COUNT(fills), zeros = how / CHECK_COUNT(fills);
    if (!check_begin(c, &c->now->gemm_u8s8, "gemm_u8s8_%zu_%zu_%zu how %u%s", s.m, s.n, s.k, how,
                     c->now->extension))
        return;
    uint8_t *a = check_alloc(c, size_a);
    int8_t *b = check_alloc(c, s.k * s.n), *packed = check_alloc(c, bytes);
    int8_t *again = check_alloc(c, bytes);
    int32_t *want = check_alloc(c, size_c * 4), *got = check_alloc(c, size_c * 4);
    int32_t *za = check_alloc(c, s.m * 4), *zb = check_alloc(c, s.n * 4);
    int32_t *sums = check_alloc(c, s.m * 4);
    struct kaon_byte_zeros z = { .a = zeros & 1 ? za : NULL,
                                 .a_step = zeros & 4 ? 1 : 0,
                                 .b = zeros & 2 ? zb : NULL,
                                 .row_sums = sums };
    fill(c, a, size_a, fills[f].extreme, fills[f].a);
    fill(c, (uint8_t *)b, s.k * s.n, fills[f].extreme, fills[f].b);
    for (size_t i = 0; i < s.m; i++)
        za[i] = (int32_t)(check_random(c) % 384) - 128;
    for (size_t j = 0; j < s.n; j++)
        zb[j] = (int32_t)(check_random(c) % 384) - 128;
    c->now->gemm_pack_s8(packed, b, (ptrdiff_t)s.n, 1, s.k, s.n);
    c->ref->gemm_pack_s8(again, b, (ptrdiff_t)s.n, 1, s.k, s.n);
    check_same_bytes(c, again, packed, bytes);
    c->now->gemm_u8s8(got, ldc, a, lda, packed, s.m, s.n, s.k, zeros ? &z : NULL);
    c->ref->gemm_u8s8(want, ldc, a, lda, packed, s.m, s.n, s.k, zeros ? &z : NULL);
    check_same_bytes(c, want, got, size_c * 4);
    for (size_t i = 0; c->scalar && i < s.m; i++)
        for (size_t j = 0; j < s.n; j++)
            want[i * ldc + j] = element(a + i * lda, b + j, s.n, s.k,
                                        z.a && zeros ? za[i * z.a_step] : 0, z.b ? zb[j] : 0);
    check_same_bytes(c, want, got, size_c * 4);
}

/* A transposed b gives the same panels. */
static void pack(struct check *c, struct shape s)
{
    const size_t bytes = kaon_gemm_packed_bytes(s.k, s.n);
    if (!check_begin(c, &c->now->gemm_pack_s8, "gemm_pack_s8_%zu_%zu", s.n, s.k))
        return;
    int8_t *b = check_alloc(c, s.k * s.n), *across = check_alloc(c, s.k * s.n);
    int8_t *want = check_alloc(c, bytes), *got = check_alloc(c, bytes);
    fill(c, (uint8_t *)b, s.k * s.n, false, 0);
    for (size_t k = 0; k < s.k; k++)
        for (size_t j = 0; j < s.n; j++)
            across[j * s.k + k] = b[k * s.n + j];
    c->ref->gemm_pack_s8(want, b, (ptrdiff_t)s.n, 1, s.k, s.n);
    c->now->gemm_pack_s8(got, across, 1, (ptrdiff_t)s.k, s.k, s.n);
    check_same_bytes(c, want, got, bytes);
}

struct timed {
    int32_t *c;
    uint8_t *a;
    int8_t *packed;
    struct shape s;
};

static void run_timed(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    k->gemm_u8s8(t->c, t->s.n, t->a, t->s.k, t->packed, t->s.m, t->s.n, t->s.k, NULL);
}

static void bench(struct check *c, struct shape s)
{
    if (!c->bench || c->scalar ||
        !check_begin(c, &c->now->gemm_u8s8, "gemm_u8s8_%zu_%zu_%zu %s", s.m, s.n, s.k,
                     c->now->extension))
        return;
    struct timed t = { .s = s };
    t.a = (uint8_t *)check_scratch(c, s.m * s.k);
    t.packed = (int8_t *)check_scratch(c, kaon_gemm_packed_bytes(s.k, s.n) / 4);
    t.c = (int32_t *)check_scratch(c, s.m * s.n);
    check_time(c, (double)(s.m * s.n), 2.0 * (double)(s.m * s.n * s.k), run_timed, &t);
}

void check_gemm_u8s8(struct check *c)
{
    static const size_t m[] = { 0, 1, 3, 5, 8, 15 }, n[] = { 0, 1, 16, 31, 33, 100, 150 };
    static const size_t k[] = { 0, 1, 4, 35 };
    static const struct shape timed[] = { { 1, 256, 256 }, { 15, 64, 64 }, { 128, 512, 512 } };
    for (size_t i = 0; i < CHECK_COUNT(m); i++)
        for (size_t j = 0; j < CHECK_COUNT(n); j++)
            for (size_t l = 0; l < CHECK_COUNT(k); l++)
                for (unsigned how = 0; how < 3 * 8; how++)
                    one(c, (struct shape){ m[i], n[j], k[l] }, how);
    pack(c, (struct shape){ 0, 70, 9 });
    for (size_t i = 0; i < CHECK_COUNT(timed); i++)
        bench(c, timed[i]);
}
