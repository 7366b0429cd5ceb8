/* Expand, Tile: copies along axes. */
#include "engine/ops/ops.h"

#include <string.h>

static enum kaon_status too_deep(const struct kaon_infer *node, struct kaon_msg *msg)
{
    return kaon_fail(msg, KAON_UNSUPPORTED, "%s: rank is above %d", kaon_infer_name(node),
                     KAON_MAX_RANK);
}

static enum kaon_status infer_expand(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0], *shape = node->in[1];
    struct kaon_fact target = KAON_FACT_NONE;
    kaon_fact_unknown(node->out[0], x->type);
    if (shape->rank == 1 && shape->dims[0] > KAON_MAX_RANK)
        return too_deep(node, msg);
    target.rank = kaon_fact_ints(shape, target.dims, KAON_MAX_RANK);
    if (target.rank < 0 && shape->rank == 1 && kaon_dim_known(shape->dims[0])) {
        target.rank = (int32_t)shape->dims[0];
        for (int32_t i = 0; i < target.rank; i++)
            target.dims[i] = KAON_DIM_UNKNOWN;
    }
    for (int32_t i = 0; i < target.rank; i++)
        if (kaon_dim_known(target.dims[i]) && target.dims[i] < 0)
            return kaon_fail(msg, KAON_BAD_MODEL, "Expand: a length is %lld",
                             (long long)target.dims[i]);
    const struct kaon_fact *both[] = { x, &target };
    return kaon_fact_broadcast(node->out[0], both, 2, "Expand", msg);
}

const struct kaon_op kaon_op_expand = {
    .name = "Expand",
    .domain = "",
    .kind = KAON_OP_expand,
    .since = 8,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .infer = infer_expand,
};

static void read_tile(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_tile *a = attr;
    a->by_axis = r->opset < 6;
}

/* Opset 1: one axis, one count. */
static enum kaon_status infer_tile_axis(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    int64_t dims[KAON_MAX_RANK], count, at;
    int32_t axis;
    if (!kaon_fact_scalar_int(kaon_infer_in(node, 1), &count) ||
        !kaon_fact_scalar_int(kaon_infer_in(node, 2), &at) || x->rank < 0)
        return KAON_OK;
    const enum kaon_status st = kaon_fact_axis(at, x->rank, "Tile", &axis, msg);
    if (st != KAON_OK)
        return st;
    memcpy(dims, x->dims, sizeof dims);
    dims[axis] = kaon_dim_mul(dims[axis], count);
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

static enum kaon_status infer_tile(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_tile *a = node->attr;
    const struct kaon_fact *x = node->in[0], *repeats = node->in[1];
    int64_t dims[KAON_MAX_RANK], count[KAON_MAX_RANK];
    kaon_fact_unknown(node->out[0], x->type);
    if (a->by_axis)
        return infer_tile_axis(node, msg);
    if (repeats->rank == 1 && repeats->dims[0] > KAON_MAX_RANK)
        return too_deep(node, msg);
    const int32_t n = kaon_fact_ints(repeats, count, KAON_MAX_RANK);
    if (x->rank < 0)
        return KAON_OK;
    if (n >= 0 && n != x->rank)
        return kaon_fail(msg, KAON_BAD_MODEL, "Tile: %d repeats for rank %d", (int)n, (int)x->rank);
    for (int32_t i = 0; i < x->rank; i++) {
        if (n >= 0 && kaon_dim_known(count[i]) && count[i] < 0)
            return kaon_fail(msg, KAON_BAD_MODEL, "Tile: a repeat is %lld", (long long)count[i]);
        dims[i] = n < 0 ? KAON_DIM_UNKNOWN : kaon_dim_mul(x->dims[i], count[i]);
    }
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_tile = {
    .name = "Tile",
    .domain = "",
    .kind = KAON_OP_tile,
    .since = 1,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_tile),
    .read = read_tile,
    .infer = infer_tile,
};
