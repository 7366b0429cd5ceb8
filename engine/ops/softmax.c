/* Softmax, LogSoftmax, Hardmax: one axis, or before opset 13 all axes from one on. */
#include "engine/ops/ops.h"

static void read_softmax(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_softmax *a = attr;
    a->flat = r->opset < 13;
    a->axis = kaon_attr_int(r, "axis", a->flat ? 1 : -1);
}

static enum kaon_status infer_softmax(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_softmax *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int32_t axis;
    kaon_fact_like(node->out[0], x);
    if (x->rank < 0 || (x->rank == 0 && (a->axis == 0 || a->axis == -1)))
        return KAON_OK;
    if (a->flat && a->axis == x->rank) /* allowed there: rows of one element */
        return KAON_OK;
    return kaon_fact_axis(a->axis, x->rank, "Softmax", &axis, msg);
}

const struct kaon_op kaon_op_softmax = {
    .name = "Softmax",
    .domain = "",
    .kind = KAON_OP_softmax,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_softmax),
    .read = read_softmax,
    .infer = infer_softmax,
};

const struct kaon_op kaon_op_log_softmax = {
    .name = "LogSoftmax",
    .domain = "",
    .kind = KAON_OP_log_softmax,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_softmax),
    .read = read_softmax,
    .infer = infer_softmax,
};

const struct kaon_op kaon_op_hardmax = {
    .name = "Hardmax",
    .domain = "",
    .kind = KAON_OP_hardmax,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_softmax),
    .read = read_softmax,
    .infer = infer_softmax,
};
