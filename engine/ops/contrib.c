/* Operators that ONNX Runtime's optimiser and model builders write: com.microsoft. */
#include "engine/ops/ops.h"

#include <string.h>

/* ---- Gelu and its kin ------------------------------------------------------------------------ */

static enum kaon_status infer_bias_gelu(const struct kaon_infer *node, struct kaon_msg *msg)
{
    kaon_fact_unknown(node->out[0], node->in[0]->type);
    return kaon_fact_broadcast(node->out[0], node->in, node->n_in, "BiasGelu", msg);
}

const struct kaon_op kaon_op_bias_gelu = {
    .name = "BiasGelu",
    .domain = "com.microsoft",
    .kind = KAON_OP_bias_gelu,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .infer = infer_bias_gelu,
};

static void read_quick_gelu(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_unary_attr *a = attr;
    a->a = kaon_attr_float(r, "alpha", 1.702f);
}

const struct kaon_op kaon_op_quick_gelu = {
    .name = "QuickGelu",
    .domain = "com.microsoft",
    .kind = KAON_OP_quick_gelu,
    .since = 1,
    .n_in = { 1, 1 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_unary_attr),
    .read = read_quick_gelu,
    .infer = kaon_infer_same,
};

/* (.., 2 d) gives (.., d). */
static enum kaon_status infer_split_gelu(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0];
    int64_t dims[KAON_MAX_RANK];
    kaon_fact_unknown(node->out[0], x->type);
    if (x->rank < 0)
        return KAON_OK;
    const int64_t n = x->rank ? x->dims[x->rank - 1] : 1, bias = kaon_fact_count(node->in[1]);
    if (x->rank == 0 || (kaon_dim_known(n) && (n % 2 || (kaon_dim_known(bias) && bias != n))))
        return kaon_fail(msg, KAON_BAD_MODEL, "BiasSplitGelu: input of %s, %lld biases",
                         kaon_shape_text(x->rank, x->dims).text, (long long)bias);
    memcpy(dims, x->dims, sizeof dims);
    dims[x->rank - 1] = kaon_dim_known(n) ? n / 2 : KAON_DIM_UNKNOWN;
    kaon_fact_set(node->out[0], x->type, x->rank, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_bias_split_gelu = {
    .name = "BiasSplitGelu",
    .domain = "com.microsoft",
    .kind = KAON_OP_bias_split_gelu,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .infer = infer_split_gelu,
};

/* ---- normalisation of sums ------------------------------------------------------------------- */

static void read_skip(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_norm *a = attr;
    a->epsilon = kaon_attr_float(r, "epsilon", 1e-12f);
}

/* Whether a row vector has n elements. */
static bool is_row(const struct kaon_fact *f, int64_t n)
{
    const int64_t count = f ? kaon_fact_count(f) : n;
    return !kaon_dim_known(count) || !kaon_dim_known(n) || count == n;
}

static enum kaon_status infer_skip(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *x = node->in[0], *skip = node->in[1];
    const bool centred = node->kind == KAON_OP_skip_layer_normalization;
    if (kaon_infer_out(node, 0))
        kaon_fact_like(node->out[0], x);
    if (kaon_infer_out(node, 3))
        kaon_fact_like(node->out[3], x);
    for (size_t i = 1; i < 3 && x->rank >= 1; i++)
        if (kaon_infer_out(node, i)) {
            int64_t dims[KAON_MAX_RANK];
            memcpy(dims, x->dims, sizeof dims);
            dims[x->rank - 1] = 1;
            kaon_fact_set(node->out[i], KAON_F32, x->rank, dims);
        }
    if (x->rank < 0)
        return KAON_OK;
    if (x->rank < 1 || (skip->rank >= 0 && skip->rank != x->rank && skip->rank != x->rank - 1))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: %s and %s", kaon_infer_name(node),
                         kaon_shape_text(x->rank, x->dims).text,
                         kaon_shape_text(skip->rank, skip->dims).text);
    const int64_t n = x->dims[x->rank - 1];
    for (size_t i = 2; i < (centred ? 5u : 4u); i++)
        if (!is_row(kaon_infer_in(node, i), n))
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu has %lld elements, wanted %lld",
                             kaon_infer_name(node), i, (long long)kaon_fact_count(node->in[i]),
                             (long long)n);
    return KAON_OK;
}

const struct kaon_op kaon_op_skip_layer_normalization = {
    .name = "SkipLayerNormalization",
    .domain = "com.microsoft",
    .kind = KAON_OP_skip_layer_normalization,
    .since = 1,
    .n_in = { 3, 5 },
    .n_out = { 1, 4 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_skip,
    .infer = infer_skip,
};

const struct kaon_op kaon_op_skip_simplified_layer_normalization = {
    .name = "SkipSimplifiedLayerNormalization",
    .domain = "com.microsoft",
    .kind = KAON_OP_skip_simplified_layer_normalization,
    .since = 1,
    .n_in = { 3, 4 },
    .n_out = { 1, 4 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_skip,
    .infer = infer_skip,
};

static void read_embed(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_norm *a = attr;
    a->epsilon = kaon_attr_float(r, "epsilon", 1e-12f);
    if (kaon_attr_int(r, "mask_index_type", 0))
        kaon_attr_fail(r, KAON_UNSUPPORTED, "mask_index_type other than 0");
}

/* Ids (batch, tokens) give (batch, tokens, n), and how many tokens of each item the mask leaves. */
static enum kaon_status infer_embed(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *ids = node->in[0], *words = node->in[2];
    int64_t dims[] = { KAON_DIM_UNKNOWN, KAON_DIM_UNKNOWN, KAON_DIM_UNKNOWN };
    enum kaon_status st = kaon_infer_rank(node, 0, 2, msg);
    if (st == KAON_OK)
        st = kaon_infer_rank(node, 2, 2, msg);
    if (st == KAON_OK)
        st = kaon_infer_rank(node, 3, 2, msg);
    if (st != KAON_OK)
        return st;
    for (int32_t i = 0; i < 2 && ids->rank == 2; i++)
        dims[i] = ids->dims[i];
    if (words->rank == 2)
        dims[2] = words->dims[1];
    for (size_t i = 3; i <= 6; i++) {
        const struct kaon_fact *f = kaon_infer_in(node, i);
        if (f && f->rank >= 0 && f->rank != (i < 5 ? 2 : 1))
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "EmbedLayerNormalization: input %zu of rank %d, wanted %d", i,
                             (int)f->rank, i < 5 ? 2 : 1);
        const int64_t n = !f || f->rank < 0 ? KAON_DIM_UNKNOWN : f->dims[f->rank - 1];
        if (kaon_dim_known(n) && kaon_dim_known(dims[2]) && n != dims[2])
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "EmbedLayerNormalization: rows of %lld in input %zu, wanted %lld",
                             (long long)n, i, (long long)dims[2]);
    }
    if (kaon_infer_out(node, 0))
        kaon_fact_set(node->out[0], words->type, 3, dims);
    if (kaon_infer_out(node, 1))
        kaon_fact_set(node->out[1], KAON_I32, 1, dims);
    if (kaon_infer_out(node, 2))
        kaon_fact_set(node->out[2], words->type, 3, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_embed_layer_normalization = {
    .name = "EmbedLayerNormalization",
    .domain = "com.microsoft",
    .kind = KAON_OP_embed_layer_normalization,
    .since = 1,
    .n_in = { 7, 9 },
    .n_out = { 1, 3 },
    .attr_size = sizeof(struct kaon_norm),
    .read = read_embed,
    .infer = infer_embed,
};

/* ---- products -------------------------------------------------------------------------------- */

static void read_fused_matmul(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_fused_matmul *a = attr;
    a->alpha = kaon_attr_float(r, "alpha", 1.0f);
    a->trans_a = kaon_attr_bool(r, "transA", false);
    a->trans_b = kaon_attr_bool(r, "transB", false);
    if (kaon_attr_bool(r, "transBatchA", false) || kaon_attr_bool(r, "transBatchB", false))
        kaon_attr_fail(r, KAON_UNSUPPORTED, "transBatchA or transBatchB");
}

static void turn(struct kaon_fact *f)
{
    if (f->rank < 2)
        return;
    const int64_t last = f->dims[f->rank - 1];
    f->dims[f->rank - 1] = f->dims[f->rank - 2];
    f->dims[f->rank - 2] = last;
}

static enum kaon_status infer_fused_matmul(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fused_matmul *a = node->attr;
    struct kaon_fact left = *node->in[0], right = *node->in[1];
    const struct kaon_fact *const in[] = { &left, &right };
    struct kaon_infer product = *node;
    if (a->trans_a)
        turn(&left);
    if (a->trans_b)
        turn(&right);
    product.kind = KAON_OP_matmul;
    product.in = in;
    return kaon_op_matmul.infer(&product, msg);
}

const struct kaon_op kaon_op_fused_matmul = {
    .name = "FusedMatMul",
    .domain = "com.microsoft",
    .kind = KAON_OP_fused_matmul,
    .since = 1,
    .n_in = { 2, 2 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_fused_matmul),
    .read = read_fused_matmul,
    .infer = infer_fused_matmul,
};

static void read_fused_gemm(struct kaon_attr_reader *r, void *attr)
{
    static const char *const words[] = { "",          "Relu", "Sigmoid",    "Tanh",
                                         "LeakyRelu", "Clip", "HardSigmoid" };
    struct kaon_fused_gemm *a = attr;
    kaon_op_gemm.read(r, &a->gemm);
    a->fused = (enum kaon_fused)kaon_attr_word(r, "activation", 0, words, 7);
    a->a =
        kaon_attr_float(r, "activation_alpha", a->fused == KAON_FUSED_HARD_SIGMOID ? 0.2f : 0.01f);
    a->b = kaon_attr_float(r, "activation_beta", 0.5f);
    kaon_attr_skip(r, "activation_gamma");
    if (a->fused == KAON_FUSED_CLIP)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "activation Clip");
}

static enum kaon_status infer_fused_gemm(const struct kaon_infer *node, struct kaon_msg *msg)
{
    return kaon_op_gemm.infer(node, msg); /* the attributes begin with Gemm's */
}

const struct kaon_op kaon_op_fused_gemm = {
    .name = "FusedGemm",
    .domain = "com.microsoft",
    .kind = KAON_OP_fused_gemm,
    .since = 1,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_fused_gemm),
    .read = read_fused_gemm,
    .infer = infer_fused_gemm,
};

/* ---- GatherBlockQuantized -------------------------------------------------------------------- */

static void read_gather_quantized(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_gather_quantized *a = attr;
    a->axis = kaon_attr_int(r, "gather_axis", 0);
    a->quantize_axis = kaon_attr_int(r, "quantize_axis", 1);
    a->block = kaon_attr_int(r, "block_size", 128);
    a->bits = kaon_attr_int(r, "bits", 4);
    if (a->block < 1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "block_size is %lld", (long long)a->block);
    if (a->bits != 4 && a->bits != 8)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "%lld bits, wanted 4 or 8", (long long)a->bits);
}

/* Bytes hold 8 / bits numbers along the last axis. */
static enum kaon_status infer_gather_quantized(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_gather_quantized *a = node->attr;
    const struct kaon_fact *x = node->in[0], *index = node->in[1], *scale = node->in[2];
    const int64_t packed = x->type == KAON_U8 ? 8 / a->bits : 1;
    int64_t dims[KAON_MAX_RANK];
    int32_t axis, along, n = 0;
    kaon_fact_unknown(node->out[0], scale->type);
    if (x->rank < 0 || index->rank < 0)
        return KAON_OK;
    enum kaon_status st = kaon_fact_axis(a->axis, x->rank, "GatherBlockQuantized", &axis, msg);
    if (st == KAON_OK)
        st = kaon_fact_axis(a->quantize_axis, x->rank, "GatherBlockQuantized", &along, msg);
    if (st != KAON_OK)
        return st;
    if (x->rank - 1 + index->rank > KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "GatherBlockQuantized: rank %d is above %d",
                         (int)(x->rank - 1 + index->rank), KAON_MAX_RANK);
    if (axis == along || (packed > 1 && (along != x->rank - 1 || axis == x->rank - 1)))
        return kaon_fail(msg, KAON_UNSUPPORTED,
                         "GatherBlockQuantized: gather_axis %d, quantize_axis %d of rank %d",
                         (int)axis, (int)along, (int)x->rank);
    if (scale->rank >= 0 && scale->rank != x->rank)
        return kaon_fail(msg, KAON_BAD_MODEL, "GatherBlockQuantized: scales of rank %d, wanted %d",
                         (int)scale->rank, (int)x->rank);
    for (int32_t i = 0; scale->rank >= 0 && i < x->rank; i++) {
        const int64_t length = x->dims[i] * (i == x->rank - 1 ? packed : 1);
        const int64_t wanted = i == along ? (length + a->block - 1) / a->block : length;
        if (kaon_dim_known(x->dims[i]) && kaon_dim_known(scale->dims[i]) &&
            scale->dims[i] != wanted)
            return kaon_fail(msg, KAON_BAD_MODEL, "GatherBlockQuantized: scales of %s for %s",
                             kaon_shape_text(scale->rank, scale->dims).text,
                             kaon_shape_text(x->rank, x->dims).text);
    }
    for (int32_t i = 0; i < axis; i++)
        dims[n++] = x->dims[i];
    for (int32_t i = 0; i < index->rank; i++)
        dims[n++] = index->dims[i];
    for (int32_t i = axis + 1; i < x->rank; i++)
        dims[n++] = i == x->rank - 1 ? kaon_dim_mul(x->dims[i], packed) : x->dims[i];
    kaon_fact_set(node->out[0], scale->type, n, dims);
    return KAON_OK;
}

const struct kaon_op kaon_op_gather_block_quantized = {
    .name = "GatherBlockQuantized",
    .domain = "com.microsoft",
    .kind = KAON_OP_gather_block_quantized,
    .since = 1,
    .n_in = { 3, 4 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_gather_quantized),
    .read = read_gather_quantized,
    .infer = infer_gather_quantized,
};
