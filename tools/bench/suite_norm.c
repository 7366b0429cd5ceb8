/* Normalisations along rows, with scale and bias. */
#include <stdlib.h>
#include <string.h>

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

/* The residual, and room for the sum behind it. */
static bool make_residual(struct kaon_bench_call *call)
{
    const size_t bytes = call->c->in[0].bytes;
    call->memory = malloc(2 * bytes);
    if (call->memory)
        memcpy(call->memory, call->c->in[0].data, bytes);
    return call->memory != NULL;
}

static struct kaon_norm_sum sum_of(const struct kaon_bench_call *call)
{
    float *residual = call->memory;
    return (struct kaon_norm_sum){ residual + call->c->shape.m * call->c->shape.n, residual,
                                   call->c->in[1].data };
}

static void layernorm_of_sum(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_norm_sum sum = sum_of(call);
    call->k->layernorm_of_sum(c->out.data, c->in[0].data, &sum, c->in[1].data, c->in[2].data,
                              c->shape.m, c->shape.n, EPS);
}

static void rmsnorm_of_sum(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_norm_sum sum = sum_of(call);
    call->k->rmsnorm_of_sum(c->out.data, c->in[0].data, &sum, c->in[1].data, c->shape.m, c->shape.n,
                            EPS);
}

static const struct kaon_bench_form layernorm_of_sum_forms[] = {
    { "", layernorm_of_sum, make_residual },
    { 0 },
};

static const struct kaon_bench_form rmsnorm_of_sum_forms[] = {
    { "", rmsnorm_of_sum, make_residual },
    { 0 },
};

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
    { "layernorm_of_sum", KAON_BENCH_OWN, 0, layernorm_of_sum_forms, { NULL }, .quiet = true },
    { "rmsnorm_of_sum", KAON_BENCH_OWN, 0, rmsnorm_of_sum_forms, { NULL }, .quiet = true },
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
    if (c->kind == KAON_BENCH_OWN)
        c->bytes_read = 3.0 * 4.0 * c->elements; /* x and the residual; the sum, which is written */
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
