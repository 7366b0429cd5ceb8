/* LinearAttention: a matrix a head that each token updates and reads. */
#include "engine/ops/attention.h"

static void read_linear(struct kaon_attr_reader *r, void *attr)
{
    static const char *const rules[] = { [KAON_LINEAR_PLAIN] = "linear",
                                         [KAON_LINEAR_GATED] = "gated",
                                         [KAON_LINEAR_DELTA] = "delta",
                                         [KAON_LINEAR_GATED_DELTA] = "gated_delta" };
    struct kaon_linear_attention *a = attr;
    a->heads = kaon_attention_heads(r, "q_num_heads", 0);
    a->kv_heads = kaon_attention_heads(r, "kv_num_heads", 0);
    a->scale = kaon_attr_float(r, "scale", 0.0f);
    a->rule = (enum kaon_linear_rule)kaon_attr_word(r, "update_rule", KAON_LINEAR_GATED_DELTA,
                                                    rules, (int)KAON_COUNT(rules));
    kaon_attr_skip(r, "chunk_size"); /* a hint */
    if (kaon_attr_int(r, "state_window", 0))
        kaon_attr_fail(r, KAON_UNSUPPORTED, "state_window is not 0");
    if (a->heads < 1 || a->kv_heads < 1 || a->heads % a->kv_heads)
        kaon_attr_fail(r, KAON_BAD_MODEL, "%lld heads cannot share %lld of keys and values",
                       (long long)a->heads, (long long)a->kv_heads);
}

static bool differ(int64_t a, int64_t b)
{
    return kaon_dim_known(a) && kaon_dim_known(b) && a != b;
}

static int64_t divided(int64_t a, int64_t by)
{
    return kaon_dim_known(a) ? a / by : KAON_DIM_UNKNOWN;
}

/* A gate [B,T,n] with n one of two numbers. */
static bool is_gate(const struct kaon_fact *f, const struct kaon_fact *q, int64_t n, int64_t or_n)
{
    return f->rank < 0 ||
           (f->rank == 3 && !differ(f->dims[0], q->dims[0]) && !differ(f->dims[1], q->dims[1]) &&
            (!differ(f->dims[2], n) || !differ(f->dims[2], or_n)));
}

static enum kaon_status check_gates(const struct kaon_infer *node, int64_t size,
                                    struct kaon_msg *msg)
{
    const struct kaon_linear_attention *a = node->attr;
    const struct kaon_fact *decay = kaon_infer_in(node, 4), *beta = kaon_infer_in(node, 5);
    const bool gated = a->rule == KAON_LINEAR_GATED || a->rule == KAON_LINEAR_GATED_DELTA;
    const bool delta = a->rule == KAON_LINEAR_DELTA || a->rule == KAON_LINEAR_GATED_DELTA;
    if (gated != !!decay || delta != !!beta)
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "LinearAttention: this update_rule goes with%s decay and with%s beta",
                         gated ? "" : "out", delta ? "" : "out");
    if (decay && !is_gate(decay, node->in[0], a->kv_heads, kaon_dim_mul(a->kv_heads, size)))
        return kaon_fail(msg, KAON_BAD_MODEL, "LinearAttention: decay is %s",
                         kaon_shape_text(decay->rank, decay->dims).text);
    if (beta && !is_gate(beta, node->in[0], a->kv_heads, 1))
        return kaon_fail(msg, KAON_BAD_MODEL, "LinearAttention: beta is %s",
                         kaon_shape_text(beta->rank, beta->dims).text);
    return KAON_OK;
}

static bool fits_heads(const struct kaon_fact *f, int64_t heads)
{
    return !kaon_dim_known(f->dims[2]) || f->dims[2] % heads == 0;
}

static enum kaon_status infer_linear(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_linear_attention *a = node->attr;
    const struct kaon_fact *q = node->in[0], *k = node->in[1], *v = node->in[2];
    const struct kaon_fact *past = kaon_infer_in(node, 3);
    const enum kaon_type state = past ? past->type : q->type;
    for (size_t i = 0; i < 2; i++)
        if (kaon_infer_out(node, i))
            kaon_fact_unknown(node->out[i], i ? state : q->type);
    if (q->rank < 0 || k->rank < 0 || v->rank < 0)
        return KAON_OK;
    if (q->rank != 3 || k->rank != 3 || v->rank != 3 || differ(q->dims[0], k->dims[0]) ||
        differ(q->dims[0], v->dims[0]) || differ(q->dims[1], k->dims[1]) ||
        differ(q->dims[1], v->dims[1]) || !fits_heads(q, a->heads) || !fits_heads(k, a->kv_heads) ||
        !fits_heads(v, a->kv_heads))
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "LinearAttention: q, k and v are %s, %s and %s, wanted [batch, tokens, "
                         "heads times size]",
                         kaon_shape_text(q->rank, q->dims).text,
                         kaon_shape_text(k->rank, k->dims).text,
                         kaon_shape_text(v->rank, v->dims).text);
    const int64_t size = divided(q->dims[2], a->heads), values = divided(v->dims[2], a->kv_heads);
    if (differ(size, divided(k->dims[2], a->kv_heads)))
        return kaon_fail(msg, KAON_BAD_MODEL, "LinearAttention: heads of q and k differ in size");
    const int64_t y[] = { q->dims[0], q->dims[1], kaon_dim_mul(a->heads, values) };
    const int64_t s[] = { q->dims[0], a->kv_heads, size, values };
    bool fits = !past || past->rank < 0 || past->rank == 4;
    for (int32_t i = 0; past && past->rank == 4 && i < 4; i++)
        fits &= !differ(past->dims[i], s[i]);
    if (!fits)
        return kaon_fail(msg, KAON_BAD_MODEL, "LinearAttention: the past is %s, wanted %s",
                         kaon_shape_text(past->rank, past->dims).text, kaon_shape_text(4, s).text);
    kaon_fact_set(kaon_infer_out(node, 0), q->type, 3, y);
    kaon_fact_set(kaon_infer_out(node, 1), state, 4, s);
    return check_gates(node, size, msg);
}

const struct kaon_op kaon_op_linear_attention = {
    .name = "LinearAttention",
    .domain = "",
    .kind = KAON_OP_linear_attention,
    .since = 27,
    .n_in = { 3, 6 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_linear_attention),
    .read = read_linear,
    .infer = infer_linear,
};

const struct kaon_op kaon_op_contrib_linear_attention = {
    .name = "LinearAttention",
    .domain = "com.microsoft",
    .kind = KAON_OP_contrib_linear_attention,
    .since = 1,
    .n_in = { 3, 6 },
    .n_out = { 1, 2 },
    .attr_size = sizeof(struct kaon_linear_attention),
    .read = read_linear,
    .infer = infer_linear,
};
