/* Searches along axes: TopK, CumSum, CumProd, NonZero, Unique, Compress, ReverseSequence. */
#include "engine/ops/ops.h"

#include <string.h>

static void read_top_k(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_top_k *a = attr;
    a->axis = kaon_attr_int(r, "axis", -1);
    a->k = kaon_attr_int(r, "k", -1);
    a->largest = kaon_attr_bool(r, "largest", true);
    a->sorted = kaon_attr_bool(r, "sorted", true);
}

static enum kaon_status infer_top_k(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_top_k *a = node->attr;
    const struct kaon_fact *x = node->in[0], *k_in = kaon_infer_in(node, 1);
    int64_t dims[KAON_MAX_RANK], k = a->k;
    int32_t axis;
    kaon_fact_unknown(node->out[0], x->type);
    kaon_fact_unknown(kaon_infer_out(node, 1), KAON_I64);
    if (k < 0 && !k_in)
        return kaon_fail(msg, KAON_BAD_MODEL, "TopK: no k is given");
    if (k < 0 && !kaon_fact_scalar_int(k_in, &k))
        k = KAON_DIM_UNKNOWN;
    if (x->rank < 0)
        return KAON_OK;
    const enum kaon_status st = kaon_fact_axis(a->axis, x->rank, "TopK", &axis, msg);
    if (st != KAON_OK)
        return st;
    if (kaon_dim_known(k) && (k < 0 || (kaon_dim_known(x->dims[axis]) && k > x->dims[axis])))
        return kaon_fail(msg, KAON_BAD_MODEL, "TopK: k is %lld on an axis of length %lld",
                         (long long)k, (long long)x->dims[axis]);
    memcpy(dims, x->dims, sizeof dims);
    dims[axis] = k;
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    kaon_fact_set(kaon_infer_out(node, 1), KAON_I64, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_top_k = {
    .name = "TopK",
    .domain = "",
    .kind = KAON_OP_top_k,
    .since = 1,
    .n_in = { 1, 2 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_top_k),
    .read = read_top_k,
    .infer = infer_top_k,
};

static void read_cumulate(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_cumulate *a = attr;
    a->exclusive = kaon_attr_bool(r, "exclusive", false);
    a->reverse = kaon_attr_bool(r, "reverse", false);
}

const struct kaon_op kaon_op_cum_sum = {
    .name = "CumSum",
    .domain = "",
    .kind = KAON_OP_cum_sum,
    .since = 11,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_cumulate),
    .read = read_cumulate,
    .infer = kaon_infer_same,
};

const struct kaon_op kaon_op_cum_prod = {
    .name = "CumProd",
    .domain = "",
    .kind = KAON_OP_cum_prod,
    .since = 26,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_cumulate),
    .read = read_cumulate,
    .infer = kaon_infer_same,
};

/* ---- sizes that depend on data --------------------------------------------------------------- */

static enum kaon_status infer_non_zero(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    const int64_t n = kaon_fact_count(x);
    int64_t dims[2] = { x->rank < 0 ? KAON_DIM_UNKNOWN : x->rank, KAON_DIM_UNKNOWN };
    (void)msg;
    if (x->value && kaon_dim_known(n)) {
        dims[1] = 0;
        for (int64_t i = 0; i < n; i++)
            dims[1] += kaon_element_double(x->type, x->value, i) != 0.0;
    } else if (n == 0) {
        dims[1] = 0;
    }
    kaon_fact_set(node->out[0], KAON_I64, 2, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_non_zero = {
    .name = "NonZero",
    .domain = "",
    .kind = KAON_OP_non_zero,
    .since = 9,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER,
    .infer = infer_non_zero,
};

static void read_unique(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_unique *a = attr;
    a->flat = !kaon_attr_has(r, "axis");
    a->axis = kaon_attr_int(r, "axis", 0);
    a->sorted = kaon_attr_bool(r, "sorted", true);
}

/* True if slices i and k of the axis hold the same. NaN differs from everything. */
static bool same_slice(const struct kaon_fact *x, int64_t outer, int64_t length, int64_t inner,
                       int64_t i, int64_t k)
{
    for (int64_t o = 0; o < outer; o++)
        for (int64_t j = 0; j < inner; j++) {
            const int64_t p = (o * length + i) * inner + j, q = (o * length + k) * inner + j;
            const bool same = kaon_type_is_float(x->type)
                                  ? kaon_element_double(x->type, x->value, p) ==
                                        kaon_element_double(x->type, x->value, q)
                                  : kaon_element_int(x->type, x->value, p) ==
                                        kaon_element_int(x->type, x->value, q);
            if (!same)
                return false;
        }
    return true;
}

static enum kaon_status infer_unique(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_unique *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    int64_t dims[KAON_MAX_RANK] = { KAON_DIM_UNKNOWN }, outer = 1, inner = 1, n = KAON_DIM_UNKNOWN;
    int64_t length = kaon_fact_count(x);
    int32_t axis = 0, rank = a->flat ? 1 : x->rank;
    if (!a->flat && x->rank >= 0) {
        const enum kaon_status st = kaon_fact_axis(a->axis, x->rank, "Unique", &axis, msg);
        if (st != KAON_OK)
            return st;
        memcpy(dims, x->dims, sizeof dims);
        length = x->dims[axis];
        for (int32_t i = 0; i < x->rank; i++)
            *(i < axis ? &outer : &inner) *= i == axis ? 1 : x->dims[i];
    }
    if (x->value && kaon_fact_concrete(x)) {
        n = 0;
        for (int64_t i = 0; i < length; i++) {
            int64_t k = 0;
            while (k < i && !same_slice(x, outer, length, inner, i, k))
                k++;
            n += k == i;
        }
    }
    if (rank >= 0)
        dims[axis] = n;
    kaon_fact_set(node->out[0], x->type, rank, dims);
    kaon_fact_set(kaon_infer_out(node, 1), KAON_I64, 1, &n);
    kaon_fact_set(kaon_infer_out(node, 2), KAON_I64, 1,
                  kaon_dim_known(length) ? &length : &(int64_t){ KAON_DIM_UNKNOWN });
    kaon_fact_set(kaon_infer_out(node, 3), KAON_I64, 1, &n);
    return KAON_OK;
}

const struct kaon_op kaon_op_unique = {
    .name = "Unique",
    .domain = "",
    .kind = KAON_OP_unique,
    .since = 11,
    .n_in = { 1, 1 },
    .n_out = { 1, 4 },
    .flags = KAON_OP_EAGER,
    .attr_size = sizeof(struct kaon_unique),
    .read = read_unique,
    .infer = infer_unique,
};

static void read_compress(struct kaon_attr_reader *r, void *attr)
{
    kaon_read_axis(r, attr, 0);
}

static enum kaon_status infer_compress(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_axis *a = node->attr;
    const struct kaon_fact *x = node->in[0], *keep = node->in[1];
    int64_t dims[KAON_MAX_RANK], n = KAON_DIM_UNKNOWN;
    int64_t length = kaon_fact_count(x);
    int32_t axis = 0;
    kaon_fact_unknown(node->out[0], x->type);
    if (x->rank < 0 && a->given)
        return KAON_OK;
    if (a->given) {
        const enum kaon_status st = kaon_fact_axis(a->axis, x->rank, "Compress", &axis, msg);
        if (st != KAON_OK)
            return st;
        memcpy(dims, x->dims, sizeof dims);
        length = x->dims[axis];
    }
    if (keep->value && kaon_fact_concrete(keep) && kaon_dim_known(length)) {
        const int64_t m = kaon_min_i64(kaon_fact_count(keep), length);
        n = 0;
        for (int64_t i = 0; i < m; i++)
            n += ((const uint8_t *)keep->value)[i] != 0;
    }
    dims[axis] = n;
    kaon_fact_set(node->out[0], x->type, a->given ? x->rank : 1, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_compress = {
    .name = "Compress",
    .domain = "",
    .kind = KAON_OP_compress,
    .since = 9,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .flags = KAON_OP_EAGER | KAON_OP_TEXT,
    .attr_size = sizeof(struct kaon_axis),
    .read = read_compress,
    .infer = infer_compress,
};

static void read_reverse_sequence(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_reverse_sequence *a = attr;
    a->batch_axis = kaon_attr_int(r, "batch_axis", 1);
    a->time_axis = kaon_attr_int(r, "time_axis", 0);
    if (a->batch_axis == a->time_axis || (a->batch_axis | a->time_axis) & ~(int64_t)1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "batch_axis is %lld and time_axis %lld, wanted 0 and 1",
                       (long long)a->batch_axis, (long long)a->time_axis);
}

static enum kaon_status infer_reverse_sequence(const struct kaon_infer *node, struct kaon_msg *msg)
{
    if (node->in[0]->rank == 0 || node->in[0]->rank == 1)
        return kaon_fail(msg, KAON_BAD_MODEL, "ReverseSequence: rank %d, wanted 2 or more",
                         (int)node->in[0]->rank);
    return kaon_infer_same(node, msg);
}

const struct kaon_op kaon_op_reverse_sequence = {
    .name = "ReverseSequence",
    .domain = "",
    .kind = KAON_OP_reverse_sequence,
    .since = 10,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_reverse_sequence),
    .read = read_reverse_sequence,
    .infer = infer_reverse_sequence,
};
