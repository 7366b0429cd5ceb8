/* Concat, Split. */
#include "engine/ops/ops.h"

#include <string.h>

static void read_concat(struct kaon_attr_reader *r, void *attr)
{
    kaon_read_axis(r, attr, 1); /* the default of opset 1; required from opset 4 on */
}

static enum kaon_status infer_concat(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_axis *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    struct kaon_fact y = KAON_FACT_NONE;
    int32_t axis = 0;
    bool unknown = false;
    for (size_t i = 0; i < node->n_in; i++) {
        const struct kaon_fact *in = node->in[i];
        if (!in)
            return kaon_fail(msg, KAON_BAD_MODEL, "Concat: input %zu is not given", i);
        y.type = y.type ? y.type : in->type;
        if (in->rank < 0) {
            unknown = true;
            continue;
        }
        if (y.rank < 0) {
            y.rank = in->rank;
            memcpy(y.dims, in->dims, sizeof y.dims);
            const enum kaon_status st = kaon_fact_axis(a->axis, y.rank, "Concat", &axis, msg);
            if (st != KAON_OK)
                return st;
            continue;
        }
        if (in->rank != y.rank)
            return kaon_fail(msg, KAON_BAD_MODEL, "Concat: ranks %d and %d", (int)y.rank,
                             (int)in->rank);
        for (int32_t k = 0; k < y.rank; k++) {
            if (k == axis)
                y.dims[k] = kaon_dim_add(y.dims[k], in->dims[k]);
            else if (!kaon_dim_known(y.dims[k]))
                y.dims[k] = in->dims[k];
            else if (kaon_dim_known(in->dims[k]) && in->dims[k] != y.dims[k])
                return kaon_fail(msg, KAON_BAD_MODEL,
                                 "Concat: %s and input %zu of %s differ on axis %d",
                                 kaon_shape_text(x->rank, x->dims).text, i,
                                 kaon_shape_text(in->rank, in->dims).text, (int)k);
        }
    }
    if (unknown && y.rank >= 0)
        y.dims[axis] = KAON_DIM_UNKNOWN;
    kaon_fact_set(node->out[0], y.type, y.rank, y.dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_concat = {
    .name = "Concat",
    .domain = "",
    .kind = KAON_OP_concat,
    .since = 1,
    .n_in = { 1, -1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_axis),
    .read = read_concat,
    .infer = infer_concat,
};

static void read_split(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_split *a = attr;
    a->axis = kaon_attr_int(r, "axis", 0);
    a->sizes = kaon_attr_ints(r, "split", &a->n);
    a->n_outputs = kaon_attr_int(r, "num_outputs", (int64_t)r->n_out);
    if (a->n >= 0 && (size_t)a->n != r->n_out)
        kaon_attr_fail(r, KAON_BAD_MODEL, "Split: %d lengths for %zu outputs", (int)a->n, r->n_out);
    if (a->n_outputs != (int64_t)r->n_out)
        kaon_attr_fail(r, KAON_BAD_MODEL, "Split: num_outputs is %lld with %zu outputs",
                       (long long)a->n_outputs, r->n_out);
}

/* Length of part i of `total`; equal parts may leave a shorter last one from opset 18 on. */
static int64_t part(const struct kaon_infer *node, int64_t total, size_t i)
{
    const struct kaon_split *a = node->attr;
    const struct kaon_fact *sizes = kaon_infer_in(node, 1);
    const int64_t n = (int64_t)node->n_out, at = (int64_t)i;
    if (a->n >= 0)
        return a->sizes[i];
    if (sizes) {
        if (sizes->value && kaon_fact_count(sizes) == n)
            return kaon_element_int(sizes->type, sizes->value, at);
        return KAON_DIM_UNKNOWN;
    }
    if (!kaon_dim_known(total))
        return KAON_DIM_UNKNOWN;
    const int64_t each = (total + n - 1) / n;
    return kaon_max_i64(0, kaon_min_i64(each, total - each * at));
}

static enum kaon_status infer_split(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_split *a = node->attr;
    const struct kaon_fact *x = node->in[0], *sizes = kaon_infer_in(node, 1);
    int64_t dims[KAON_MAX_RANK], sum = 0;
    int32_t axis;
    for (size_t i = 0; i < node->n_out; i++)
        kaon_fact_unknown(node->out[i], x->type);
    if (sizes && sizes->value && kaon_fact_count(sizes) != (int64_t)node->n_out)
        return kaon_fail(msg, KAON_BAD_MODEL, "Split: %lld lengths for %zu outputs",
                         (long long)kaon_fact_count(sizes), node->n_out);
    if (x->rank < 0)
        return KAON_OK;
    const enum kaon_status st = kaon_fact_axis(a->axis, x->rank, "Split", &axis, msg);
    if (st != KAON_OK)
        return st;
    const int64_t total = x->dims[axis];
    if (a->n < 0 && !sizes && node->opset < 18 && kaon_dim_known(total) &&
        total % (int64_t)node->n_out)
        return kaon_fail(msg, KAON_BAD_MODEL, "Split: %lld does not divide into %zu equal parts",
                         (long long)total, node->n_out);
    memcpy(dims, x->dims, sizeof dims);
    for (size_t i = 0; i < node->n_out; i++) {
        dims[axis] = part(node, total, i);
        if (kaon_dim_known(dims[axis]) && dims[axis] < 0)
            return kaon_fail(msg, KAON_BAD_MODEL, "Split: a length is %lld", (long long)dims[axis]);
        sum = kaon_dim_add(sum, dims[axis]);
        kaon_fact_set(node->out[i], x->type, x->rank, dims);
    }
    if (kaon_dim_known(sum) && kaon_dim_known(total) && sum != total)
        return kaon_fail(msg, KAON_BAD_MODEL, "Split: lengths add up to %lld, wanted %lld",
                         (long long)sum, (long long)total);
    return KAON_OK;
}

const struct kaon_op kaon_op_split = {
    .name = "Split",
    .domain = "",
    .kind = KAON_OP_split,
    .since = 1,
    .n_in = { 1, 2 },
    .n_out = { 1, -1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_split),
    .read = read_split,
    .infer = infer_split,
};
