/* Attention of ai.onnx, from opset 23 on. */
#include "engine/ops/attention.h"

#include <math.h>

static const int8_t in[] = { KAON_ATT_Q,      KAON_ATT_K,      KAON_ATT_V,       KAON_ATT_MASK,
                             KAON_ATT_PAST_K, KAON_ATT_PAST_V, KAON_ATT_LENGTHS, KAON_ATT_END };
static const int8_t out[] = { KAON_ATT_Y, KAON_ATT_PRESENT_K, KAON_ATT_PRESENT_V, KAON_ATT_QK,
                              KAON_ATT_END };

static void read_window(struct kaon_attr_reader *r, struct kaon_attention *a)
{
    a->left = kaon_attr_int(r, "left_window_size", -1);
    a->right = kaon_attr_int(r, "right_window_size", -1);
    if (a->left < -1 || a->right < -1)
        kaon_attr_fail(r, KAON_BAD_MODEL, "a window reaches %lld to the left and %lld to the right",
                       (long long)a->left, (long long)a->right);
}

static void read_onnx(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_attention *a = attr;
    kaon_attention_defaults(a, KAON_ATT_HEADS_FIRST, in, out);
    a->heads = kaon_attention_heads(r, "q_num_heads", 0);
    a->kv_heads = kaon_attention_heads(r, "kv_num_heads", 0);
    a->scale_scores = kaon_attr_float(r, "scale", NAN);
    a->softcap = kaon_attr_float(r, "softcap", 0.0f);
    a->causal = kaon_attr_bool(r, "is_causal", false);
    read_window(r, a);
    const int64_t mode = kaon_attr_int(r, "qk_matmul_output_mode", KAON_ATT_PRODUCT);
    if (mode < KAON_ATT_PRODUCT || mode > KAON_ATT_WEIGHED)
        kaon_attr_fail(r, KAON_BAD_MODEL, "qk_matmul_output_mode is %lld, wanted 0 to 3",
                       (long long)mode);
    a->scores = (enum kaon_attention_scores)mode;
    kaon_attr_skip(r, "softmax_precision"); /* float32 inside, whatever the type */
    if (!(a->softcap >= 0.0f) || isinf(a->softcap))
        kaon_attr_fail(r, KAON_BAD_MODEL, "softcap is %g", (double)a->softcap);
}

const struct kaon_op kaon_op_onnx_attention = {
    .name = "Attention",
    .domain = "",
    .kind = KAON_OP_onnx_attention,
    .since = 23,
    .n_in = { 3, 7 },
    .n_out = { 1, 4 },
    .attr_size = sizeof(struct kaon_attention),
    .read = read_onnx,
    .infer = kaon_attention_infer,
};
