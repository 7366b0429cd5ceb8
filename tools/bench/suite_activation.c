/* Element-wise functions of one input. */
#include "tools/bench/suite.h"

static void run(const struct kaon_bench_call *call)
{
    const struct kaon_bench_case *c = call->c;
    call->k->unary[c->which](c->out.data, c->in[0].data, c->shape.n, 1.0f, 0.0f);
}

static const struct kaon_bench_form forms[] = {
    { "", run },
    { 0 },
};

#define OP(name, function, ...)                                                                    \
    {                                                                                              \
        name, KAON_BENCH_UNARY, KAON_UNARY_##function, forms,                                      \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define QUIET(name, function, ...)                                                                 \
    {                                                                                              \
        name, KAON_BENCH_UNARY, KAON_UNARY_##function, forms, { __VA_ARGS__ }, .quiet = true       \
    }

/* The node in ONNX follows the function. */
static const struct kaon_bench_op ops[] = {
    OP("relu", RELU, "Relu"),
    OP("gelu_erf", GELU_ERF, "Gelu"),
    OP("gelu_tanh", GELU_TANH, "Gelu", { { "approximate", 's', .s = "tanh" } }),
    OP("silu", SILU, "Sigmoid", .then = "Mul", .then_x = true),
    OP("sigmoid", SIGMOID, "Sigmoid"),
    OP("tanh", TANH, "Tanh"),
    OP("exp", EXP, "Exp"),
    QUIET("erf", ERF, "Erf"),
    QUIET("log", LOG, "Log"),
    QUIET("softplus", SOFTPLUS, "Softplus"),
    QUIET("hard_swish", HARD_SWISH, "HardSwish"),
    QUIET("mish", MISH, "Mish"),
    QUIET("elu", ELU, "Elu", { { "alpha", 'f', 0, 1.0f } }),
    QUIET("abs", ABS, "Abs"),
    QUIET("neg", NEG, "Neg"),
    QUIET("sqrt", SQRT, "Sqrt"),
    QUIET("reciprocal", RECIPROCAL, "Reciprocal"),
    QUIET("floor", FLOOR, "Floor"),
    QUIET("round", ROUND, "Round"),
    QUIET("sin", SIN, "Sin"),
};

/* Elements: within the first cache, the second, and beyond both. */
static const struct kaon_bench_shape shapes[] = { { 0, 2560 }, { 0, 64 << 10 }, { 0, 4 << 20 } };

static const struct kaon_bench_shape more[] = { { 0, 15 }, { 0, 960 }, { 0, 16 << 20 } };

static bool make(struct kaon_bench_case *c)
{
    const bool positive = c->which == KAON_UNARY_LOG || c->which == KAON_UNARY_SQRT;
    const int64_t dims[] = { (int64_t)c->shape.n };
    c->elements = (double)c->shape.n;
    return kaon_bench_tensor(&c->in[0], KAON_F32, 1, dims, positive ? 0.1 : -4.0, 4.0, 1) &&
           kaon_bench_tensor(&c->out, KAON_F32, 1, dims, 0.0, 0.0, 0);
}

const struct kaon_bench_suite kaon_bench_activation = {
    .name = "activation",
    .summary = "element-wise functions of one input",
    .shape_format = "n=%n",
    .ops = ops,
    .n_ops = KAON_BENCH_COUNT(ops),
    .shapes = shapes,
    .n_shapes = KAON_BENCH_COUNT(shapes),
    .more = more,
    .n_more = KAON_BENCH_COUNT(more),
    .make = make,
};
