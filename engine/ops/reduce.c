/* Reductions over axes, ArgMax, ArgMin. */
#include "engine/ops/ops.h"

#include <string.h>

static void read_reduce(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_reduction *a = attr;
    a->axes = kaon_attr_ints(r, "axes", &a->n);
    a->keep = kaon_attr_bool(r, "keepdims", true);
    a->noop_if_empty = kaon_attr_bool(r, "noop_with_empty_axes", false);
}

static enum kaon_status infer_reduce(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_reduction *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    const char *op = kaon_infer_name(node);
    int64_t axes[2 * KAON_MAX_RANK], dims[KAON_MAX_RANK];
    bool gone[KAON_MAX_RANK] = { false };
    int32_t rank = 0;
    int32_t n = kaon_infer_list(node, 1, a->axes, a->n, axes, KAON_COUNT(axes));
    const struct kaon_fact *in = kaon_infer_in(node, 1);
    kaon_fact_unknown(node->out[0], x->type);
    if (n == KAON_LIST_UNKNOWN && in->rank == 1 && in->dims[0] == 0)
        n = 0; /* no axes, whatever they are */
    if (n == KAON_LIST_LONG)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: more axes than a tensor can have", op);
    if (x->rank < 0)
        return KAON_OK;
    if (n == KAON_LIST_UNKNOWN) {
        for (int32_t i = 0; i < x->rank; i++)
            dims[i] = x->dims[i] == 1 ? 1 : KAON_DIM_UNKNOWN;
        if (a->keep)
            kaon_fact_set(node->out[0], x->type, x->rank, dims);
        return KAON_OK;
    }
    const bool all = n <= 0 && !a->noop_if_empty;
    for (int32_t i = 0; i < x->rank; i++)
        gone[i] = all;
    for (int32_t i = 0; i < n; i++) {
        int32_t axis;
        const enum kaon_status st = kaon_fact_axis(axes[i], x->rank, op, &axis, msg);
        if (st != KAON_OK)
            return st;
        gone[axis] = true;
    }
    for (int32_t i = 0; i < x->rank; i++)
        if (!gone[i])
            dims[rank++] = x->dims[i];
        else if (a->keep)
            dims[rank++] = 1;
    kaon_fact_set(node->out[0], x->type, rank, dims);
    return KAON_OK;
}

#define REDUCE(id, op_name)                                                                        \
    const struct kaon_op kaon_op_##id = {                                                          \
        .name = op_name,                                                                           \
        .domain = "",                                                                              \
        .kind = KAON_OP_##id,                                                                      \
        .since = 1,                                                                                \
        .n_in = { 1, 2 },                                                                          \
        .n_out = { 1, 1 },                                                                         \
        .attr_size = sizeof(struct kaon_reduction),                                                \
        .read = read_reduce,                                                                       \
        .infer = infer_reduce,                                                                     \
    }

REDUCE(reduce_sum, "ReduceSum");
REDUCE(reduce_mean, "ReduceMean");
REDUCE(reduce_max, "ReduceMax");
REDUCE(reduce_min, "ReduceMin");
REDUCE(reduce_prod, "ReduceProd");
REDUCE(reduce_sum_square, "ReduceSumSquare");
REDUCE(reduce_l1, "ReduceL1");
REDUCE(reduce_l2, "ReduceL2");
REDUCE(reduce_log_sum, "ReduceLogSum");
REDUCE(reduce_log_sum_exp, "ReduceLogSumExp");

static void read_arg(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_arg *a = attr;
    a->axis = kaon_attr_int(r, "axis", 0);
    a->keep = kaon_attr_bool(r, "keepdims", true);
    a->last = kaon_attr_bool(r, "select_last_index", false);
}

static enum kaon_status infer_arg(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_arg *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t dims[KAON_MAX_RANK];
    int32_t axis, rank = 0;
    kaon_fact_unknown(node->out[0], KAON_I64);
    if (x->rank < 0)
        return KAON_OK;
    const enum kaon_status st = kaon_fact_axis(a->axis, x->rank, kaon_infer_name(node), &axis, msg);
    if (st != KAON_OK)
        return st;
    if (x->dims[axis] == 0)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: axis %d has no elements", kaon_infer_name(node),
                         (int)axis);
    for (int32_t i = 0; i < x->rank; i++)
        if (i != axis)
            dims[rank++] = x->dims[i];
        else if (a->keep)
            dims[rank++] = 1;
    kaon_fact_set(node->out[0], KAON_I64, rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_arg_max = {
    .name = "ArgMax",
    .domain = "",
    .kind = KAON_OP_arg_max,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_arg),
    .read = read_arg,
    .infer = infer_arg,
};

const struct kaon_op kaon_op_arg_min = {
    .name = "ArgMin",
    .domain = "",
    .kind = KAON_OP_arg_min,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_arg),
    .read = read_arg,
    .infer = infer_arg,
};
