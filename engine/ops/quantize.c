/* QuantizeLinear, DequantizeLinear. */
#include "engine/ops/ops.h"

static void read_quantize(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_quantize *a = attr;
    a->axis = kaon_attr_int(r, "axis", 1);
    a->block = kaon_attr_int(r, "block_size", 0);
    a->saturate = kaon_attr_bool(r, "saturate", true);
    a->to = (enum kaon_type)kaon_attr_int(r, "output_dtype", KAON_UNDEFINED);
    if (kaon_attr_int(r, "precision", 0) > KAON_F32)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "a precision other than float");
    if (a->block < 0)
        kaon_attr_fail(r, KAON_BAD_MODEL, "block_size is %lld", (long long)a->block);
}

static enum kaon_status infer_quantize(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_quantize *a = node->attr;
    const struct kaon_fact *x = node->in[0], *scale = node->in[1], *zero = kaon_infer_in(node, 2);
    enum kaon_type type = a->to;
    if (type == KAON_UNDEFINED && node->kind == KAON_OP_dequantize_linear)
        type = scale->type;
    else if (type == KAON_UNDEFINED)
        type = zero ? zero->type : KAON_U8;
    if (node->out[0])
        kaon_fact_set(node->out[0], type, x->rank, x->dims);
    const int64_t n = kaon_fact_count(scale);
    int32_t axis;
    if (x->rank < 0 || !kaon_dim_known(n) || n == 1)
        return KAON_OK;
    const enum kaon_status st = kaon_fact_axis(a->axis, x->rank, kaon_infer_name(node), &axis, msg);
    if (st != KAON_OK)
        return st;
    const bool fits = a->block ? scale->rank == x->rank : n == x->dims[axis];
    if (kaon_dim_known(x->dims[axis]) && !fits)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %lld scales for %lld slices",
                         kaon_infer_name(node), (long long)n, (long long)x->dims[axis]);
    return KAON_OK;
}

const struct kaon_op kaon_op_quantize_linear = {
    .name = "QuantizeLinear",
    .domain = "",
    .kind = KAON_OP_quantize_linear,
    .since = 10,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_quantize),
    .read = read_quantize,
    .infer = infer_quantize,
};

const struct kaon_op kaon_op_dequantize_linear = {
    .name = "DequantizeLinear",
    .domain = "",
    .kind = KAON_OP_dequantize_linear,
    .since = 10,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_quantize),
    .read = read_quantize,
    .infer = infer_quantize,
};
