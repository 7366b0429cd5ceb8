/* Element-wise functions of two inputs. */
#include "tools/bench/suite.h"

static void run(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->binary[c->which](c->out.data, c->in[0].data, 1, c->in[1].data, 1, c->shape.n);
}

/* A gated activation: silu(x) w. */
static void gated(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    const struct kaon_link links[] = {
        { .unary = KAON_UNARY_SILU },
        { .two = true, .binary = KAON_BINARY_MUL, .other = c->in[1].data, .step = 1 },
    };
    call->k->chain(c->out.data, c->in[0].data, c->shape.n, links, KAON_BENCH_COUNT(links));
}

static const struct kaon_bench_form gated_forms[] = {
    { "", gated },
    { 0 },
};

static const struct kaon_bench_form forms[] = {
    { "", run },
    { 0 },
};

static const struct kaon_bench_op ops[] = {
    { "add", KAON_BENCH_BINARY, KAON_BINARY_ADD, forms, { "Add" } },
    { "mul", KAON_BENCH_BINARY, KAON_BINARY_MUL, forms, { "Mul" } },
    { "silu_mul", KAON_BENCH_OWN, 0, gated_forms, { NULL } },
    { "div", KAON_BENCH_BINARY, KAON_BINARY_DIV, forms, { "Div" }, .quiet = true },
    { "sub", KAON_BENCH_BINARY, KAON_BINARY_SUB, forms, { "Sub" }, .quiet = true },
    { "max", KAON_BENCH_BINARY, KAON_BINARY_MAX, forms, { "Max" }, .quiet = true },
    { "min", KAON_BENCH_BINARY, KAON_BINARY_MIN, forms, { "Min" }, .quiet = true },
    { "pow", KAON_BENCH_BINARY, KAON_BINARY_POW, forms, { "Pow" }, .quiet = true },
};

static const struct kaon_bench_shape shapes[] = { { 0, 2560 }, { 0, 64 << 10 }, { 0, 4 << 20 } };

static const struct kaon_bench_shape more[] = { { 0, 15 }, { 0, 960 }, { 0, 16 << 20 } };

static bool make(struct kaon_bench_case *c)
{
    const int64_t dims[] = { (int64_t)c->shape.n };
    c->elements = (double)c->shape.n;
    return kaon_bench_tensor(&c->in[0], KAON_F32, 1, dims, 0.5, 2.0, 1) &&
           kaon_bench_tensor(&c->in[1], KAON_F32, 1, dims, 0.5, 2.0, 2) &&
           kaon_bench_tensor(&c->out, KAON_F32, 1, dims, 0.0, 0.0, 0);
}

const struct kaon_bench_suite kaon_bench_elementwise = {
    .name = "elementwise",
    .summary = "element-wise functions of two inputs",
    .shape_format = "n=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .more = more,
    .n_more = KAON_BENCH_COUNT(more),
    .make = make,
};
