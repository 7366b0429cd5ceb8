/* Matrix products: MatMul, Gemm, Linear. */
#include "engine/ops/ops.h"

#include <string.h>

static enum kaon_status mismatch(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *a = node->in[0], *b = node->in[1];
    return kaon_fail(msg, KAON_BAD_MODEL, "%s: %s and %s do not multiply", kaon_infer_name(node),
                     kaon_shape_text(a->rank, a->dims).text,
                     kaon_shape_text(b->rank, b->dims).text);
}

/* True if the lengths may be equal. */
static bool agree(int64_t a, int64_t b)
{
    return !kaon_dim_known(a) || !kaon_dim_known(b) || a == b;
}

/* The axes before the last two. */
static struct kaon_fact batch(const struct kaon_fact *x)
{
    struct kaon_fact f = KAON_FACT_NONE;
    f.rank = x->rank > 2 ? x->rank - 2 : 0;
    memcpy(f.dims, x->dims, sizeof f.dims);
    return f;
}

static enum kaon_status infer_matmul(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *a = node->in[0], *b = node->in[1];
    kaon_fact_unknown(node->out[0], a->type ? a->type : b->type);
    if (a->type && b->type && a->type != b->type)
        return kaon_fail(msg, KAON_BAD_MODEL, "MatMul: inputs are %s and %s",
                         kaon_type_name(a->type), kaon_type_name(b->type));
    if (a->rank == 0 || b->rank == 0)
        return kaon_fail(msg, KAON_BAD_MODEL, "MatMul: an input has rank 0");
    if (a->rank < 0 || b->rank < 0)
        return KAON_OK;
    if (!agree(a->dims[a->rank - 1], b->dims[b->rank > 1 ? b->rank - 2 : 0]))
        return mismatch(node, msg);
    const struct kaon_fact ba = batch(a), bb = batch(b), *both[] = { &ba, &bb };
    struct kaon_fact y = KAON_FACT_NONE;
    const enum kaon_status st = kaon_fact_broadcast(&y, both, 2, "MatMul", msg);
    if (st != KAON_OK)
        return st;
    if (a->rank > 1)
        y.dims[y.rank++] = a->dims[a->rank - 2];
    if (b->rank > 1)
        y.dims[y.rank++] = b->dims[b->rank - 1];
    kaon_fact_set(node->out[0], a->type ? a->type : b->type, y.rank, y.dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_matmul = {
    .name = "MatMul",
    .domain = "",
    .kind = KAON_OP_matmul,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .infer = infer_matmul,
};

static void read_gemm(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_gemm *a = attr;
    a->alpha = kaon_attr_float(r, "alpha", 1.0f);
    a->beta = kaon_attr_float(r, "beta", 1.0f);
    a->trans_a = kaon_attr_bool(r, "transA", false);
    a->trans_b = kaon_attr_bool(r, "transB", false);
    kaon_attr_skip(r, "broadcast"); /* before opset 7; the shapes tell as much */
}

static enum kaon_status infer_gemm(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_gemm *g = node->attr;
    const struct kaon_fact *a = node->in[0], *b = node->in[1], *c = kaon_infer_in(node, 2);
    int64_t dims[2] = { KAON_DIM_UNKNOWN, KAON_DIM_UNKNOWN };
    enum kaon_status st = kaon_infer_rank(node, 0, 2, msg);
    if (st == KAON_OK)
        st = kaon_infer_rank(node, 1, 2, msg);
    if (st != KAON_OK)
        return st;
    if (a->rank == 2 && b->rank == 2 && !agree(a->dims[!g->trans_a], b->dims[g->trans_b]))
        return mismatch(node, msg);
    if (a->rank == 2)
        dims[0] = a->dims[g->trans_a];
    if (b->rank == 2)
        dims[1] = b->dims[!g->trans_b];
    kaon_fact_set(node->out[0], a->type ? a->type : b->type, 2, dims);
    for (int32_t i = 0; c && i < c->rank; i++) {
        const int32_t k = 2 - c->rank + i;
        if (k < 0 || (c->dims[i] != 1 && !agree(c->dims[i], dims[k])))
            return kaon_fail(msg, KAON_BAD_MODEL, "Gemm: C of %s does not broadcast to %s",
                             kaon_shape_text(c->rank, c->dims).text, kaon_shape_text(2, dims).text);
    }
    return KAON_OK;
}

const struct kaon_op kaon_op_gemm = {
    .name = "Gemm",
    .domain = "",
    .kind = KAON_OP_gemm,
    .since = 1,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_gemm),
    .read = read_gemm,
    .infer = infer_gemm,
};

/* Only passes make this node, so its attributes are those that kaon's text form prints. */
static void read_linear(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "none", "relu",    "gelu_erf", "gelu_tanh",
                                         "silu", "sigmoid", "tanh" };
    struct kaon_linear *a = attr;
    a->transposed = kaon_attr_bool(r, "transposed", false);
    a->activation = (enum kaon_activation)kaon_attr_word(r, "activation", 0, words, 7);
}

static enum kaon_status infer_linear(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_linear *l = node->attr;
    const struct kaon_fact *x = node->in[0], *b = node->in[1];
    int64_t dims[KAON_MAX_RANK];
    const enum kaon_status st = kaon_infer_rank(node, 1, 2, msg);
    kaon_fact_unknown(node->out[0], x->type);
    if (st != KAON_OK || x->rank < 0 || b->rank < 0)
        return st;
    if (x->rank < 1 || !agree(x->dims[x->rank - 1], b->dims[l->transposed]))
        return mismatch(node, msg);
    memcpy(dims, x->dims, sizeof dims);
    dims[x->rank - 1] = b->dims[!l->transposed];
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_linear = {
    .name = "Linear",
    .domain = "ai.kaon",
    .kind = KAON_OP_linear,
    .since = 1,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_linear),
    .read = read_linear,
    .infer = infer_linear,
};
