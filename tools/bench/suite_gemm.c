/* Matrix product with constant weights and a bias, as in a dense layer. */
#include <stdlib.h>

#include "tools/bench/suite.h"

static bool pack(struct kaon_bench_call *call)
{
    const struct kaon_bench_shape *s = &call->c->shape;
    const size_t bytes = kaon_gemm_packed_floats(s->k, s->n) * sizeof(float);
    call->memory = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
    if (!call->memory)
        return false;
    call->k->gemm_pack(call->memory, call->c->in[1].data, (ptrdiff_t)s->n, 1, s->k, s->n);
    return true;
}

static void multiply(const struct kaon_bench_call *call, enum kaon_act act)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_bench_shape *s = &c->shape;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    e.bias = c->in[2].data;
    e.act = act;
    call->k->gemm(c->out.data, s->n, c->in[0].data, s->k, call->memory, s->m, s->n, s->k, &e);
}

static void gemm(const struct kaon_bench_call *call)
{
    multiply(call, KAON_ACT_NONE);
}

static void gemm_relu(const struct kaon_bench_call *call)
{
    multiply(call, KAON_ACT_RELU);
}

/* One line a form: its name, a function that runs it, and one that packs. */
static const struct kaon_bench_form gemm_forms[] = {
    { "", gemm, pack },
    { 0 },
};

static const struct kaon_bench_form gemm_relu_forms[] = {
    { "", gemm_relu, pack },
    { 0 },
};

static const struct kaon_bench_op ops[] = {
    { "gemm", KAON_BENCH_GEMM, 0, gemm_forms, { "Gemm" } },
    { "gemm_relu",
      KAON_BENCH_GEMM_ACT,
      KAON_UNARY_RELU,
      gemm_relu_forms,
      { "Gemm", .then = "Relu" },
      .quiet = true },
};

/* m, n, k. What jet taggers and small transformers have. */
static const struct kaon_bench_shape shapes[] = {
    { 15, 64, 16 },     { 40, 64, 16 },    { 512, 64, 16 },   { 1, 64, 64 },     { 15, 64, 64 },
    { 25, 64, 64 },     { 40, 64, 64 },    { 128, 64, 64 },   { 512, 64, 64 },   { 1, 128, 128 },
    { 15, 128, 128 },   { 40, 128, 128 },  { 512, 128, 128 }, { 1, 256, 256 },   { 15, 256, 256 },
    { 40, 256, 256 },   { 128, 256, 256 }, { 512, 256, 256 }, { 15, 512, 512 },  { 40, 512, 512 },
    { 128, 512, 512 },  { 512, 512, 512 }, { 1, 3072, 768 },  { 15, 3072, 768 }, { 40, 3072, 768 },
    { 128, 3072, 768 }, { 15, 21, 64 },    { 40, 3, 64 },     { 40, 64, 19 },    { 1, 3, 64 },
    { 15, 8, 64 },
};

/* The grid: every m of the first list with every pair of the second. */
#define ROWS(k, n)                                                                                 \
    { 1, n, k }, { 15, n, k }, { 25, n, k }, { 40, n, k }, { 64, n, k }, { 128, n, k },            \
    {                                                                                              \
        512, n, k                                                                                  \
    }
#define SIDES(k)                                                                                   \
    ROWS(k, 16), ROWS(k, 32), ROWS(k, 64), ROWS(k, 128), ROWS(k, 256), ROWS(k, 512), ROWS(k, 768), \
        ROWS(k, 3072)
static const struct kaon_bench_shape more[] = {
    SIDES(16),     SIDES(32),   SIDES(64),   SIDES(128),   SIDES(256),   SIDES(512),
    SIDES(768),    SIDES(3072), ROWS(3, 64), ROWS(6, 64),  ROWS(19, 64), ROWS(21, 64),
    ROWS(100, 64), ROWS(64, 3), ROWS(64, 6), ROWS(64, 19), ROWS(64, 21), ROWS(64, 100),
};

static bool make(struct kaon_bench_case *c)
{
    const int64_t m = (int64_t)c->shape.m, n = (int64_t)c->shape.n, k = (int64_t)c->shape.k;
    c->elements = (double)m * (double)n;
    c->flops = 2.0 * (double)m * (double)n * (double)k;
    c->constant[1] = c->constant[2] = true;
    return kaon_bench_tensor(&c->in[0], KAON_F32, 2, (int64_t[]){ m, k }, -1.0, 1.0, 1) &&
           kaon_bench_tensor(&c->in[1], KAON_F32, 2, (int64_t[]){ k, n }, -1.0, 1.0, 2) &&
           kaon_bench_tensor(&c->in[2], KAON_F32, 1, (int64_t[]){ n }, -1.0, 1.0, 3) &&
           kaon_bench_tensor(&c->out, KAON_F32, 2, (int64_t[]){ m, n }, 0.0, 0.0, 0);
}

const struct kaon_bench_suite kaon_bench_gemm = {
    .name = "gemm",
    .summary = "matrix product with constant weights and a bias",
    .shape_format = "M=%m,K=%k,N=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .more = more,
    .n_more = KAON_BENCH_COUNT(more),
    .make = make,
};
