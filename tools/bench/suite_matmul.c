/* Matrix product of two matrices that a run brings, as attention has them: scores, and scores times
 * values. */
#include <stdlib.h>

#include "tools/bench/suite.h"

static bool room_for_panel(struct kaon_bench_call *call)
{
    const size_t bytes = KAON_GEMM_PANEL * call->c->shape.k * sizeof(float);
    call->memory = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
    return call->memory != NULL;
}

static void unpacked(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_bench_shape *s = &c->shape;
    call->k->gemm_unpacked(c->out.data, s->n, c->in[0].data, s->k, c->in[1].data, s->n, s->m, s->n,
                           s->k, NULL, call->memory);
}

static bool room_for_all(struct kaon_bench_call *call)
{
    const size_t bytes =
        kaon_gemm_packed_floats(call->c->shape.k, call->c->shape.n) * sizeof(float);
    call->memory = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
    return call->memory != NULL;
}

/* Packing is part of the run. */
static void packed(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_bench_shape *s = &c->shape;
    call->k->gemm_pack(call->memory, c->in[1].data, (ptrdiff_t)s->n, 1, s->k, s->n);
    call->k->gemm(c->out.data, s->n, c->in[0].data, s->k, call->memory, s->m, s->n, s->k, NULL);
}

static const struct kaon_bench_form forms[] = {
    { "", unpacked, room_for_panel },
    { "packed", packed, room_for_all },
    { 0 },
};

static const struct kaon_bench_op ops[] = {
    { "matmul", KAON_BENCH_MATMUL, 0, forms, { "MatMul" } },
};

/* m, n, k: tokens by tokens by head size, and tokens by head size by tokens. */
static const struct kaon_bench_shape shapes[] = {
    { 15, 15, 16 },   { 15, 16, 15 },   { 40, 40, 16 },    { 40, 16, 40 },   { 40, 40, 32 },
    { 40, 32, 40 },   { 128, 128, 32 }, { 128, 32, 128 },  { 128, 128, 64 }, { 128, 64, 128 },
    { 512, 512, 64 }, { 512, 64, 512 }, { 256, 256, 256 },
};

static bool make(struct kaon_bench_case *c)
{
    const int64_t m = (int64_t)c->shape.m, n = (int64_t)c->shape.n, k = (int64_t)c->shape.k;
    c->elements = (double)m * (double)n;
    c->flops = 2.0 * (double)m * (double)n * (double)k;
    return kaon_bench_tensor(&c->in[0], KAON_F32, 2, (int64_t[]){ m, k }, -1.0, 1.0, 1) &&
           kaon_bench_tensor(&c->in[1], KAON_F32, 2, (int64_t[]){ k, n }, -1.0, 1.0, 2) &&
           kaon_bench_tensor(&c->out, KAON_F32, 2, (int64_t[]){ m, n }, 0.0, 0.0, 0);
}

const struct kaon_bench_suite kaon_bench_matmul = {
    .name = "matmul",
    .summary = "matrix product of two matrices that change",
    .shape_format = "M=%m,K=%k,N=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .make = make,
};
