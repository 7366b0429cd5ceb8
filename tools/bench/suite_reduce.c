/* Sums and their kin along either axis of a matrix. */
#include "tools/bench/suite.h"

static void rows(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->reduce_rows[c->which](c->out.data, c->in[0].data, c->shape.m, c->shape.n);
}

static void columns(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->reduce_columns[c->which](c->out.data, c->in[0].data, c->shape.m, c->shape.n);
}

static const struct kaon_bench_form rows_forms[] = {
    { "", rows },
    { 0 },
};

static const struct kaon_bench_form columns_forms[] = {
    { "", columns },
    { 0 },
};

/* Until opset 17 the axes are an attribute of all but ReduceSum, which has them in 11. */
#define NODE(op, axis, version)                                                                    \
    {                                                                                              \
        op, { { "axes", 'I', axis }, { "keepdims", 'i', 0 } }, .opset = version                    \
    }

static const struct kaon_bench_op ops[] = {
    { "sum_rows", KAON_BENCH_REDUCE_ROWS, KAON_REDUCE_SUM, rows_forms, NODE("ReduceSum", 1, 11) },
    { "sum_columns", KAON_BENCH_REDUCE_COLUMNS, KAON_REDUCE_SUM, columns_forms,
      NODE("ReduceSum", 0, 11) },
    { "mean_rows", KAON_BENCH_REDUCE_ROWS, KAON_REDUCE_MEAN, rows_forms, NODE("ReduceMean", 1, 17),
      .quiet = true },
    { "max_rows", KAON_BENCH_REDUCE_ROWS, KAON_REDUCE_MAX, rows_forms, NODE("ReduceMax", 1, 17),
      .quiet = true },
    { "max_columns", KAON_BENCH_REDUCE_COLUMNS, KAON_REDUCE_MAX, columns_forms,
      NODE("ReduceMax", 0, 17), .quiet = true },
    { "l2_rows", KAON_BENCH_REDUCE_ROWS, KAON_REDUCE_L2, rows_forms, NODE("ReduceL2", 1, 17),
      .quiet = true },
};

/* rows, row length */
static const struct kaon_bench_shape shapes[] = {
    { 40, 64 }, { 40, 128 }, { 512, 768 }, { 16, 4096 }, { 1024, 4096 },
};

static const struct kaon_bench_shape more[] = { { 15, 15 }, { 40, 19 }, { 4096, 16 } };

static bool make(struct kaon_bench_case *c)
{
    const int64_t dims[] = { (int64_t)c->shape.m, (int64_t)c->shape.n };
    c->elements = (double)c->shape.m * (double)c->shape.n;
    return kaon_bench_tensor(&c->in[0], KAON_F32, 2, dims, -1.0, 2.0, 1) &&
           kaon_bench_tensor(&c->out, KAON_F32, 1, dims + (c->kind == KAON_BENCH_REDUCE_COLUMNS),
                             0.0, 0.0, 0);
}

const struct kaon_bench_suite kaon_bench_reduce = {
    .name = "reduce",
    .summary = "sums and their kin along rows or columns",
    .shape_format = "m=%m,n=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .more = more,
    .n_more = KAON_BENCH_COUNT(more),
    .make = make,
};
