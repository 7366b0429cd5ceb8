/* RotaryEmbedding of ai.onnx and of com.microsoft. */
#include "engine/ops/attention.h"

static void read_rotary(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_rotary_attr *a = attr;
    a->heads = kaon_attention_heads(r, "num_heads", 0);
    a->size = kaon_attr_int(r, "rotary_embedding_dim", 0);
    a->interleaved = kaon_attr_bool(r, "interleaved", false);
    a->scale = 1.0f;
    if (a->size < 0 || a->size > KAON_ATT_MOST_COLUMNS || a->size % 2)
        kaon_attr_fail(r, KAON_BAD_MODEL, "rotary_embedding_dim is %lld", (long long)a->size);
}

static void read_contrib(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_rotary_attr *a = attr;
    read_rotary(r, attr);
    a->positions_second = true;
    a->scale = kaon_attr_float(r, "scale", 1.0f);
    kaon_attr_skip(r, "is_packed_batching"); /* rows of a ragged batch have positions like others */
    if (a->scale != 1.0f)
        kaon_attr_fail(r, KAON_UNSUPPORTED, "scale is %g, wanted 1", (double)a->scale);
}

static enum kaon_status infer_rotary(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_rotary_attr *a = node->attr;
    const struct kaon_fact *x = node->in[0], *at = kaon_infer_in(node, a->positions_second ? 1 : 3);
    const struct kaon_fact *cos = node->in[a->positions_second ? 2 : 1];
    const struct kaon_fact *sin = node->in[a->positions_second ? 3 : 2];
    kaon_fact_like(node->out[0], x);
    if (x->rank < 0 || !cos || !sin || cos->rank < 0 || sin->rank < 0)
        return KAON_OK;
    if (x->rank != 3 && x->rank != 4)
        return kaon_fail(msg, KAON_BAD_MODEL, "RotaryEmbedding: the data is %s, wanted 3 or 4 axes",
                         kaon_shape_text(x->rank, x->dims).text);
    if (x->rank == 3 && a->heads && kaon_dim_known(x->dims[2]) && x->dims[2] % a->heads)
        return kaon_fail(msg, KAON_BAD_MODEL, "RotaryEmbedding: %lld columns for %lld heads",
                         (long long)x->dims[2], (long long)a->heads);
    if (cos->rank != sin->rank || cos->rank != (at ? 2 : 3))
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "RotaryEmbedding: cosines and sines are %s and %s, wanted %d axes",
                         kaon_shape_text(cos->rank, cos->dims).text,
                         kaon_shape_text(sin->rank, sin->dims).text, at ? 2 : 3);
    return KAON_OK;
}

const struct kaon_op kaon_op_rotary_embedding = {
    .name = "RotaryEmbedding",
    .domain = "",
    .kind = KAON_OP_rotary_embedding,
    .since = 23,
    .n_in = { 3, 4 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_rotary_attr),
    .read = read_rotary,
    .infer = infer_rotary,
};

const struct kaon_op kaon_op_contrib_rotary_embedding = {
    .name = "RotaryEmbedding",
    .domain = "com.microsoft",
    .kind = KAON_OP_contrib_rotary_embedding,
    .since = 1,
    .n_in = { 4, 4 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_rotary_attr),
    .read = read_contrib,
    .infer = infer_rotary,
};
