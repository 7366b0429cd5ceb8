/* Moves: transposes, gathers and copies of rows; rotary embedding, which is nearly one. */
#include "tools/bench/suite.h"

static void transpose(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->transpose_32(c->out.data, c->in[0].data, c->shape.m, c->shape.n, c->shape.n,
                          c->shape.m);
}

static void gather(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->gather_rows_32(c->out.data, c->in[0].data, c->in[1].data, c->shape.m, c->shape.n);
}

/* Half of each row, as a split does. */
static void copy(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const ptrdiff_t n = (ptrdiff_t)c->shape.n;
    call->k->copy_rows_32(c->out.data, n, c->in[0].data, 2 * n, c->shape.m, c->shape.n);
}

static const struct kaon_bench_form copy_forms[] = {
    { "", copy },
    { 0 },
};

static void rotary(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const size_t n = c->shape.n, pairs = n / 2;
    const struct kaon_rotary r = { .rows = c->shape.m,
                                   .n = n,
                                   .pairs = pairs,
                                   .y_stride = n,
                                   .x_stride = n,
                                   .angle_stride = pairs,
                                   .cos = c->in[1].data,
                                   .sin = c->in[2].data };
    call->k->rotary_rows(c->out.data, c->in[0].data, &r);
}

static const struct kaon_bench_form rotary_forms[] = {
    { "", rotary },
    { 0 },
};

static const struct kaon_bench_form transpose_forms[] = {
    { "", transpose },
    { 0 },
};

static const struct kaon_bench_form gather_forms[] = {
    { "", gather },
    { 0 },
};

enum { ROTARY = 1 }; /* among the kinds of its own */

static const struct kaon_bench_op ops[] = {
    { "transpose", KAON_BENCH_TRANSPOSE, 0, transpose_forms, { "Transpose" } },
    { "copy_rows", KAON_BENCH_OWN, 0, copy_forms, { NULL } },
    { "rotary", KAON_BENCH_OWN, ROTARY, rotary_forms, { NULL } },
    { "gather", KAON_BENCH_GATHER, 0, gather_forms, { "Gather" } },
};

/* m, n */
static const struct kaon_bench_shape shapes[] = {
    { 15, 64 }, { 40, 64 }, { 128, 128 }, { 512, 768 }, { 2048, 2048 },
};

static const struct kaon_bench_shape more[] = { { 3, 5 }, { 16, 16 }, { 40, 19 }, { 4096, 64 } };

/* A gather takes m rows of a table with 4 m of them. */
static bool make(struct kaon_bench_case *c)
{
    const int64_t m = (int64_t)c->shape.m, n = (int64_t)c->shape.n;
    c->elements = (double)m * (double)n;
    if (c->kind == KAON_BENCH_TRANSPOSE)
        return kaon_bench_tensor(&c->in[0], KAON_F32, 2, (int64_t[]){ m, n }, -1.0, 1.0, 1) &&
               kaon_bench_tensor(&c->out, KAON_F32, 2, (int64_t[]){ n, m }, 0.0, 0.0, 0);
    if (c->kind == KAON_BENCH_OWN && c->which == ROTARY)
        return kaon_bench_tensor(&c->in[0], KAON_F32, 2, (int64_t[]){ m, n }, -1.0, 1.0, 1) &&
               kaon_bench_tensor(&c->in[1], KAON_F32, 2, (int64_t[]){ m, n / 2 }, -1.0, 1.0, 2) &&
               kaon_bench_tensor(&c->in[2], KAON_F32, 2, (int64_t[]){ m, n / 2 }, -1.0, 1.0, 3) &&
               kaon_bench_tensor(&c->out, KAON_F32, 2, (int64_t[]){ m, n }, 0.0, 0.0, 0);
    c->bytes_read = 4.0 * c->elements;
    if (c->kind == KAON_BENCH_OWN)
        return kaon_bench_tensor(&c->in[0], KAON_F32, 2, (int64_t[]){ m, 2 * n }, -1.0, 1.0, 1) &&
               kaon_bench_tensor(&c->out, KAON_F32, 2, (int64_t[]){ m, n }, 0.0, 0.0, 0);
    c->bytes_read += 8.0 * (double)m;
    return kaon_bench_tensor(&c->in[0], KAON_F32, 2, (int64_t[]){ 4 * m, n }, -1.0, 1.0, 1) &&
           kaon_bench_tensor(&c->in[1], KAON_I64, 1, &m, 0.0, 4.0 * (double)m, 2) &&
           kaon_bench_tensor(&c->out, KAON_F32, 2, (int64_t[]){ m, n }, 0.0, 0.0, 0);
}

const struct kaon_bench_suite kaon_bench_layout = {
    .name = "layout",
    .summary = "transposes and gathers",
    .shape_format = "m=%m,n=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .more = more,
    .n_more = KAON_BENCH_COUNT(more),
    .make = make,
};
