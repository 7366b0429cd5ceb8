/* Attention as com.microsoft has it: what ONNX Runtime's optimiser and language-model builders write. */
#include "engine/ops/attention.h"

#include <math.h>

/* What they share. The value of a masked score, minus 10,000, is as good as none: a masked key has weight 0, and a
 * query whose keys are all masked gives zeros. */
static void read_shared(struct kaon_attr_reader *r, struct kaon_attention *a)
{
    a->heads = kaon_attention_heads(r, "num_heads", 0);
    a->kv_heads = a->heads;
    if (a->heads == 0)
        kaon_attr_fail(r, KAON_BAD_MODEL, "attribute 'num_heads' is missing");
    const float scale = kaon_attr_float(r, "scale", 0.0f);
    a->scale_scores = scale != 0.0f ? scale : NAN;
    kaon_attr_skip(r, "mask_filter_value");
    a->scores = KAON_ATT_BIASED;
}

/* An input that must be there although one before it need not. */
static enum kaon_status need(const struct kaon_infer *node, size_t i, struct kaon_msg *msg)
{
    return kaon_infer_in(node, i) ? KAON_OK
                                  : kaon_fail(msg, KAON_BAD_MODEL, "%s: input %zu is not given",
                                              kaon_infer_name(node), i);
}

/* ---- Attention -------------------------------------------------------------------------------- */

static const int8_t attention_in[] = { KAON_ATT_Q,           KAON_ATT_WEIGHTS, KAON_ATT_ROW_BIAS,
                                       KAON_ATT_KEY_MASK,    KAON_ATT_PAST,    KAON_ATT_BIAS,
                                       KAON_ATT_PAST_LENGTH, KAON_ATT_END };
static const int8_t attention_out[] = { KAON_ATT_Y, KAON_ATT_PRESENT, KAON_ATT_END };

static void read_attention(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_attention *a = attr;
    int32_t n;
    kaon_attention_defaults(a, KAON_ATT_ROWS, attention_in, attention_out);
    read_shared(r, a);
    a->causal = kaon_attr_bool(r, "unidirectional", false);
    a->shared_past = kaon_attr_bool(r, "past_present_share_buffer", false);
    if (kaon_attr_bool(r, "do_rotary", false))
        kaon_attr_fail(r, KAON_UNSUPPORTED, "do_rotary is 1");
    kaon_attr_skip(r, "rotary_embedding_dim");
    const int64_t *columns = kaon_attr_ints(r, "qkv_hidden_sizes", &n);
    if (n > 0 && n != 3)
        kaon_attr_fail(r, KAON_BAD_MODEL, "qkv_hidden_sizes has %d entries, wanted 3", (int)n);
    for (int32_t i = 0; n == 3 && i < 3; i++) {
        a->columns[i] = columns[i];
        if (columns[i] < 1 || columns[i] > KAON_ATT_MOST_COLUMNS ||
            (a->heads > 0 && columns[i] % a->heads))
            kaon_attr_fail(r, KAON_BAD_MODEL, "qkv_hidden_sizes has %lld, for %lld heads",
                           (long long)columns[i], (long long)a->heads);
    }
}

const struct kaon_op kaon_op_contrib_attention = {
    .name = "Attention",
    .domain = "com.microsoft",
    .kind = KAON_OP_contrib_attention,
    .since = 1,
    .n_in = { 2, 7 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_attention),
    .read = read_attention,
    .infer = kaon_attention_infer,
};

/* ---- MultiHeadAttention ----------------------------------------------------------------------- */

static const int8_t multi_in[] = { KAON_ATT_Q,        KAON_ATT_K,        KAON_ATT_V,
                                   KAON_ATT_ROW_BIAS, KAON_ATT_KEY_MASK, KAON_ATT_BIAS,
                                   KAON_ATT_PAST_K,   KAON_ATT_PAST_V,   KAON_ATT_PAST_LENGTH,
                                   KAON_ATT_NOT_YET,  KAON_ATT_END };
static const int8_t multi_out[] = { KAON_ATT_Y, KAON_ATT_PRESENT_K, KAON_ATT_PRESENT_V, KAON_ATT_QK,
                                    KAON_ATT_END };

static void read_multi(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_attention *a = attr;
    kaon_attention_defaults(a, KAON_ATT_ROWS, multi_in, multi_out);
    read_shared(r, a);
    a->causal = kaon_attr_bool(r, "unidirectional", false);
    a->shared_past = r->n_in > 8; /* a length of the past only serves one with room */
}

const struct kaon_op kaon_op_multi_head_attention = {
    .name = "MultiHeadAttention",
    .domain = "com.microsoft",
    .kind = KAON_OP_multi_head_attention,
    .since = 1,
    .n_in = { 1, 10 },
    .n_out = { 1, 4 },
    .attr_size = sizeof(struct kaon_attention),
    .read = read_multi,
    .infer = kaon_attention_infer,
};

/* ---- DecoderMaskedMultiHeadAttention ---------------------------------------------------------- */

static const int8_t decoder_in[] = { KAON_ATT_Q,        KAON_ATT_K,           KAON_ATT_V,
                                     KAON_ATT_KEY_MASK, KAON_ATT_BIAS,        KAON_ATT_PAST_K,
                                     KAON_ATT_PAST_V,   KAON_ATT_PAST_LENGTH, KAON_ATT_NOT_YET,
                                     KAON_ATT_NOT_YET,  KAON_ATT_ROW_BIAS,    KAON_ATT_END };

static void read_decoder(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_attention *a = attr;
    kaon_attention_defaults(a, KAON_ATT_ROWS, decoder_in, multi_out);
    read_shared(r, a);
    a->shared_past = kaon_attr_bool(r, "past_present_share_buffer", false);
    kaon_attr_skip(r, "output_qk"); /* the output says so itself */
}

const struct kaon_op kaon_op_decoder_attention = {
    .name = "DecoderMaskedMultiHeadAttention",
    .domain = "com.microsoft",
    .kind = KAON_OP_decoder_attention,
    .since = 1,
    .n_in = { 1, 11 },
    .n_out = { 1, 4 },
    .attr_size = sizeof(struct kaon_attention),
    .read = read_decoder,
    .infer = kaon_attention_infer,
};

/* ---- PackedMultiHeadAttention ----------------------------------------------------------------- */

static const int8_t packed_in[] = { KAON_ATT_Q,        KAON_ATT_K,   KAON_ATT_V,
                                    KAON_ATT_ROW_BIAS, KAON_ATT_INS, KAON_ATT_STARTS,
                                    KAON_ATT_NOT_YET,  KAON_ATT_END };
static const int8_t packed_out[] = { KAON_ATT_Y, KAON_ATT_END };

static void read_packed(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_attention *a = attr;
    kaon_attention_defaults(a, KAON_ATT_ROWS, packed_in, packed_out);
    read_shared(r, a);
}

static enum kaon_status infer_packed(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const enum kaon_status st = need(node, 5, msg);
    return st == KAON_OK ? kaon_attention_infer(node, msg) : st;
}

const struct kaon_op kaon_op_packed_attention = {
    .name = "PackedMultiHeadAttention",
    .domain = "com.microsoft",
    .kind = KAON_OP_packed_attention,
    .since = 1,
    .n_in = { 1, 7 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_attention),
    .read = read_packed,
    .infer = infer_packed,
};

/* ---- GroupQueryAttention ---------------------------------------------------------------------- */

static const int8_t group_in[] = { KAON_ATT_Q,         KAON_ATT_K,       KAON_ATT_V,
                                   KAON_ATT_PAST_K,    KAON_ATT_PAST_V,  KAON_ATT_LAST,
                                   KAON_ATT_TOTAL,     KAON_ATT_COS,     KAON_ATT_SIN,
                                   KAON_ATT_POSITIONS, KAON_ATT_BIAS,    KAON_ATT_SINK,
                                   KAON_ATT_NOT_YET,   KAON_ATT_NOT_YET, KAON_ATT_NOT_YET,
                                   KAON_ATT_NOT_YET,   KAON_ATT_NOT_YET, KAON_ATT_END };

static void read_group(struct kaon_attr_reader *r, void *attr)
{
    static const char *const none[] = { "NONE" };
    static const enum kaon_attention_scores scores[] = { KAON_ATT_BIASED, KAON_ATT_BIASED,
                                                         KAON_ATT_WEIGHED };
    struct kaon_attention *a = attr;
    kaon_attention_defaults(a, KAON_ATT_ROWS, group_in, multi_out);
    read_shared(r, a);
    a->kv_heads = kaon_attention_heads(r, "kv_num_heads", a->heads);
    a->causal = kaon_attr_bool(r, "causal", true);
    a->softcap = kaon_attr_float(r, "softcap", 0.0f);
    a->rotary = kaon_attr_bool(r, "do_rotary", false);
    a->interleaved = kaon_attr_bool(r, "rotary_interleaved", false);
    a->smooth = kaon_attr_int(r, "smooth_softmax", 0) == 1; /* -1 stands for no in some files */
    const int64_t window = kaon_attr_int(r, "local_window_size", -1);
    a->left = window > 0 ? window - 1 : -1;
    const int64_t mode = kaon_attr_int(r, "qk_output", 0);
    if (mode < 0 || mode > 2)
        kaon_attr_fail(r, KAON_BAD_MODEL, "qk_output is %lld, wanted 0 to 2", (long long)mode);
    else
        a->scores = scores[mode];
    kaon_attr_word(r, "k_quant_type", 0, none, 1);
    kaon_attr_word(r, "v_quant_type", 0, none, 1);
    kaon_attr_skip(r, "kv_cache_bit_width");
    kaon_attr_skip(r, "qk_norm_epsilon"); /* of inputs that are refused */
    if (kaon_attr_bool(r, "sliding_window_cache", false))
        kaon_attr_fail(r, KAON_UNSUPPORTED, "sliding_window_cache is 1");
    if (!(a->softcap >= 0.0f) || isinf(a->softcap))
        kaon_attr_fail(r, KAON_BAD_MODEL, "softcap is %g", (double)a->softcap);
}

static enum kaon_status infer_group(const struct kaon_infer *node, struct kaon_msg *msg)
{
    enum kaon_status st = need(node, 5, msg);
    if (st == KAON_OK)
        st = need(node, 6, msg);
    return st == KAON_OK ? kaon_attention_infer(node, msg) : st;
}

const struct kaon_op kaon_op_group_query_attention = {
    .name = "GroupQueryAttention",
    .domain = "com.microsoft",
    .kind = KAON_OP_group_query_attention,
    .since = 1,
    .n_in = { 1, 17 }, /* keys and values may be missing among those that must be there */
    .n_out = { 1, 4 },
    .attr_size = sizeof(struct kaon_attention),
    .read = read_group,
    .infer = infer_group,
};
