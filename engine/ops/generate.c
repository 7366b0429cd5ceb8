/* Tensors from few numbers: ConstantOfShape, Range, EyeLike, OneHot; and Trilu. */
#include "engine/ops/ops.h"

#include <math.h>

static void read_constant_of_shape(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_constant_of_shape *a = attr;
    a->value = kaon_attr_tensor(r, "value");
    if (a->value && kaon_tensor_count(a->value) != 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "ConstantOfShape: value has %lld elements, wanted 1",
                       (long long)kaon_tensor_count(a->value));
}

static enum kaon_status infer_constant_of_shape(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_constant_of_shape *a = node->attr;
    const struct kaon_fact *shape = node->in[0];
    const enum kaon_type type = a->value ? a->value->type : KAON_F32;
    int64_t dims[KAON_MAX_RANK];
    kaon_fact_unknown(node->out[0], type);
    if (shape->rank == 1 && shape->dims[0] > KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "ConstantOfShape: rank %lld is above %d",
                         (long long)shape->dims[0], KAON_MAX_RANK);
    int32_t n = kaon_fact_ints(shape, dims, KAON_MAX_RANK);
    if (n < 0 && shape->rank == 1 && kaon_dim_known(shape->dims[0])) {
        n = (int32_t)shape->dims[0];
        for (int32_t i = 0; i < n; i++)
            dims[i] = KAON_DIM_UNKNOWN;
    }
    for (int32_t i = 0; i < n; i++)
        if (kaon_dim_known(dims[i]) && dims[i] < 0)
            return kaon_fail(msg, KAON_BAD_MODEL, "ConstantOfShape: a length is %lld",
                             (long long)dims[i]);
    if (n >= 0)
        kaon_fact_set(node->out[0], type, n, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_constant_of_shape = {
    .name = "ConstantOfShape",
    .domain = "",
    .kind = KAON_OP_constant_of_shape,
    .since = 9,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_constant_of_shape),
    .read = read_constant_of_shape,
    .infer = infer_constant_of_shape,
};

static enum kaon_status infer_range(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const enum kaon_type type = node->in[0]->type;
    double v[3];
    int64_t w[3], n = KAON_DIM_UNKNOWN;
    bool known = true, integer = !kaon_type_is_float(type);
    for (size_t i = 0; i < 3; i++) {
        const bool got = integer ? kaon_fact_scalar_int(node->in[i], &w[i])
                                 : kaon_fact_scalar(node->in[i], &v[i]);
        if (kaon_dim_known(kaon_fact_count(node->in[i])) && kaon_fact_count(node->in[i]) != 1)
            return kaon_fail(msg, KAON_BAD_MODEL, "Range: input %zu is not a scalar", i);
        known = known && got;
    }
    if (known && (integer ? w[2] == 0 : v[2] == 0.0 || isnan(v[2])))
        return kaon_fail(msg, KAON_BAD_MODEL, "Range: the step is 0");
    if (known && !integer) {
        const double count = ceil((v[1] - v[0]) / v[2]);
        n = count > 0.0 ? (count < 0x1p53 ? (int64_t)count : INT64_MAX) : 0;
    }
    if (known && integer) {
        n = 0;
        if (w[2] > 0 && w[1] > w[0])
            n = (int64_t)kaon_min_i64(
                    INT64_MAX - 1,
                    (int64_t)((((uint64_t)w[1] - (uint64_t)w[0] - 1) / (uint64_t)w[2]) &
                              INT64_MAX)) +
                1;
        else if (w[2] < 0 && w[1] < w[0])
            n = (int64_t)kaon_min_i64(
                    INT64_MAX - 1,
                    (int64_t)((((uint64_t)w[0] - (uint64_t)w[1] - 1) / (0 - (uint64_t)w[2])) &
                              INT64_MAX)) +
                1;
    }
    kaon_fact_set(node->out[0], type, 1, &n);
    return KAON_OK;
}

static void read_range(struct kaon_attr_reader *r, void *attr)
{
    (void)attr;
    kaon_attr_skip(r, "stash_type"); /* how a narrow float's sum is kept: always wide here */
}

const struct kaon_op kaon_op_range = {
    .name = "Range",
    .domain = "",
    .kind = KAON_OP_range,
    .since = 11,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .read = read_range,
    .infer = infer_range,
};

static void read_eye_like(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_eye_like *a = attr;
    a->type = (enum kaon_type)kaon_attr_int(r, "dtype", KAON_UNDEFINED);
    a->k = kaon_attr_int(r, "k", 0);
}

static enum kaon_status infer_eye_like(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_eye_like *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    if (node->out[0])
        kaon_fact_set(node->out[0], a->type ? a->type : x->type, x->rank, x->dims);
    return kaon_infer_rank(node, 0, 2, msg);
}

const struct kaon_op kaon_op_eye_like = {
    .name = "EyeLike",
    .domain = "",
    .kind = KAON_OP_eye_like,
    .flags = KAON_OP_OF_SHAPE,
    .since = 9,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_eye_like),
    .read = read_eye_like,
    .infer = infer_eye_like,
};

static void read_trilu(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_trilu *a = attr;
    a->upper = kaon_attr_bool(r, "upper", true);
}

static enum kaon_status infer_trilu(const struct kaon_infer *node, struct kaon_msg *msg)
{
    if (node->in[0]->rank == 0 || node->in[0]->rank == 1)
        return kaon_fail(msg, KAON_BAD_MODEL, "Trilu: rank %d, wanted 2 or more",
                         (int)node->in[0]->rank);
    return kaon_infer_same(node, msg);
}

const struct kaon_op kaon_op_trilu = {
    .name = "Trilu",
    .domain = "",
    .kind = KAON_OP_trilu,
    .since = 14,
    .n_in = { 1, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_trilu),
    .read = read_trilu,
    .infer = infer_trilu,
};

static void read_one_hot(struct kaon_attr_reader *r, void *attr)
{
    kaon_read_axis(r, attr, -1);
}

static enum kaon_status infer_one_hot(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_axis *a = node->attr;
    const struct kaon_fact *index = node->in[0], *values = node->in[2];
    int64_t dims[KAON_MAX_RANK + 1], depth = KAON_DIM_UNKNOWN;
    int32_t axis;
    kaon_fact_unknown(node->out[0], values->type);
    if (index->rank < 0)
        return KAON_OK;
    if (index->rank == KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "OneHot: rank is above %d", KAON_MAX_RANK);
    const enum kaon_status st = kaon_fact_axis(a->axis, index->rank + 1, "OneHot", &axis, msg);
    if (st != KAON_OK)
        return st;
    if (kaon_fact_scalar_int(node->in[1], &depth) && depth < 1)
        return kaon_fail(msg, KAON_BAD_MODEL, "OneHot: depth is %lld", (long long)depth);
    for (int32_t i = 0, from = 0; i < index->rank + 1; i++)
        dims[i] = i == axis ? depth : index->dims[from++];
    kaon_fact_set(node->out[0], values->type, index->rank + 1, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_one_hot = {
    .name = "OneHot",
    .domain = "",
    .kind = KAON_OP_one_hot,
    .since = 9,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_axis),
    .read = read_one_hot,
    .infer = infer_one_hot,
};
