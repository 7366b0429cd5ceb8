/* Operators whose output is the input's memory: Reshape, Flatten, Squeeze, Unsqueeze, Identity,
 * Dropout. */
#include "engine/base/random.h"
#include "engine/ops/ops.h"

#include <string.h>

/* ---- Reshape --------------------------------------------------------------------------------- */

static void read_reshape(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_reshape *a = attr;
    a->allow_zero = kaon_attr_bool(r, "allowzero", false);
    a->shape = kaon_attr_ints(r, "shape", &a->n);
    kaon_attr_skip(r, "consumed_inputs");
}

/* The length that makes `in` and `out` (with `hole` left out) equally long: symbols that stand on
 * both sides cancel. */
static int64_t fill_hole(const struct kaon_fact *in, const int64_t *out, int32_t n, int32_t hole)
{
    int64_t above = 1, below = 1;
    bool used[KAON_MAX_RANK] = { false };
    for (int32_t i = 0; i < n; i++) {
        if (i == hole)
            continue;
        if (kaon_dim_known(out[i])) {
            below = kaon_dim_mul(below, out[i]);
            continue;
        }
        int32_t k = 0;
        while (k < in->rank && (used[k] || in->dims[k] != out[i] || out[i] == KAON_DIM_UNKNOWN))
            k++;
        if (k == in->rank)
            return KAON_DIM_UNKNOWN;
        used[k] = true;
    }
    for (int32_t k = 0; k < in->rank; k++)
        if (!used[k])
            above = kaon_dim_mul(above, in->dims[k]);
    if (kaon_dim_known(below) && below == 1)
        return above;
    if (!kaon_dim_known(above) || !kaon_dim_known(below) || below == 0 || above % below)
        return KAON_DIM_UNKNOWN;
    return above / below;
}

static enum kaon_status reshape_to(const struct kaon_infer *node, const int64_t *wanted, int32_t n,
                                   struct kaon_msg *msg)
{
    const struct kaon_reshape *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t dims[KAON_MAX_RANK];
    int32_t hole = -1;
    for (int32_t i = 0; i < n; i++) {
        dims[i] = wanted[i];
        if (wanted[i] == 0 && !a->allow_zero) {
            if (x->rank >= 0 && i >= x->rank)
                return kaon_fail(msg, KAON_BAD_MODEL,
                                 "Reshape: length %d is to be copied from an input of rank %d",
                                 (int)i, (int)x->rank);
            dims[i] = x->rank < 0 ? KAON_DIM_UNKNOWN : x->dims[i];
        } else if (wanted[i] == -1) {
            if (hole >= 0)
                return kaon_fail(msg, KAON_BAD_MODEL, "Reshape: two lengths are -1");
            hole = i;
        } else if (kaon_dim_known(wanted[i]) && wanted[i] < 0) {
            return kaon_fail(msg, KAON_BAD_MODEL, "Reshape: a length is %lld",
                             (long long)wanted[i]);
        }
    }
    const bool concrete = kaon_fact_concrete(x);
    if (hole >= 0)
        dims[hole] = x->rank < 0 ? KAON_DIM_UNKNOWN : fill_hole(x, dims, n, hole);
    if (concrete && hole >= 0 && dims[hole] == KAON_DIM_UNKNOWN && kaon_fact_count(x) == 0)
        dims[hole] = 0; /* 0 elements over a length of 0: any length would do */
    const struct kaon_fact y = { .rank = n };
    struct kaon_fact made = y;
    memcpy(made.dims, dims, sizeof dims);
    if (concrete && (hole >= 0 || kaon_fact_concrete(&made)) &&
        (!kaon_fact_concrete(&made) || kaon_fact_count(&made) != kaon_fact_count(x))) {
        bool symbols = false;
        for (int32_t i = 0; i < n; i++)
            symbols |= i != hole && !kaon_dim_known(dims[i]);
        if (!symbols)
            return kaon_fail(msg, KAON_BAD_MODEL, "Reshape: %s does not fit into %s",
                             kaon_shape_text(x->rank, x->dims).text,
                             kaon_shape_text(n, wanted).text);
    }
    kaon_fact_set(node->out[0], x->type, n, dims);
    return KAON_OK;
}

static enum kaon_status infer_reshape(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_reshape *a = node->attr;
    const struct kaon_fact *shape = kaon_infer_in(node, 1);
    int64_t wanted[KAON_MAX_RANK];
    int32_t n = a->n;
    kaon_fact_unknown(node->out[0], node->in[0]->type);
    if (n < 0 && !shape)
        return kaon_fail(msg, KAON_BAD_MODEL, "Reshape: no shape is given");
    if (n > KAON_MAX_RANK || (n < 0 && shape->rank == 1 && shape->dims[0] > KAON_MAX_RANK))
        return kaon_fail(msg, KAON_UNSUPPORTED, "Reshape: rank %lld is above %d",
                         (long long)(n < 0 ? shape->dims[0] : n), KAON_MAX_RANK);
    if (n >= 0)
        memcpy(wanted, a->shape, (size_t)n * sizeof *wanted);
    else if (shape->rank == 1 && shape->dims[0] == 0)
        n = 0; /* nothing to know: a scalar */
    else
        n = kaon_fact_ints(shape, wanted, KAON_MAX_RANK);
    if (n >= 0)
        return reshape_to(node, wanted, n, msg);
    if (shape->rank == 1 && kaon_dim_known(shape->dims[0]) && shape->dims[0] >= 0) {
        for (int64_t i = 0; i < shape->dims[0]; i++)
            wanted[i] = KAON_DIM_UNKNOWN;
        kaon_fact_set(node->out[0], node->in[0]->type, (int32_t)shape->dims[0], wanted);
    }
    return KAON_OK;
}

const struct kaon_op kaon_op_reshape = {
    .name = "Reshape",
    .domain = "",
    .kind = KAON_OP_reshape,
    .since = 1,
    .n_in = { 1, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_VIEW | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_reshape),
    .read = read_reshape,
    .infer = infer_reshape,
};

/* ---- Flatten --------------------------------------------------------------------------------- */

static void read_flatten(struct kaon_attr_reader *r, void *attr)
{
    kaon_read_axis(r, attr, 1);
}

static enum kaon_status infer_flatten(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_axis *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t dims[2] = { KAON_DIM_UNKNOWN, KAON_DIM_UNKNOWN };
    if (x->rank >= 0) {
        const int64_t axis = a->axis < 0 ? a->axis + x->rank : a->axis;
        if (axis < 0 || axis > x->rank)
            return kaon_fail(msg, KAON_BAD_MODEL, "Flatten: axis %lld is outside rank %d",
                             (long long)a->axis, (int)x->rank);
        dims[0] = dims[1] = 1;
        for (int32_t i = 0; i < x->rank; i++)
            dims[i >= axis] = kaon_dim_mul(dims[i >= axis], x->dims[i]);
    }
    kaon_fact_set(node->out[0], x->type, 2, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_flatten = {
    .name = "Flatten",
    .domain = "",
    .kind = KAON_OP_flatten,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_VIEW | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_axis),
    .read = read_flatten,
    .infer = infer_flatten,
};

/* ---- Squeeze, Unsqueeze ---------------------------------------------------------------------- */

static void read_axes(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_axes *a = attr;
    a->axes = kaon_attr_ints(r, "axes", &a->n);
}

/* Marks the axes of the list in a shape of `rank` axes; each at most once unless `twice`. */
static enum kaon_status mark(bool *marked, const int64_t *axes, int32_t n, int32_t rank, bool twice,
                             const char *op, struct kaon_msg *msg)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t axis;
        const enum kaon_status st = kaon_fact_axis(axes[i], rank, op, &axis, msg);
        if (st != KAON_OK)
            return st;
        if (marked[axis] && !twice)
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: axis %d is named twice", op, (int)axis);
        marked[axis] = true;
    }
    return KAON_OK;
}

static enum kaon_status infer_squeeze(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_axes *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t axes[2 * KAON_MAX_RANK], dims[KAON_MAX_RANK];
    bool marked[KAON_MAX_RANK] = { false };
    const int32_t n = kaon_infer_list(node, 1, a->axes, a->n, axes, KAON_COUNT(axes));
    int32_t rank = 0;
    kaon_fact_unknown(node->out[0], x->type);
    if (n == KAON_LIST_LONG)
        return kaon_fail(msg, KAON_BAD_MODEL, "Squeeze: more axes than a tensor can have");
    if (x->rank < 0 || n == KAON_LIST_UNKNOWN || (n == KAON_LIST_ABSENT && !kaon_fact_concrete(x)))
        return KAON_OK;
    const enum kaon_status st = mark(marked, axes, n, x->rank, true, "Squeeze", msg);
    if (st != KAON_OK)
        return st;
    for (int32_t i = 0; i < x->rank; i++) {
        if (n == KAON_LIST_ABSENT)
            marked[i] = x->dims[i] == 1;
        if (marked[i] && kaon_dim_known(x->dims[i]) && x->dims[i] != 1)
            return kaon_fail(msg, KAON_BAD_MODEL, "Squeeze: axis %d of %s is not 1", (int)i,
                             kaon_shape_text(x->rank, x->dims).text);
        if (!marked[i])
            dims[rank++] = x->dims[i];
    }
    kaon_fact_set(node->out[0], x->type, rank, dims);
    return KAON_OK;
}

static enum kaon_status infer_unsqueeze(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_axes *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t axes[KAON_MAX_RANK], dims[KAON_MAX_RANK];
    bool marked[KAON_MAX_RANK] = { false };
    const int32_t n = kaon_infer_list(node, 1, a->axes, a->n, axes, KAON_COUNT(axes));
    kaon_fact_unknown(node->out[0], x->type);
    if (n == KAON_LIST_ABSENT)
        return kaon_fail(msg, KAON_BAD_MODEL, "Unsqueeze: no axes are given");
    if (x->rank < 0 || n == KAON_LIST_UNKNOWN)
        return KAON_OK;
    if (n == KAON_LIST_LONG || n + x->rank > KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "Unsqueeze: the rank would be above %d",
                         KAON_MAX_RANK);
    const int32_t rank = x->rank + n;
    const enum kaon_status st = mark(marked, axes, n, rank, false, "Unsqueeze", msg);
    if (st != KAON_OK)
        return st;
    for (int32_t i = 0, from = 0; i < rank; i++)
        dims[i] = marked[i] ? 1 : x->dims[from++];
    kaon_fact_set(node->out[0], x->type, rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_squeeze = {
    .name = "Squeeze",
    .domain = "",
    .kind = KAON_OP_squeeze,
    .since = 1,
    .n_in = { 1, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_VIEW | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_axes),
    .read = read_axes,
    .infer = infer_squeeze,
};

const struct kaon_op kaon_op_unsqueeze = {
    .name = "Unsqueeze",
    .domain = "",
    .kind = KAON_OP_unsqueeze,
    .since = 1,
    .n_in = { 1, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_VIEW | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_axes),
    .read = read_axes,
    .infer = infer_unsqueeze,
};

/* ---- Identity, Dropout ----------------------------------------------------------------------- */

const struct kaon_op kaon_op_identity = {
    .name = "Identity",
    .domain = "",
    .kind = KAON_OP_identity,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_VIEW | KAON_OP_TEXT,
    .infer = kaon_infer_same,
};

static void read_dropout(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_dropout *a = attr;
    a->mask_is_bool = r->opset >= 10;
    a->ratio = kaon_attr_float(r, "ratio", 0.5f);
    a->has_seed = kaon_attr_has(r, "seed");
    a->seed = kaon_random_seed((double)kaon_attr_int(r, "seed", 0));
    kaon_attr_skip(r, "consumed_inputs");
    a->training = !kaon_attr_bool(r, "is_test", false) && r->opset < 7;
    if (a->training && !(a->ratio >= 0.0f && a->ratio < 1.0f))
        kaon_attr_fail(r, KAON_BAD_MODEL, "ratio is %g, wanted 0 to below 1", (double)a->ratio);
}

/* Scaling by a ratio happens in training mode only. */
static enum kaon_status infer_dropout(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_dropout *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    (void)msg;
    if (node->out[0])
        kaon_fact_like(node->out[0], x);
    if (kaon_infer_out(node, 1))
        kaon_fact_set(node->out[1], a->mask_is_bool ? KAON_BOOL : x->type, x->rank, x->dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_dropout = {
    .name = "Dropout",
    .domain = "",
    .kind = KAON_OP_dropout,
    .since = 1,
    .n_in = { 1, 3 },
    .n_out = { 1, 2 },
    .flags = KAON_OP_RANDOM,
    .attr_size = sizeof(struct kaon_dropout),
    .read = read_dropout,
    .infer = infer_dropout,
};
