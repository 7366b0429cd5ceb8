/* Normalisations. */
#include "engine/ops/ops.h"

#include <string.h>

/* ---- along the last axes --------------------------------------------------------------------- */

static void read_layer(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_norm *a = attr;
    a->axis = kaon_attr_int(r, "axis", -1);
    a->epsilon = kaon_attr_float(r, "epsilon", 1e-5f);
    if (kaon_attr_int(r, "stash_type", KAON_F32) != KAON_F32)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "stash_type is not float");
}

/* Statistics have length 1 on the axes that they are taken over. */
static enum kaon_status infer_layer(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_norm *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    const enum kaon_type type = KAON_F32;
    int64_t dims[KAON_MAX_RANK];
    int32_t axis;
    if (node->out[0])
        kaon_fact_like(node->out[0], x);
    for (size_t i = 1; i < node->n_out; i++)
        kaon_fact_unknown(node->out[i], type);
    if (x->rank < 0)
        return KAON_OK;
    const enum kaon_status st = kaon_fact_axis(a->axis, x->rank, kaon_infer_name(node), &axis, msg);
    if (st != KAON_OK)
        return st;
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = i < axis ? x->dims[i] : 1;
    for (size_t i = 1; i < node->n_out; i++)
        kaon_fact_set(node->out[i], type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_layer_normalization = {
    .name = "LayerNormalization",
    .domain = "",
    .kind = KAON_OP_layer_normalization,
    .since = 1,
    .n_in = { 2, 3 },
    .n_out = { 1, 3 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_layer,
    .infer = infer_layer,
};

const struct kaon_op kaon_op_rms_normalization = {
    .name = "RMSNormalization",
    .domain = "",
    .kind = KAON_OP_rms_normalization,
    .since = 23,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_layer,
    .infer = infer_layer,
};

const struct kaon_op kaon_op_simplified_layer_normalization = {
    .name = "SimplifiedLayerNormalization",
    .domain = "",
    .kind = KAON_OP_simplified_layer_normalization,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_layer,
    .infer = infer_layer,
};

/* ---- by channels ----------------------------------------------------------------------------- */

static void read_batch(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_norm *a = attr;
    a->epsilon = kaon_attr_float(r, "epsilon", 1e-5f);
    a->spatial = kaon_attr_bool(r, "spatial", true);
    a->momentum = kaon_attr_float(r, "momentum", 0.9f);
    kaon_attr_skip(r, "consumed_inputs");
    a->training = kaon_attr_bool(r, "training_mode", false);
    const bool testing = kaon_attr_bool(r, "is_test", false);
    if (r->opset < 7 && !testing && r->n_out > 1)
        kaon_attr_fail(r, KAON_UNSUPPORTED,
                       "BatchNormalization: is_test is 0, that is for training");
    if (r->n_out > (a->training ? 3 : 1))
        kaon_attr_fail(r, KAON_UNSUPPORTED, "BatchNormalization: %zu outputs, wanted %d", r->n_out,
                       a->training ? 3 : 1);
}

static enum kaon_status infer_channels(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    if (x->rank == 0)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: input 0 has rank 0", kaon_infer_name(node));
    const int64_t channels = x->rank > 1 ? x->dims[1] : 1;
    const struct kaon_norm *a = node->attr;
    for (size_t i = 1; x->rank > 0 && i < node->n_in && node->in[i]; i++) {
        const int64_t n = kaon_fact_count(node->in[i]);
        const bool loose = node->kind == KAON_OP_group_normalization
                               ? a->per_group
                               : node->kind == KAON_OP_batch_normalization && !a->spatial;
        if (!loose && kaon_dim_known(n) && kaon_dim_known(channels) && n != channels)
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "%s: input %zu has %lld elements for %lld channels",
                             kaon_infer_name(node), i, (long long)n, (long long)channels);
    }
    for (size_t i = 1; i < node->n_out; i++) /* running mean and variance */
        if (node->out[i])
            kaon_fact_like(node->out[i], node->in[i + 2]);
    return node->out[0] ? kaon_infer_same(node, msg) : KAON_OK;
}

const struct kaon_op kaon_op_batch_normalization = {
    .name = "BatchNormalization",
    .domain = "",
    .kind = KAON_OP_batch_normalization,
    .since = 1,
    .n_in = { 5, 5 },
    .n_out = { 1, 5 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_batch,
    .infer = infer_channels,
};

static void read_instance(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_norm *a = attr;
    a->epsilon = kaon_attr_float(r, "epsilon", 1e-5f);
    kaon_attr_skip(r, "consumed_inputs");
}

const struct kaon_op kaon_op_instance_normalization = {
    .name = "InstanceNormalization",
    .domain = "",
    .kind = KAON_OP_instance_normalization,
    .since = 1,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_instance,
    .infer = infer_channels,
};

static void read_group(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_norm *a = attr;
    a->epsilon = kaon_attr_float(r, "epsilon", 1e-5f);
    a->groups = kaon_attr_int(r, "num_groups", 0);
    a->per_group = r->opset < 21;
    kaon_attr_skip(r, "stash_type");
    if (a->groups < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "GroupNormalization: num_groups is %lld",
                       (long long)a->groups);
}

static enum kaon_status infer_group(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_norm *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    if (x->rank > 1 && kaon_dim_known(x->dims[1]) && x->dims[1] % a->groups)
        return kaon_fail(msg, KAON_BAD_MODEL, "GroupNormalization: %lld channels in %lld groups",
                         (long long)x->dims[1], (long long)a->groups);
    return infer_channels(node, msg);
}

const struct kaon_op kaon_op_group_normalization = {
    .name = "GroupNormalization",
    .domain = "",
    .kind = KAON_OP_group_normalization,
    .since = 18,
    .n_in = { 3, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_group,
    .infer = infer_group,
};

/* ---- others ---------------------------------------------------------------------------------- */

static void read_lp(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_norm *a = attr;
    a->axis = kaon_attr_int(r, "axis", -1);
    a->p = kaon_attr_int(r, "p", 2);
    if (a->p != 1 && a->p != 2)
        kaon_attr_fail(r, KAON_BAD_MODEL, "LpNormalization: p is %lld, wanted 1 or 2",
                       (long long)a->p);
}

static enum kaon_status infer_lp(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_norm *a = node->attr;
    int32_t axis;
    kaon_infer_same(node, msg);
    if (node->in[0]->rank < 0)
        return KAON_OK;
    return kaon_fact_axis(a->axis, node->in[0]->rank, "LpNormalization", &axis, msg);
}

const struct kaon_op kaon_op_lp_normalization = {
    .name = "LpNormalization",
    .domain = "",
    .kind = KAON_OP_lp_normalization,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_lp,
    .infer = infer_lp,
};

static void read_mean_variance(struct kaon_attr_reader *r, void *attr)
{
    static const int64_t otherwise[] = { 0, 2, 3 };
    struct kaon_mean_variance *a = attr;
    a->axes = kaon_attr_ints(r, "axes", &a->n);
    if (a->n < 0) {
        a->axes = otherwise;
        a->n = KAON_COUNT(otherwise);
    }
}

static enum kaon_status infer_mean_variance(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_mean_variance *a = node->attr;
    const struct kaon_fact *x = node->in[0];
    kaon_infer_same(node, msg);
    for (int32_t i = 0; x->rank >= 0 && i < a->n; i++) {
        int32_t axis;
        const enum kaon_status st =
            kaon_fact_axis(a->axes[i], x->rank, "MeanVarianceNormalization", &axis, msg);
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

const struct kaon_op kaon_op_mean_variance_normalization = {
    .name = "MeanVarianceNormalization",
    .domain = "",
    .kind = KAON_OP_mean_variance_normalization,
    .since = 9,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_mean_variance),
    .read = read_mean_variance,
    .infer = infer_mean_variance,
};

static void read_lrn(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_lrn *a = attr;
    a->alpha = kaon_attr_float(r, "alpha", 1e-4f);
    a->beta = kaon_attr_float(r, "beta", 0.75f);
    a->bias = kaon_attr_float(r, "bias", 1.0f);
    a->size = kaon_attr_int(r, "size", 0);
    if (a->size < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "LRN: size is %lld", (long long)a->size);
}

static enum kaon_status infer_lrn(const struct kaon_infer *node, struct kaon_msg *msg)
{
    if (node->in[0]->rank == 0 || node->in[0]->rank == 1)
        return kaon_fail(msg, KAON_BAD_MODEL, "LRN: rank %d, wanted 2 or more",
                         (int)node->in[0]->rank);
    return kaon_infer_same(node, msg);
}

const struct kaon_op kaon_op_lrn = {
    .name = "LRN",
    .domain = "",
    .kind = KAON_OP_lrn,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_lrn),
    .read = read_lrn,
    .infer = infer_lrn,
};
