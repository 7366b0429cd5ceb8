/* Transpose, DepthToSpace, SpaceToDepth. */
#include "engine/ops/ops.h"

static void read_transpose(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_transpose *a = attr;
    a->perm = kaon_attr_ints(r, "perm", &a->n);
}

static enum kaon_status infer_transpose(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_transpose *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t dims[KAON_MAX_RANK];
    bool seen[KAON_MAX_RANK] = { false };
    kaon_fact_unknown(node->out[0], x->type);
    if (x->rank < 0)
        return KAON_OK;
    if (a->n >= 0 && a->n != x->rank)
        return kaon_fail(msg, KAON_BAD_MODEL, "Transpose: perm has %d entries for rank %d",
                         (int)a->n, (int)x->rank);
    for (int32_t i = 0; i < x->rank; i++) {
        int32_t from = x->rank - 1 - i;
        if (a->n >= 0) {
            const enum kaon_status st =
                kaon_fact_axis(a->perm[i], x->rank, "Transpose", &from, msg);
            if (st != KAON_OK)
                return st;
        }
        if (seen[from])
            return kaon_fail(msg, KAON_BAD_MODEL, "Transpose: perm names axis %d twice", (int)from);
        seen[from] = true;
        dims[i] = x->dims[from];
    }
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_transpose = {
    .name = "Transpose",
    .domain = "",
    .kind = KAON_OP_transpose,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_transpose),
    .read = read_transpose,
    .infer = infer_transpose,
};

static void read_depth(struct kaon_attr_reader *r, void *attr)
{
    static const char *const modes[] = { "DCR", "CRD" };
    struct kaon_depth_to_space *a = attr;
    a->block = kaon_attr_int(r, "blocksize", 0);
    a->column_row_depth = kaon_attr_word(r, "mode", 0, modes, 2) == 1;
    if (a->block < 1 || a->block > 1 << 20)
        kaon_attr_fail(r, KAON_BAD_MODEL, "blocksize is %lld", (long long)a->block);
}

static int64_t divided(int64_t dim, int64_t by, bool *bad)
{
    if (!kaon_dim_known(dim))
        return KAON_DIM_UNKNOWN;
    *bad |= dim % by != 0;
    return dim / by;
}

static enum kaon_status infer_depth(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_depth_to_space *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    const enum kaon_status st = kaon_infer_rank(node, 0, 4, msg);
    const int64_t b = a->block;
    bool bad = false;
    kaon_fact_unknown(node->out[0], x->type);
    if (st != KAON_OK || x->rank < 0)
        return st;
    const int64_t to_space[4] = { x->dims[0], divided(x->dims[1], b * b, &bad),
                                  kaon_dim_mul(x->dims[2], b), kaon_dim_mul(x->dims[3], b) };
    bool bad_depth = false;
    const int64_t to_depth[4] = { x->dims[0], kaon_dim_mul(x->dims[1], b * b),
                                  divided(x->dims[2], b, &bad_depth),
                                  divided(x->dims[3], b, &bad_depth) };
    const bool space = node->kind == KAON_OP_depth_to_space;
    if (space ? bad : bad_depth)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %s does not divide by blocks of %lld",
                         kaon_infer_name(node), kaon_shape_text(4, x->dims).text, (long long)b);
    kaon_fact_set(node->out[0], x->type, 4, space ? to_space : to_depth);
    return KAON_OK;
}

const struct kaon_op kaon_op_depth_to_space = {
    .name = "DepthToSpace",
    .domain = "",
    .kind = KAON_OP_depth_to_space,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_depth_to_space),
    .read = read_depth,
    .infer = infer_depth,
};

const struct kaon_op kaon_op_space_to_depth = {
    .name = "SpaceToDepth",
    .domain = "",
    .kind = KAON_OP_space_to_depth,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_depth_to_space),
    .read = read_depth,
    .infer = infer_depth,
};
