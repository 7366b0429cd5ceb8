/* Gather, GatherElements, GatherND, and the scatters that undo them. */
#include "engine/ops/ops.h"

#include <string.h>

static enum kaon_status bad_index_type(const struct kaon_infer *node, size_t i,
                                       struct kaon_msg *msg)
{
    const struct kaon_fact *index = node->in[i];
    if (index->type == KAON_UNDEFINED || index->type == KAON_I64 || index->type == KAON_I32)
        return KAON_OK;
    return kaon_fail(msg, KAON_BAD_MODEL, "%s: indices are %s, wanted int64 or int32",
                     kaon_infer_name(node), kaon_type_name(index->type));
}

static void read_gather(struct kaon_attr_reader *r, void *attr)
{
    kaon_read_axis(r, attr, 0);
}

static enum kaon_status infer_gather(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_axis *a = node->attr;
    const struct kaon_fact *x = node->in[0], *index = node->in[1];
    int64_t dims[2 * KAON_MAX_RANK];
    int32_t axis, n = 0;
    enum kaon_status st = bad_index_type(node, 1, msg);
    kaon_fact_unknown(node->out[0], x->type);
    if (st != KAON_OK || x->rank < 0)
        return st;
    st = kaon_fact_axis(a->axis, x->rank, "Gather", &axis, msg);
    if (st != KAON_OK || index->rank < 0)
        return st;
    if (x->rank - 1 + index->rank > KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "Gather: rank %d is above %d",
                         (int)(x->rank - 1 + index->rank), KAON_MAX_RANK);
    for (int32_t i = 0; i < axis; i++)
        dims[n++] = x->dims[i];
    for (int32_t i = 0; i < index->rank; i++)
        dims[n++] = index->dims[i];
    for (int32_t i = axis + 1; i < x->rank; i++)
        dims[n++] = x->dims[i];
    kaon_fact_set(node->out[0], x->type, n, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_gather = {
    .name = "Gather",
    .domain = "",
    .kind = KAON_OP_gather,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_axis),
    .read = read_gather,
    .infer = infer_gather,
};

/* The index tensor of the elementwise forms: of the data's rank, no longer on any other axis. */
static enum kaon_status check_elements(const struct kaon_infer *node, int64_t at,
                                       struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0], *index = node->in[1];
    int32_t axis;
    enum kaon_status st = bad_index_type(node, 1, msg);
    if (st != KAON_OK || x->rank < 0)
        return st;
    st = kaon_fact_axis(at, x->rank, kaon_infer_name(node), &axis, msg);
    if (st != KAON_OK || index->rank < 0)
        return st;
    st = kaon_infer_rank(node, 1, x->rank, msg);
    for (int32_t i = 0; st == KAON_OK && i < x->rank; i++)
        if (i != axis && kaon_dim_known(x->dims[i]) && index->dims[i] > x->dims[i])
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: indices of %s are longer than data of %s",
                             kaon_infer_name(node), kaon_shape_text(index->rank, index->dims).text,
                             kaon_shape_text(x->rank, x->dims).text);
    return st;
}

static enum kaon_status infer_gather_elements(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_axis *a = node->attr;
    const struct kaon_fact *index = node->in[1];
    if (node->out[0])
        kaon_fact_set(node->out[0], node->in[0]->type, index->rank, index->dims);
    return check_elements(node, a->axis, msg);
}

const struct kaon_op kaon_op_gather_elements = {
    .name = "GatherElements",
    .domain = "",
    .kind = KAON_OP_gather_elements,
    .since = 11,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_axis),
    .read = read_gather,
    .infer = infer_gather_elements,
};

static void read_gather_nd(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_gather_nd *a = attr;
    a->batch_dims = kaon_attr_int(r, "batch_dims", 0);
}

static enum kaon_status infer_gather_nd(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_gather_nd *a = node->attr;
    const struct kaon_fact *x = node->in[0], *index = node->in[1];
    int64_t dims[2 * KAON_MAX_RANK];
    int32_t n = 0;
    const enum kaon_status st = bad_index_type(node, 1, msg);
    kaon_fact_unknown(node->out[0], x->type);
    if (st != KAON_OK || x->rank < 0 || index->rank < 0)
        return st;
    if (index->rank < 1 || a->batch_dims < 0 || a->batch_dims >= index->rank ||
        a->batch_dims >= x->rank)
        return kaon_fail(msg, KAON_BAD_MODEL, "GatherND: batch_dims %lld with ranks %d and %d",
                         (long long)a->batch_dims, (int)x->rank, (int)index->rank);
    for (int32_t i = 0; i < a->batch_dims; i++)
        if (kaon_dim_known(x->dims[i]) && kaon_dim_known(index->dims[i]) &&
            x->dims[i] != index->dims[i])
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "GatherND: data of %s and indices of %s differ in a batch axis",
                             kaon_shape_text(x->rank, x->dims).text,
                             kaon_shape_text(index->rank, index->dims).text);
    const int64_t depth = index->dims[index->rank - 1];
    if (!kaon_dim_known(depth))
        return KAON_OK;
    if (depth < 1 || depth > x->rank - a->batch_dims)
        return kaon_fail(msg, KAON_BAD_MODEL, "GatherND: indices of %lld axes into rank %d",
                         (long long)depth, (int)x->rank);
    const int64_t rest = a->batch_dims + depth;
    if (index->rank - 1 + x->rank - rest > KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "GatherND: rank is above %d", KAON_MAX_RANK);
    for (int32_t i = 0; i < index->rank - 1; i++)
        dims[n++] = index->dims[i];
    for (int32_t i = (int32_t)rest; i < x->rank; i++)
        dims[n++] = x->dims[i];
    kaon_fact_set(node->out[0], x->type, n, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_gather_nd = {
    .name = "GatherND",
    .domain = "",
    .kind = KAON_OP_gather_nd,
    .since = 11,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_gather_nd),
    .read = read_gather_nd,
    .infer = infer_gather_nd,
};

static void read_scatter(struct kaon_attr_reader *r, void *attr)
{
    static const char *const reductions[] = { "none", "add", "mul", "min", "max" };
    struct kaon_scatter *a = attr;
    a->axis = kaon_attr_int(r, "axis", 0);
    a->reduction = (enum kaon_scatter_reduction)kaon_attr_word(r, "reduction", KAON_SCATTER_NONE,
                                                               reductions, 5);
}

static enum kaon_status infer_scatter_elements(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_scatter *a = node->attr;
    const struct kaon_fact *index = node->in[1], *updates = node->in[2];
    if (node->out[0])
        kaon_fact_like(node->out[0], node->in[0]);
    const enum kaon_status st = check_elements(node, a->axis, msg);
    if (st != KAON_OK || index->rank < 0 || updates->rank < 0)
        return st;
    bool differ = index->rank != updates->rank;
    for (int32_t i = 0; !differ && i < index->rank; i++)
        differ = kaon_dim_known(index->dims[i]) && kaon_dim_known(updates->dims[i]) &&
                 index->dims[i] != updates->dims[i];
    return !differ
               ? KAON_OK
               : kaon_fail(msg, KAON_BAD_MODEL, "%s: indices of %s and updates of %s",
                           kaon_infer_name(node), kaon_shape_text(index->rank, index->dims).text,
                           kaon_shape_text(updates->rank, updates->dims).text);
}

const struct kaon_op kaon_op_scatter = {
    .name = "Scatter",
    .domain = "",
    .kind = KAON_OP_scatter,
    .since = 9,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_scatter),
    .read = read_scatter,
    .infer = infer_scatter_elements,
};

const struct kaon_op kaon_op_scatter_elements = {
    .name = "ScatterElements",
    .domain = "",
    .kind = KAON_OP_scatter_elements,
    .since = 11,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_scatter),
    .read = read_scatter,
    .infer = infer_scatter_elements,
};

static enum kaon_status infer_scatter_nd(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0], *index = node->in[1], *updates = node->in[2];
    const enum kaon_status st = bad_index_type(node, 1, msg);
    if (node->out[0])
        kaon_fact_like(node->out[0], x);
    if (st != KAON_OK || x->rank < 0 || index->rank < 0)
        return st;
    if (index->rank < 1)
        return kaon_fail(msg, KAON_BAD_MODEL, "ScatterND: indices have rank 0");
    const int64_t depth = index->dims[index->rank - 1];
    if (!kaon_dim_known(depth))
        return KAON_OK;
    if (depth < 0 || depth > x->rank)
        return kaon_fail(msg, KAON_BAD_MODEL, "ScatterND: indices of %lld axes into rank %d",
                         (long long)depth, (int)x->rank);
    if (updates->rank < 0)
        return KAON_OK;
    bool differ = updates->rank != index->rank - 1 + x->rank - depth;
    for (int32_t i = 0; !differ && i < updates->rank; i++) {
        const int64_t want =
            i < index->rank - 1 ? index->dims[i] : x->dims[i - (index->rank - 1) + depth];
        differ =
            kaon_dim_known(want) && kaon_dim_known(updates->dims[i]) && want != updates->dims[i];
    }
    return !differ ? KAON_OK
                   : kaon_fail(msg, KAON_BAD_MODEL,
                               "ScatterND: updates of %s do not fit data of %s and indices of %s",
                               kaon_shape_text(updates->rank, updates->dims).text,
                               kaon_shape_text(x->rank, x->dims).text,
                               kaon_shape_text(index->rank, index->dims).text);
}

const struct kaon_op kaon_op_scatter_nd = {
    .name = "ScatterND",
    .domain = "",
    .kind = KAON_OP_scatter_nd,
    .since = 11,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_scatter),
    .read = read_scatter,
    .infer = infer_scatter_nd,
};
