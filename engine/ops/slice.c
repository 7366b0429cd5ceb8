/* Slice, Pad: axes made shorter and longer. */
#include "engine/ops/ops.h"

#include <string.h>

static void read_slice(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_slice *a = attr;
    int32_t n_ends;
    a->starts = kaon_attr_ints(r, "starts", &a->n);
    a->ends = kaon_attr_ints(r, "ends", &n_ends);
    a->axes = kaon_attr_ints(r, "axes", &a->n_axes);
    if (a->n != n_ends || (a->n_axes >= 0 && a->n_axes != a->n))
        kaon_attr_fail(r, KAON_BAD_MODEL, "Slice: %d starts, %d ends, %d axes", (int)a->n,
                       (int)n_ends, (int)a->n_axes);
}

/* A slice as lists of equal length, or n -1 if they are not all known. */
struct lists {
    int32_t n;
    int64_t start[2 * KAON_MAX_RANK], end[2 * KAON_MAX_RANK], axis[2 * KAON_MAX_RANK],
        step[2 * KAON_MAX_RANK];
};

enum { ROOM = 2 * KAON_MAX_RANK };

static enum kaon_status lists_of(const struct kaon_infer *node, struct lists *l,
                                 struct kaon_msg *msg)
{
    const struct kaon_slice *a = node->attr;
    const int32_t n = kaon_infer_list(node, 1, a->starts, a->n, l->start, ROOM);
    const int32_t n_end = kaon_infer_list(node, 2, a->ends, a->n, l->end, ROOM);
    const int32_t n_axis =
        kaon_infer_list(node, 3, a->axes, a->n < 0 ? -1 : a->n_axes, l->axis, ROOM);
    const int32_t n_step = kaon_infer_list(node, 4, NULL, -1, l->step, ROOM);
    l->n = -1;
    if (n == KAON_LIST_ABSENT || n_end == KAON_LIST_ABSENT)
        return kaon_fail(msg, KAON_BAD_MODEL, "Slice: no starts or no ends");
    if (n == KAON_LIST_UNKNOWN || n_end == KAON_LIST_UNKNOWN || n_axis == KAON_LIST_UNKNOWN ||
        n_step == KAON_LIST_UNKNOWN)
        return KAON_OK;
    if (n < 0 || n != n_end || (n_axis != KAON_LIST_ABSENT && n_axis != n) ||
        (n_step != KAON_LIST_ABSENT && n_step != n))
        return kaon_fail(msg, KAON_BAD_MODEL, "Slice: %d starts, %d ends, %d axes, %d steps",
                         (int)n, (int)n_end, (int)n_axis, (int)n_step);
    for (int32_t i = 0; i < n; i++) {
        if (n_axis < 0)
            l->axis[i] = i;
        if (n_step < 0)
            l->step[i] = 1;
        if (l->step[i] == 0)
            return kaon_fail(msg, KAON_BAD_MODEL, "Slice: a step is 0");
    }
    l->n = n;
    return KAON_OK;
}

/* Which axes are cut, though not where: their lengths are unknown. */
static void cut_unknown(const struct kaon_infer *node, int64_t *dims, int32_t rank)
{
    const struct kaon_slice *a = node->attr;
    const struct kaon_fact *starts = kaon_infer_in(node, 1);
    int64_t axes[ROOM];
    int32_t n = kaon_infer_list(node, 3, a->axes, a->n < 0 ? -1 : a->n_axes, axes, ROOM);
    if (n == KAON_LIST_ABSENT) { /* the first ones */
        n = starts && starts->rank == 1 && kaon_dim_known(starts->dims[0])
                ? (int32_t)kaon_min_i64(starts->dims[0], rank)
                : rank;
        for (int32_t i = 0; i < n; i++)
            axes[i] = i;
    }
    for (int32_t i = 0; i < rank && n < 0; i++)
        dims[i] = KAON_DIM_UNKNOWN;
    for (int32_t i = 0; i < n; i++) {
        const int64_t at = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (at >= 0 && at < rank)
            dims[at] = KAON_DIM_UNKNOWN;
    }
}

static enum kaon_status infer_slice(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    int64_t dims[KAON_MAX_RANK];
    struct lists l;
    kaon_fact_unknown(node->out[0], x->type);
    enum kaon_status st = lists_of(node, &l, msg);
    if (st != KAON_OK || x->rank < 0)
        return st;
    memcpy(dims, x->dims, sizeof dims);
    if (l.n < 0)
        cut_unknown(node, dims, x->rank);
    for (int32_t i = 0; i < l.n; i++) {
        int32_t axis;
        st = kaon_fact_axis(l.axis[i], x->rank, "Slice", &axis, msg);
        if (st != KAON_OK)
            return st;
        if (kaon_dim_known(x->dims[axis]))
            dims[axis] = kaon_slice_length(x->dims[axis], &l.start[i], l.end[i], l.step[i]);
        else if (l.start[i] != 0 || l.end[i] < INT32_MAX || l.step[i] != 1)
            dims[axis] = KAON_DIM_UNKNOWN; /* else the whole axis */
    }
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_slice = {
    .name = "Slice",
    .domain = "",
    .kind = KAON_OP_slice,
    .since = 1,
    .n_in = { 1, 5 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_slice),
    .read = read_slice,
    .infer = infer_slice,
};

static void read_pad(struct kaon_attr_reader *r, void *attr)
{
    static const char *const modes[] = { "constant", "reflect", "edge", "wrap" };
    struct kaon_pad *a = attr;
    a->mode = (enum kaon_pad_mode)kaon_attr_word(r, "mode", KAON_PAD_CONSTANT, modes, 4);
    a->pads = kaon_attr_ints(r, r->opset < 2 ? "paddings" : "pads", &a->n);
    a->value = kaon_attr_float(r, "value", 0.0f);
}

static enum kaon_status infer_pad(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_pad *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t pads[2 * KAON_MAX_RANK], axes[KAON_MAX_RANK], dims[KAON_MAX_RANK];
    const int32_t n = kaon_infer_list(node, 1, a->pads, a->n, pads, 2 * KAON_MAX_RANK);
    int32_t n_axes = kaon_infer_list(node, 3, NULL, -1, axes, KAON_MAX_RANK);
    kaon_fact_unknown(node->out[0], x->type);
    if (n == KAON_LIST_ABSENT)
        return kaon_fail(msg, KAON_BAD_MODEL, "Pad: no pads are given");
    if (n == KAON_LIST_LONG || n_axes == KAON_LIST_LONG)
        return kaon_fail(msg, KAON_BAD_MODEL, "Pad: more pads or axes than a tensor can have");
    if (x->rank < 0)
        return KAON_OK;
    for (int32_t i = 0; i < x->rank; i++) {
        dims[i] = KAON_DIM_UNKNOWN;
        if (n_axes == KAON_LIST_ABSENT)
            axes[i] = i;
    }
    n_axes = n_axes == KAON_LIST_ABSENT ? x->rank : n_axes;
    if (n >= 0 && n_axes >= 0) {
        if (n != 2 * n_axes)
            return kaon_fail(msg, KAON_BAD_MODEL, "Pad: %d pads for %d axes", (int)n, (int)n_axes);
        memcpy(dims, x->dims, sizeof dims);
        for (int32_t i = 0; i < n_axes; i++) {
            int32_t axis;
            const enum kaon_status st = kaon_fact_axis(axes[i], x->rank, "Pad", &axis, msg);
            if (st != KAON_OK)
                return st;
            dims[axis] = kaon_dim_add(kaon_dim_add(dims[axis], pads[i]), pads[i + n_axes]);
            if (kaon_dim_known(dims[axis]) && dims[axis] < 0)
                return kaon_fail(msg, KAON_BAD_MODEL, "Pad: axis %d of %s would be %lld long",
                                 (int)axis, kaon_shape_text(x->rank, x->dims).text,
                                 (long long)dims[axis]);
            if (a->mode != KAON_PAD_CONSTANT && x->dims[axis] == 0 && dims[axis] > 0)
                return kaon_fail(msg, KAON_BAD_MODEL,
                                 "Pad: nothing to copy on an axis of length 0");
        }
    }
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_pad = {
    .name = "Pad",
    .domain = "",
    .kind = KAON_OP_pad,
    .since = 1,
    .n_in = { 1, 4 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_pad),
    .read = read_pad,
    .infer = infer_pad,
};
