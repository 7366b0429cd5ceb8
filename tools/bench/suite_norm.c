/* Normalisations along rows, with scale and bias. */
#include "tools/bench/suite.h"

#define EPS 1e-5f

static void layernorm(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->layernorm_rows(c->out.data, c->in[0].data, c->in[1].data, c->in[2].data, c->shape.m,
                            c->shape.n, EPS, NULL, NULL);
}

static void rmsnorm(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->rmsnorm_rows(c->out.data, c->in[0].data, c->in[1].data, c->shape.m, c->shape.n, EPS);
}

static const struct kaon_bench_form layernorm_forms[] = {
    { "", layernorm },
    { 0 },
};

static const struct kaon_bench_form rmsnorm_forms[] = {
    { "", rmsnorm },
    { 0 },
};

static const struct kaon_bench_op ops[] = {
    { "layernorm",
      KAON_BENCH_LAYERNORM,
      0,
      layernorm_forms,
      { "LayerNormalization", { { "axis", 'i', -1 }, { "epsilon", 'f', 0, EPS } } } },
    { "rmsnorm",
      KAON_BENCH_RMSNORM,
      0,
      rmsnorm_forms,
      { "RMSNormalization", { { "axis", 'i', -1 }, { "epsilon", 'f', 0, EPS } }, .opset = 23 } },
};

/* rows, row length */
static const struct kaon_bench_shape shapes[] = {
    { 15, 64 },  { 40, 64 },   { 40, 128 },  { 40, 256 },  { 128, 256 },
    { 512, 64 }, { 128, 768 }, { 512, 768 }, { 16, 4096 },
};

static const struct kaon_bench_shape more[] = {
    { 40, 16 }, { 40, 19 }, { 40, 100 }, { 1, 256 }, { 1, 4096 }, { 4096, 768 },
};

static bool make(struct kaon_bench_case *c)
{
    const int64_t dims[] = { (int64_t)c->shape.m, (int64_t)c->shape.n };
    c->elements = (double)c->shape.m * (double)c->shape.n;
    c->constant[1] = c->constant[2] = true;
    return kaon_bench_tensor(&c->in[0], KAON_F32, 2, dims, -2.0, 2.0, 1) &&
           kaon_bench_tensor(&c->in[1], KAON_F32, 1, dims + 1, 0.5, 1.5, 2) &&
           (c->kind == KAON_BENCH_RMSNORM ||
            kaon_bench_tensor(&c->in[2], KAON_F32, 1, dims + 1, -1.0, 1.0, 3)) &&
           kaon_bench_tensor(&c->out, KAON_F32, 2, dims, 0.0, 0.0, 0);
}

const struct kaon_bench_suite kaon_bench_norm = {
    .name = "norm",
    .summary = "layernorm and rmsnorm along rows",
    .shape_format = "m=%m,n=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .more = more,
    .n_more = KAON_BENCH_COUNT(more),
    .make = make,
};
