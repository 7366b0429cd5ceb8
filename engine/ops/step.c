/* Steps of state-space and gated models: CausalConvWithState, TensorScatter, SwiGLU; and Det. */
#include "engine/ops/ops.h"

#include <string.h>

/* Fails unless the fact, which may be missing, has that shape as far as both are known. */
static enum kaon_status want_shape(const struct kaon_infer *node, size_t i, int32_t rank,
                                   const int64_t *dims, struct kaon_msg *msg)
{
    const struct kaon_fact *f = kaon_infer_in(node, i);
    if (!f || f->rank < 0)
        return KAON_OK;
    bool fits = f->rank == rank;
    for (int32_t k = 0; fits && k < rank; k++)
        fits = !kaon_dim_known(f->dims[k]) || !kaon_dim_known(dims[k]) || f->dims[k] == dims[k];
    if (fits)
        return KAON_OK;
    return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu of %s, wanted %s", kaon_infer_name(node),
                     i, kaon_shape_text(f->rank, f->dims).text, kaon_shape_text(rank, dims).text);
}

/* ---- CausalConvWithState --------------------------------------------------------------------- */

static void read_causal(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "none", "silu", "swish" };
    struct kaon_causal_conv *a = attr;
    a->silu = kaon_attr_word(r, "activation", 0, words, (int)KAON_COUNT(words)) != 0;
}

static enum kaon_status infer_causal(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0], *w = node->in[1];
    int64_t dims[3] = { KAON_DIM_UNKNOWN, KAON_DIM_UNKNOWN, KAON_DIM_UNKNOWN };
    enum kaon_status st = kaon_infer_rank(node, 0, 3, msg);
    if (st == KAON_OK)
        st = kaon_infer_rank(node, 1, 3, msg);
    if (st != KAON_OK)
        return st;
    if (x->rank == 3)
        memcpy(dims, x->dims, sizeof dims);
    if (node->out[0])
        kaon_fact_like(node->out[0], x);
    const int64_t kernel = w->rank == 3 ? w->dims[2] : KAON_DIM_UNKNOWN;
    if (kaon_dim_known(kernel) && kernel < 1)
        return kaon_fail(msg, KAON_BAD_MODEL, "CausalConvWithState: a kernel of length %lld",
                         (long long)kernel);
    dims[2] = kaon_dim_known(kernel) ? kernel - 1 : KAON_DIM_UNKNOWN;
    kaon_fact_set(kaon_infer_out(node, 1), x->type, 3, dims);
    st = want_shape(node, 1, 3, (int64_t[]){ dims[1], 1, kernel }, msg);
    if (st == KAON_OK)
        st = want_shape(node, 2, 1, &dims[1], msg);
    return st == KAON_OK ? want_shape(node, 3, 3, dims, msg) : st;
}

const struct kaon_op kaon_op_causal_conv_with_state = {
    .name = "CausalConvWithState",
    .domain = "",
    .kind = KAON_OP_causal_conv_with_state,
    .since = 27,
    .n_in = { 2, 4 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_causal_conv),
    .read = read_causal,
    .infer = infer_causal,
};

/* ---- TensorScatter --------------------------------------------------------------------------- */

static void read_tensor_scatter(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "linear", "circular" };
    struct kaon_tensor_scatter *a = attr;
    a->axis = kaon_attr_int(r, "axis", -2);
    a->circular = kaon_attr_word(r, "mode", 0, words, 2) == 1;
}

static enum kaon_status infer_tensor_scatter(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_tensor_scatter *a = node->attr;
    const struct kaon_fact *x = node->in[0], *update = node->in[1];
    int64_t dims[KAON_MAX_RANK];
    int32_t axis;
    if (node->out[0])
        kaon_fact_like(node->out[0], x);
    if (x->rank < 0)
        return KAON_OK;
    enum kaon_status st = kaon_fact_axis(a->axis, x->rank, "TensorScatter", &axis, msg);
    if (st != KAON_OK)
        return st;
    if (axis == 0)
        return kaon_fail(msg, KAON_BAD_MODEL, "TensorScatter: axis 0 is the batch");
    memcpy(dims, x->dims, sizeof dims);
    dims[axis] = KAON_DIM_UNKNOWN;
    st = want_shape(node, 1, x->rank, dims, msg);
    if (st != KAON_OK)
        return st;
    if (update->rank >= 0 && kaon_dim_known(update->dims[axis]) && kaon_dim_known(x->dims[axis]) &&
        update->dims[axis] > x->dims[axis])
        return kaon_fail(msg, KAON_BAD_MODEL, "TensorScatter: %lld places for a cache of %lld",
                         (long long)update->dims[axis], (long long)x->dims[axis]);
    return want_shape(node, 2, 1, x->dims, msg);
}

const struct kaon_op kaon_op_tensor_scatter = {
    .name = "TensorScatter",
    .domain = "",
    .kind = KAON_OP_tensor_scatter,
    .since = 24,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_tensor_scatter),
    .read = read_tensor_scatter,
    .infer = infer_tensor_scatter,
};

/* ---- SwiGLU ---------------------------------------------------------------------------------- */

static void read_swiglu(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_swiglu *a = attr;
    a->alpha = kaon_attr_float(r, "alpha", 1.0f);
}

static enum kaon_status infer_swiglu(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    const enum kaon_status st = kaon_infer_same(node, msg);
    return st == KAON_OK && x->rank >= 0 ? want_shape(node, 1, x->rank, x->dims, msg) : st;
}

const struct kaon_op kaon_op_swiglu = {
    .name = "SwiGLU",
    .domain = "",
    .kind = KAON_OP_swiglu,
    .since = 28,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_swiglu),
    .read = read_swiglu,
    .infer = infer_swiglu,
};

/* ---- Det ------------------------------------------------------------------------------------- */

static enum kaon_status infer_det(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    kaon_fact_unknown(node->out[0], x->type);
    if (x->rank < 0)
        return KAON_OK;
    if (x->rank < 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "Det: rank %d, wanted 2 or more", (int)x->rank);
    const int64_t rows = x->dims[x->rank - 2], columns = x->dims[x->rank - 1];
    if (kaon_dim_known(rows) && kaon_dim_known(columns) && rows != columns)
        return kaon_fail(msg, KAON_BAD_MODEL, "Det: matrices of %lld x %lld are not square",
                         (long long)rows, (long long)columns);
    kaon_fact_set(node->out[0], x->type, x->rank - 2, x->dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_det = {
    .name = "Det",
    .domain = "",
    .kind = KAON_OP_det,
    .since = 11,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .infer = infer_det,
};
