/* Shape, Size. */
#include "engine/ops/ops.h"

static void read_shape(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_shape_range *a = attr;
    a->start = kaon_attr_int(r, "start", 0);
    a->has_end = kaon_attr_has(r, "end");
    a->end = kaon_attr_int(r, "end", 0);
}

static int64_t clamp(int64_t at, int64_t rank)
{
    return kaon_max_i64(0, kaon_min_i64(rank, at < 0 ? at + rank : at));
}

static enum kaon_status infer_shape(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_shape_range *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t n = KAON_DIM_UNKNOWN;
    (void)msg;
    if (x->rank >= 0) {
        const int64_t start = clamp(a->start, x->rank);
        const int64_t end = a->has_end ? clamp(a->end, x->rank) : x->rank;
        n = kaon_max_i64(0, end - start);
        kaon_fact_set(node->out[0], KAON_I64, 1, &n);
        if (!node->out[0])
            return KAON_OK;
        node->out[0]->n_symbolic = (int32_t)n;
        for (int64_t i = 0; i < n; i++)
            node->out[0]->symbolic[i] = x->dims[start + i];
        return KAON_OK;
    }
    kaon_fact_set(node->out[0], KAON_I64, 1, &n);
    return KAON_OK;
}

static enum kaon_status infer_size(const struct kaon_infer *node, struct kaon_msg *msg)
{
    (void)msg;
    kaon_fact_set(node->out[0], KAON_I64, 0, NULL);
    if (node->out[0] && node->in[0]->rank >= 0) {
        node->out[0]->n_symbolic = 1;
        node->out[0]->symbolic[0] = kaon_fact_count(node->in[0]);
    }
    return KAON_OK;
}

const struct kaon_op kaon_op_shape = {
    .name = "Shape",
    .domain = "",
    .kind = KAON_OP_shape,
    .flags = KAON_OP_OF_SHAPE | KAON_OP_TEXT,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_shape_range),
    .read = read_shape,
    .infer = infer_shape,
};

const struct kaon_op kaon_op_size = {
    .name = "Size",
    .domain = "",
    .kind = KAON_OP_size,
    .flags = KAON_OP_OF_SHAPE | KAON_OP_TEXT,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .infer = infer_size,
};
