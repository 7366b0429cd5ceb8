/* Elementwise operators of two inputs and more, with broadcasting. */
#include "engine/ops/ops.h"

static void read_binary(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_binary_attr *a = attr;
    a->axis = INT64_MAX;
    if (r->opset >= 7)
        return;
    a->legacy = true;
    a->broadcast = kaon_attr_bool(r, "broadcast", false);
    a->axis = kaon_attr_int(r, "axis", INT64_MAX);
    kaon_attr_skip(r, "consumed_inputs");
}

static void read_prelu(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_binary_attr *a = attr;
    a->axis = INT64_MAX;
    kaon_attr_skip(r, "consumed_inputs");
    if (r->opset >= 7)
        return;
    a->legacy = a->broadcast = true; /* a slope a channel, on axis 1; or one for all */
    a->axis = 1;
}

static void read_mod(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_binary_attr *a = attr;
    a->axis = INT64_MAX;
    a->fmod = kaon_attr_bool(r, "fmod", false);
}

static void read_bit_shift(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "LEFT", "RIGHT" };
    struct kaon_binary_attr *a = attr;
    a->axis = INT64_MAX;
    if (!kaon_attr_has(r, "direction"))
        kaon_attr_fail(r, KAON_BAD_MODEL, "BitShift: no direction is given");
    a->left = kaon_attr_word(r, "direction", 0, words, 2) == 0;
}

/* The second input of opset 1 to 6, with ones behind it so that its axes stand in their place. */
static enum kaon_status legacy(const struct kaon_infer *node, struct kaon_fact *b,
                               struct kaon_msg *msg)
{
    const struct kaon_binary_attr *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    if (!a->broadcast || x->rank < 0 || b->rank < 0)
        return KAON_OK;
    const int64_t at = kaon_legacy_axis(a, x->rank, b->rank);
    if (b->rank <= 1 && kaon_fact_count(b) == 1)
        return KAON_OK;
    if (at < 0 || at + b->rank > x->rank)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: rank %d at axis %lld of rank %d",
                         kaon_infer_name(node), (int)b->rank, (long long)a->axis, (int)x->rank);
    while (b->rank < x->rank - at)
        b->dims[b->rank++] = 1;
    return KAON_OK;
}

static enum kaon_status broadcast(const struct kaon_infer *node, enum kaon_type type,
                                  struct kaon_msg *msg)
{
    const struct kaon_binary_attr *a = node->attr;
    struct kaon_fact b = *node->in[1];
    const struct kaon_fact *in[] = { node->in[0], &b };
    if (a->legacy) {
        const enum kaon_status st = legacy(node, &b, msg);
        if (st != KAON_OK)
            return st;
    }
    kaon_fact_unknown(node->out[0], type);
    return kaon_fact_broadcast(node->out[0], in, 2, kaon_infer_name(node), msg);
}

static enum kaon_status infer_binary(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const enum kaon_type a = node->in[0]->type, b = node->in[1]->type;
    if (a && b && a != b && node->kind != KAON_OP_pow)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: inputs are %s and %s", kaon_infer_name(node),
                         kaon_type_name(a), kaon_type_name(b));
    return broadcast(node, a ? a : node->kind == KAON_OP_pow ? a : b, msg);
}

static enum kaon_status infer_compare(const struct kaon_infer *node, struct kaon_msg *msg)
{
    return broadcast(node, KAON_BOOL, msg);
}

#define BINARY(id, op_name, first, reader, inference)                                              \
    const struct kaon_op kaon_op_##id = {                                                          \
        .name = op_name,                                                                           \
        .domain = "",                                                                              \
        .kind = KAON_OP_##id,                                                                      \
        .since = first,                                                                            \
        .n_in = { 2, 2 },                                                                          \
        .n_out = { 1, 1 },                                                                         \
        .attr_size = sizeof(struct kaon_binary_attr),                                              \
        .read = reader,                                                                            \
        .infer = inference,                                                                        \
    }

BINARY(add, "Add", 1, read_binary, infer_binary);
BINARY(sub, "Sub", 1, read_binary, infer_binary);
BINARY(mul, "Mul", 1, read_binary, infer_binary);
BINARY(div, "Div", 1, read_binary, infer_binary);
BINARY(pow, "Pow", 1, read_binary, infer_binary);
BINARY(mod, "Mod", 10, read_mod, infer_binary);
BINARY(prelu, "PRelu", 1, read_prelu, infer_binary);
BINARY(and, "And", 1, read_binary, infer_compare);
BINARY(or, "Or", 1, read_binary, infer_compare);
BINARY(xor, "Xor", 1, read_binary, infer_compare);
BINARY(greater, "Greater", 1, read_binary, infer_compare);
BINARY(greater_or_equal, "GreaterOrEqual", 12, read_binary, infer_compare);
BINARY(less, "Less", 1, read_binary, infer_compare);
BINARY(less_or_equal, "LessOrEqual", 12, read_binary, infer_compare);

const struct kaon_op kaon_op_equal = {
    .name = "Equal",
    .domain = "",
    .kind = KAON_OP_equal,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_binary_attr),
    .read = read_binary,
    .infer = infer_compare,
};
BINARY(bit_shift, "BitShift", 11, read_bit_shift, infer_binary);
BINARY(bitwise_and, "BitwiseAnd", 18, read_binary, infer_binary);
BINARY(bitwise_or, "BitwiseOr", 18, read_binary, infer_binary);
BINARY(bitwise_xor, "BitwiseXor", 18, read_binary, infer_binary);

/* ---- several inputs -------------------------------------------------------------------------- */

static void read_many(struct kaon_attr_reader *r, void *attr)
{
    (void)attr;
    kaon_attr_skip(r, "consumed_inputs");
}

static enum kaon_status infer_many(const struct kaon_infer *node, struct kaon_msg *msg)
{
    for (size_t i = 0; i < node->n_in; i++)
        if (!node->in[i])
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu is not given",
                             kaon_infer_name(node), i);
    kaon_fact_unknown(node->out[0], node->in[0]->type);
    return kaon_fact_broadcast(node->out[0], node->in, node->n_in, kaon_infer_name(node), msg);
}

#define MANY(id, op_name)                                                                          \
    const struct kaon_op kaon_op_##id = {                                                          \
        .name = op_name,                                                                           \
        .domain = "",                                                                              \
        .kind = KAON_OP_##id,                                                                      \
        .since = 1,                                                                                \
        .n_in = { 1, -1 },                                                                         \
        .n_out = { 1, 1 },                                                                         \
        .read = read_many,                                                                         \
        .infer = infer_many,                                                                       \
    }

MANY(max, "Max");
MANY(min, "Min");
MANY(sum, "Sum");
MANY(mean, "Mean");

/* BiasAdd and FastGelu: what is added broadcasts to the first input. */
static enum kaon_status infer_biased(const struct kaon_infer *node, struct kaon_msg *msg)
{
    struct kaon_fact all = *node->in[0];
    const enum kaon_status st =
        kaon_fact_broadcast(&all, node->in, node->n_in, kaon_infer_name(node), msg);
    if (st == KAON_OK && kaon_fact_concrete(&all) && kaon_fact_concrete(node->in[0]) &&
        kaon_fact_count(&all) != kaon_fact_count(node->in[0]))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: what is added to %s has shape %s",
                         kaon_infer_name(node),
                         kaon_shape_text(node->in[0]->rank, node->in[0]->dims).text,
                         kaon_shape_text(all.rank, all.dims).text);
    return st == KAON_OK ? kaon_infer_same(node, msg) : st;
}

const struct kaon_op kaon_op_bias_add = {
    .name = "BiasAdd",
    .domain = "com.microsoft",
    .kind = KAON_OP_bias_add,
    .since = 1,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .infer = infer_biased,
};

const struct kaon_op kaon_op_fast_gelu = {
    .name = "FastGelu",
    .domain = "com.microsoft",
    .kind = KAON_OP_fast_gelu,
    .since = 1,
    .n_in = { 1, 2 },
    .n_out = { 1, 1 },
    .infer = infer_biased,
};

static enum kaon_status infer_where(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const enum kaon_type type = node->in[1]->type ? node->in[1]->type : node->in[2]->type;
    kaon_fact_unknown(node->out[0], type);
    return kaon_fact_broadcast(node->out[0], node->in, 3, "Where", msg);
}

const struct kaon_op kaon_op_where = {
    .name = "Where",
    .domain = "",
    .kind = KAON_OP_where,
    .since = 9,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .infer = infer_where,
};
