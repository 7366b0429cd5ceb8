/* Elementwise operators of one input. */
#include "engine/ops/ops.h"

#include <math.h>

/* Defaults of the parameters, by operator; kernels/unary.h says what they do. */
static const struct parameters {
    enum kaon_op_kind kind;
    const char *a, *b;
    float default_a, default_b;
} parameters[] = {
    { KAON_OP_leaky_relu, "alpha", NULL, 0.01f, 0.0f },
    { KAON_OP_elu, "alpha", NULL, 1.0f, 0.0f },
    { KAON_OP_celu, "alpha", NULL, 1.0f, 0.0f },
    { KAON_OP_thresholded_relu, "alpha", NULL, 1.0f, 0.0f },
    { KAON_OP_selu, "alpha", "gamma", 1.67326319217681884765625f, 1.05070102214813232421875f },
    { KAON_OP_hardsigmoid, "alpha", "beta", 0.2f, 0.5f },
    { KAON_OP_swish, "alpha", NULL, 1.0f, 0.0f },
    { KAON_OP_shrink, "bias", "lambd", 0.0f, 0.5f },
};

static void read_named(struct kaon_attr_reader *r, struct kaon_unary_attr *a,
                       enum kaon_op_kind kind)
{
    kaon_attr_skip(r, "consumed_inputs");
    for (size_t i = 0; i < KAON_COUNT(parameters); i++) {
        const struct parameters *p = &parameters[i];
        if (p->kind != kind)
            continue;
        float old_a = p->default_a;
        if (kind == KAON_OP_selu && r->opset < 6) /* opset 1 had the constants in four digits */
            old_a = 1.6732f;
        a->a = kaon_attr_float(r, p->a, old_a);
        if (p->b)
            a->b = kaon_attr_float(r, p->b,
                                   kind == KAON_OP_selu && r->opset < 6 ? 1.0507f : p->default_b);
    }
}

static void read_plain(struct kaon_attr_reader *r, void *attr)
{
    read_named(r, attr, KAON_OP_none);
}

static void read_leaky_relu(struct kaon_attr_reader *r, void *attr)
{
    read_named(r, attr, KAON_OP_leaky_relu);
}

static void read_elu(struct kaon_attr_reader *r, void *attr)
{
    read_named(r, attr, KAON_OP_elu);
}

static void read_celu(struct kaon_attr_reader *r, void *attr)
{
    read_named(r, attr, KAON_OP_celu);
}

static void read_thresholded_relu(struct kaon_attr_reader *r, void *attr)
{
    read_named(r, attr, KAON_OP_thresholded_relu);
}

static void read_selu(struct kaon_attr_reader *r, void *attr)
{
    read_named(r, attr, KAON_OP_selu);
}

static void read_hardsigmoid(struct kaon_attr_reader *r, void *attr)
{
    read_named(r, attr, KAON_OP_hardsigmoid);
}

static void read_swish(struct kaon_attr_reader *r, void *attr)
{
    read_named(r, attr, KAON_OP_swish);
}

static void read_shrink(struct kaon_attr_reader *r, void *attr)
{
    read_named(r, attr, KAON_OP_shrink);
}

static void read_gelu(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "none", "tanh" };
    struct kaon_unary_attr *a = attr;
    a->tanh = kaon_attr_word(r, "approximate", 0, words, 2) == 1;
}

static void read_clip(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_unary_attr *a = attr;
    kaon_attr_skip(r, "consumed_inputs");
    a->has_a = kaon_attr_has(r, "min");
    a->has_b = kaon_attr_has(r, "max");
    a->a = kaon_attr_float(r, "min", -INFINITY);
    a->b = kaon_attr_float(r, "max", INFINITY);
}

static void read_is_inf(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_unary_attr *a = attr;
    a->positive = kaon_attr_bool(r, "detect_positive", true);
    a->negative = kaon_attr_bool(r, "detect_negative", true);
}

static enum kaon_status infer_test(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    (void)msg;
    kaon_fact_set(node->out[0], KAON_BOOL, x->rank, x->dims);
    return KAON_OK;
}

#define UNARY(id, op_name, first, reader)                                                          \
    const struct kaon_op kaon_op_##id = {                                                          \
        .name = op_name,                                                                           \
        .domain = "",                                                                              \
        .kind = KAON_OP_##id,                                                                      \
        .since = first,                                                                            \
        .n_in = { 1, 1 },                                                                          \
        .n_out = { 1, 1 },                                                                         \
        .attr_size = sizeof(struct kaon_unary_attr),                                               \
        .read = reader,                                                                            \
        .infer = kaon_infer_same,                                                                  \
    }

UNARY(abs, "Abs", 1, read_plain);
UNARY(neg, "Neg", 1, read_plain);
UNARY(relu, "Relu", 1, read_plain);
UNARY(exp, "Exp", 1, read_plain);
UNARY(log, "Log", 1, read_plain);
UNARY(sqrt, "Sqrt", 1, read_plain);
UNARY(reciprocal, "Reciprocal", 1, read_plain);
UNARY(erf, "Erf", 9, read_plain);
UNARY(tanh, "Tanh", 1, read_plain);
UNARY(sigmoid, "Sigmoid", 1, read_plain);
UNARY(softplus, "Softplus", 1, read_plain);
UNARY(softsign, "Softsign", 1, read_plain);
UNARY(gelu, "Gelu", 20, read_gelu);
UNARY(mish, "Mish", 18, read_plain);
UNARY(swish, "Swish", 24, read_swish);
UNARY(hardswish, "HardSwish", 14, read_plain);
UNARY(hardsigmoid, "HardSigmoid", 1, read_hardsigmoid);
UNARY(leaky_relu, "LeakyRelu", 1, read_leaky_relu);
UNARY(elu, "Elu", 1, read_elu);
UNARY(selu, "Selu", 1, read_selu);
UNARY(celu, "Celu", 12, read_celu);
UNARY(thresholded_relu, "ThresholdedRelu", 1, read_thresholded_relu);
UNARY(shrink, "Shrink", 9, read_shrink);
UNARY(sign, "Sign", 9, read_plain);
UNARY(floor, "Floor", 1, read_plain);
UNARY(ceil, "Ceil", 1, read_plain);
UNARY(round, "Round", 11, read_plain);
UNARY(sin, "Sin", 7, read_plain);
UNARY(cos, "Cos", 7, read_plain);
UNARY(tan, "Tan", 7, read_plain);
UNARY(asin, "Asin", 7, read_plain);
UNARY(acos, "Acos", 7, read_plain);
UNARY(atan, "Atan", 7, read_plain);
UNARY(sinh, "Sinh", 9, read_plain);
UNARY(cosh, "Cosh", 9, read_plain);
UNARY(asinh, "Asinh", 9, read_plain);
UNARY(acosh, "Acosh", 9, read_plain);
UNARY(atanh, "Atanh", 9, read_plain);
UNARY(bitwise_not, "BitwiseNot", 18, read_plain);

/* Gelu as ONNX Runtime's optimiser writes it: by the error function. */
const struct kaon_op kaon_op_contrib_gelu = {
    .name = "Gelu",
    .domain = "com.microsoft",
    .kind = KAON_OP_contrib_gelu,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .infer = kaon_infer_same,
};

const struct kaon_op kaon_op_clip = {
    .name = "Clip",
    .domain = "",
    .kind = KAON_OP_clip,
    .since = 1,
    .n_in = { 1, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_unary_attr),
    .read = read_clip,
    .infer = kaon_infer_same,
};

const struct kaon_op kaon_op_not = {
    .name = "Not",
    .domain = "",
    .kind = KAON_OP_not,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .infer = infer_test,
};

const struct kaon_op kaon_op_is_nan = {
    .name = "IsNaN",
    .domain = "",
    .kind = KAON_OP_is_nan,
    .since = 9,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .infer = infer_test,
};

const struct kaon_op kaon_op_is_inf = {
    .name = "IsInf",
    .domain = "",
    .kind = KAON_OP_is_inf,
    .since = 10,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_unary_attr),
    .read = read_is_inf,
    .infer = infer_test,
};
