/* Matrix product: shapes around every tile, all epilogues, and the fused form against separate
 * steps. */
#include <math.h>

#include "tests/check/check.h"

struct shape {
    size_t m, n, k;
};

static void product(double *want, double *bound, const float *a, size_t lda, const float *b,
                    struct shape s)
{
    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < s.n; j++) {
            double sum = 0.0, magnitude = 0.0;
            for (size_t k = 0; k < s.k; k++) {
                const double term = (double)a[i * lda + k] * b[k * s.n + j];
                sum += term;
                magnitude += fabs(term);
            }
            want[i * s.n + j] = sum;
            bound[i * s.n + j] = (double)(s.k + 1) * 0x1.0p-24 * magnitude + 0x1.0p-148;
        }
}

static void compare_double(struct check *c, const float *got, size_t ldc, const float *a,
                           size_t lda, const float *b, struct shape s)
{
    double *want = check_doubles(c, s.m * s.n), *bound = check_doubles(c, s.m * s.n);
    product(want, bound, a, lda, b, s);
    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < s.n; j++)
            check_near(c, &want[i * s.n + j], &got[i * ldc + j], 1, 0.5, bound[i * s.n + j]);
}

/* Plain product, b packed once as it stands and once from its transpose. */
static void plain(struct check *c, struct shape s)
{
    const size_t lda = s.k + 3, ldc = s.n + 5, floats = kaon_gemm_packed_floats(s.k, s.n);
    const size_t size_c = s.m ? (s.m - 1) * ldc + s.n : 0, size_a = s.m ? (s.m - 1) * lda + s.k : 0;
    static const unsigned pattern[] = { CHECK_RANDOM, CHECK_DENORMALS, CHECK_ONE_NAN,
                                        CHECK_SOME_INF };
    for (size_t t = 0; t < CHECK_COUNT(pattern); t++) {
        if (!check_begin(c, &c->now->gemm, "gemm_%zu_%zu_%zu pattern %u", s.m, s.n, s.k,
                         pattern[t]))
            continue;
        float *a = check_floats(c, size_a), *b = check_floats(c, s.k * s.n);
        float *want = check_floats(c, size_c), *got = check_floats(c, size_c);
        float *packed = check_floats(c, floats), *again = check_floats(c, floats);
        float *transposed = check_floats(c, s.k * s.n);
        check_pattern(c, pattern[t], a, size_a, -1.0f, 1.0f);
        check_pattern(c, CHECK_RANDOM, b, s.k * s.n, -1.0f, 1.0f);
        c->tame = pattern[t] <= CHECK_DENORMALS;
        for (size_t k = 0; k < s.k; k++)
            for (size_t j = 0; j < s.n; j++)
                transposed[j * s.k + k] = b[k * s.n + j];

        c->now->gemm_pack(packed, b, (ptrdiff_t)s.n, 1, s.k, s.n);
        c->now->gemm_pack(again, transposed, 1, (ptrdiff_t)s.k, s.k, s.n);
        check_same_floats(c, packed, again, floats);
        c->ref->gemm_pack(again, b, (ptrdiff_t)s.n, 1, s.k, s.n);
        check_same_floats(c, again, packed, floats);

        c->now->gemm(got, ldc, a, lda, packed, s.m, s.n, s.k, NULL);
        if (c->scalar && c->tame)
            compare_double(c, got, ldc, a, lda, b, s);
        c->ref->gemm(want, ldc, a, lda, packed, s.m, s.n, s.k, NULL);
        check_same_floats(c, want, got, size_c);
    }
}

/* b where it lies, in rows longer than n, against b packed. */
static void unpacked(struct check *c, struct shape s)
{
    const size_t ldb = s.n + 7, ldc = s.n + 5;
    const size_t size_b = s.k ? (s.k - 1) * ldb + s.n : 0, size_c = s.m ? (s.m - 1) * ldc + s.n : 0;
    if (!check_begin(c, &c->now->gemm_unpacked, "gemm_unpacked_%zu_%zu_%zu", s.m, s.n, s.k))
        return;
    float *a = check_floats(c, s.m * s.k), *b = check_floats(c, size_b);
    float *packed = check_floats(c, kaon_gemm_packed_floats(s.k, s.n));
    float *scratch = check_floats(c, KAON_GEMM_PANEL * s.k);
    float *want = check_floats(c, size_c), *got = check_floats(c, size_c);
    float *bias = check_floats(c, s.n), *residual = check_floats(c, size_c);
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    check_pattern(c, CHECK_RANDOM, a, s.m * s.k, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, b, size_b, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, bias, s.n, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, residual, size_c, -1.0f, 1.0f);
    c->ref->gemm_pack(packed, b, (ptrdiff_t)ldb, 1, s.k, s.n);
    c->ref->gemm(want, ldc, a, s.k, packed, s.m, s.n, s.k, NULL);
    c->now->gemm_unpacked(got, ldc, a, s.k, b, ldb, s.m, s.n, s.k, NULL, scratch);
    check_same_floats(c, want, got, size_c);
    e.bias = bias;
    e.residual = residual;
    e.ldr = ldc;
    e.act = KAON_ACT_RELU;
    c->ref->gemm(want, ldc, a, s.k, packed, s.m, s.n, s.k, &e);
    c->now->gemm_unpacked(got, ldc, a, s.k, b, ldb, s.m, s.n, s.k, &e, scratch);
    check_same_floats(c, want, got, size_c);
}

/* The epilogue of the contract, step by step with other kernels, on top of the plain product. */
static void by_steps(struct check *c, float *y, size_t ld, struct shape s,
                     const struct kaon_epilogue *e)
{
    static const int function[KAON_ACT_COUNT] = {
        [KAON_ACT_NONE] = -1,
        [KAON_ACT_RELU] = KAON_UNARY_RELU,
        [KAON_ACT_GELU_ERF] = KAON_UNARY_GELU_ERF,
        [KAON_ACT_GELU_TANH] = KAON_UNARY_GELU_TANH,
        [KAON_ACT_SILU] = KAON_UNARY_SILU,
        [KAON_ACT_SIGMOID] = KAON_UNARY_SIGMOID,
        [KAON_ACT_TANH] = KAON_UNARY_TANH,
    };
    const struct kaon_kernels *k = c->ref;
    for (size_t i = 0; i < s.m; i++) {
        float *row = y + i * ld;
        float scaled[256];
        k->binary[KAON_BINARY_MUL](row, row, 1, &e->alpha, 0, s.n);
        if (e->bias)
            k->binary[KAON_BINARY_ADD](row, row, 1, e->bias, 1, s.n);
        if (e->row_bias)
            k->binary[KAON_BINARY_ADD](row, row, 1, e->row_bias + i, 0, s.n);
        if (e->residual) {
            k->binary[KAON_BINARY_MUL](scaled, e->residual + i * e->ldr, 1, &e->beta, 0, s.n);
            k->binary[KAON_BINARY_ADD](row, row, 1, scaled, 1, s.n);
        }
        if (function[e->act] >= 0)
            k->unary[function[e->act]](row, row, s.n, 0.0f, 0.0f);
    }
}

static void fused(struct check *c, struct shape s)
{
    const size_t ld = s.n + 2, size_c = (s.m - 1) * ld + s.n;
    for (unsigned t = 0; t < 16 * KAON_ACT_COUNT; t++) {
        struct kaon_epilogue e = KAON_EPILOGUE_NONE;
        e.act = (enum kaon_act)(t / 16);
        if (!check_begin(c, &c->now->gemm, "gemm_fused_%zu_%zu_%zu act %u terms %u", s.m, s.n, s.k,
                         t / 16, t % 16))
            continue;
        float *a = check_floats(c, s.m * s.k), *b = check_floats(c, s.k * s.n);
        float *packed = check_floats(c, kaon_gemm_packed_floats(s.k, s.n));
        float *want = check_floats(c, size_c), *got = check_floats(c, size_c);
        float *bias = check_floats(c, s.n), *row_bias = check_floats(c, s.m),
              *residual = check_floats(c, size_c);
        check_pattern(c, CHECK_RANDOM, a, s.m * s.k, -1.0f, 1.0f);
        check_pattern(c, CHECK_RANDOM, b, s.k * s.n, -1.0f, 1.0f);
        check_pattern(c, CHECK_RANDOM, bias, s.n, -1.0f, 1.0f);
        check_pattern(c, CHECK_RANDOM, row_bias, s.m, -1.0f, 1.0f);
        check_pattern(c, CHECK_RANDOM, residual, size_c, -1.0f, 1.0f);
        e.alpha = t & 1 ? 0.37f : 1.0f;
        e.beta = t & 1 ? 1.0f : -0.81f;
        e.bias = t & 2 ? bias : NULL;
        e.row_bias = t & 4 ? row_bias : NULL;
        e.residual = t & 8 ? residual : NULL;
        e.ldr = ld;
        c->ref->gemm_pack(packed, b, (ptrdiff_t)s.n, 1, s.k, s.n);
        c->ref->gemm(want, ld, a, s.k, packed, s.m, s.n, s.k, NULL);
        by_steps(c, want, ld, s, &e);
        c->now->gemm(got, ld, a, s.k, packed, s.m, s.n, s.k, &e);
        for (size_t i = 0; i < s.m; i++)
            check_same_floats(c, want + i * ld, got + i * ld, s.n);
        if (e.residual) { /* c on the residual */
            c->now->gemm(residual, ld, a, s.k, packed, s.m, s.n, s.k, &e);
            for (size_t i = 0; i < s.m; i++)
                check_same_floats(c, want + i * ld, residual + i * ld, s.n);
        }
    }
}

/* Row 0 must come out the same alone and among others. */
static void row_alone(struct check *c)
{
    const struct shape s = { 37, 70, 33 };
    if (!check_begin(c, &c->now->gemm_pack, "gemm_row_alone"))
        return;
    float *a = check_floats(c, s.m * s.k), *b = check_floats(c, s.k * s.n);
    float *packed = check_floats(c, kaon_gemm_packed_floats(s.k, s.n));
    float *all = check_floats(c, s.m * s.n), *one = check_floats(c, s.n);
    check_pattern(c, CHECK_RANDOM, a, s.m * s.k, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, b, s.k * s.n, -1.0f, 1.0f);
    c->now->gemm_pack(packed, b, (ptrdiff_t)s.n, 1, s.k, s.n);
    c->now->gemm(all, s.n, a, s.k, packed, s.m, s.n, s.k, NULL);
    for (size_t i = 0; i < s.m; i++) {
        c->now->gemm(one, s.n, a + i * s.k, s.k, packed, 1, s.n, s.k, NULL);
        check_same_floats(c, one, all + i * s.n, s.n);
    }
}

/* A rectangle of c computed alone must have the bits it has in the whole. */
static void rectangle(struct check *c)
{
    const struct shape s = { 37, 150, 33 };
    const size_t i = 5, rows = 20, j = 2 * KAON_GEMM_PANEL, cols = 70;
    if (!check_begin(c, &c->now->gemm, "gemm_rectangle"))
        return;
    float *a = check_floats(c, s.m * s.k), *b = check_floats(c, s.k * s.n);
    float *packed = check_floats(c, kaon_gemm_packed_floats(s.k, s.n));
    float *bias = check_floats(c, s.n), *residual = check_floats(c, s.m * s.n);
    float *all = check_floats(c, s.m * s.n), *part = check_floats(c, rows * cols);
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    check_pattern(c, CHECK_RANDOM, a, s.m * s.k, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, b, s.k * s.n, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, bias, s.n, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, residual, s.m * s.n, -1.0f, 1.0f);
    c->now->gemm_pack(packed, b, (ptrdiff_t)s.n, 1, s.k, s.n);
    e.bias = bias;
    e.residual = residual;
    e.ldr = s.n;
    e.act = KAON_ACT_TANH;
    c->now->gemm(all, s.n, a, s.k, packed, s.m, s.n, s.k, &e);
    e.bias += j;
    e.residual += i * s.n + j;
    c->now->gemm(part, cols, a + i * s.k, s.k, packed + j * s.k, rows, cols, s.k, &e);
    for (size_t r = 0; r < rows; r++)
        check_same_floats(c, all + (i + r) * s.n + j, part + r * cols, cols);
}

struct timed {
    float *c, *a, *packed, *bias;
    struct shape s;
};

static void run_timed(const struct kaon_kernels *k, void *arg)
{
    const struct timed *t = arg;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    e.bias = t->bias;
    k->gemm(t->c, t->s.n, t->a, t->s.k, t->packed, t->s.m, t->s.n, t->s.k, &e);
}

static void bench(struct check *c, struct shape s)
{
    if (!c->bench || c->scalar ||
        !check_begin(c, &c->now->gemm, "gemm_%zu_%zu_%zu bias", s.m, s.n, s.k))
        return;
    struct timed t = { .s = s };
    t.a = check_scratch(c, s.m * s.k);
    t.packed = check_scratch(c, kaon_gemm_packed_floats(s.k, s.n));
    t.c = check_scratch(c, s.m * s.n);
    t.bias = check_scratch(c, s.n);
    check_pattern(c, CHECK_RANDOM, t.a, s.m * s.k, -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, t.packed, kaon_gemm_packed_floats(s.k, s.n), -1.0f, 1.0f);
    check_pattern(c, CHECK_RANDOM, t.bias, s.n, -1.0f, 1.0f);
    check_time(c, (double)(s.m * s.n), 2.0 * (double)(s.m * s.n * s.k), run_timed, &t);
}

void check_gemm(struct check *c)
{
    static const size_t m[] = { 0, 1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 16, 17, 29, 40 };
    static const size_t n[] = { 0, 1, 15, 16, 17, 31, 32, 33, 64, 80, 97, 128, 144, 150 };
    static const size_t k[] = { 0, 1, 7, 64 };
    static const struct shape timed[] = {
        { 1, 64, 64 },    { 15, 64, 16 },   { 15, 64, 64 },    { 40, 64, 64 },
        { 15, 128, 128 }, { 40, 128, 128 }, { 1, 256, 256 },   { 2, 256, 256 },
        { 3, 256, 256 },  { 15, 256, 256 }, { 512, 256, 256 }, { 15, 16, 64 },
        { 40, 40, 16 },   { 40, 5, 64 },    { 15, 512, 512 },  { 128, 512, 512 },
    };
    for (size_t i = 0; i < CHECK_COUNT(m); i++)
        for (size_t j = 0; j < CHECK_COUNT(n); j++)
            for (size_t l = 0; l < CHECK_COUNT(k); l++) {
                plain(c, (struct shape){ m[i], n[j], k[l] });
                unpacked(c, (struct shape){ m[i], n[j], k[l] });
            }
    plain(c, (struct shape){ 90, 70, 3000 }); /* several blocks of rows, panels fetched ahead */
    fused(c, (struct shape){ 3, 37, 9 });
    fused(c, (struct shape){ 17, 100, 33 });
    row_alone(c);
    rectangle(c);
    for (size_t i = 0; i < CHECK_COUNT(timed); i++)
        bench(c, timed[i]);
}
