/* Attention of ai.kaon: the layout that projections leave, so that nothing is moved before or after. */
#include "engine/ops/ops.h"

enum { MOST_COLUMNS = 1 << 24 }; /* of a row: a bound for what a file may say */

static void read_attention(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_attention *a = attr;
    a->heads = kaon_attr_int(r, "heads", 1);
    a->kv_heads = kaon_attr_int(r, "kv_heads", a->heads);
    a->head_size = kaon_attr_int(r, "head_size", 0);
    a->value_size = kaon_attr_int(r, "value_size", a->head_size);
    a->q_at = kaon_attr_int(r, "q_at", 0);
    a->k_at = kaon_attr_int(r, "k_at", 0);
    a->v_at = kaon_attr_int(r, "v_at", 0);
    a->scale_q = kaon_attr_float(r, "scale_q", 1.0f);
    a->scale_k = kaon_attr_float(r, "scale_k", 1.0f);
    a->scale_scores = kaon_attr_float(r, "scale_scores", 1.0f);
    a->nan_is_zero = kaon_attr_bool(r, "nan_is_zero", false);
    const bool tokens_first = a->heads == 0;
    const int64_t sizes[] = { tokens_first ? 1 : a->heads, tokens_first ? 1 : a->kv_heads,
                              a->head_size, a->value_size };
    const int64_t places[] = { a->q_at, a->k_at, a->v_at };
    for (size_t i = 0; i < 4; i++)
        if (sizes[i] < 1 || sizes[i] > MOST_COLUMNS) {
            kaon_attr_fail(r, KAON_BAD_MODEL, "heads and sizes must be 1 to %d", MOST_COLUMNS);
            return;
        }
    for (size_t i = 0; i < 3; i++)
        if (places[i] < 0 || places[i] > MOST_COLUMNS)
            kaon_attr_fail(r, KAON_BAD_MODEL, "columns must be 0 to %d", MOST_COLUMNS);
    if (tokens_first && (a->kv_heads || a->q_at || a->k_at || a->v_at))
        kaon_attr_fail(r, KAON_BAD_MODEL, "columns and kv_heads are nothing without heads");
    else if (!tokens_first && a->heads % a->kv_heads)
        kaon_attr_fail(r, KAON_BAD_MODEL, "%lld heads cannot share %lld of keys and values",
                       (long long)a->heads, (long long)a->kv_heads);
}

/* Whether input i is [B,T,heads,size], or [B,T,W] with room for them from column `at` on, or without
 * heads [T,G,size]. */
static enum kaon_status check_rows(const struct kaon_infer *node, size_t i, int64_t heads,
                                   int64_t size, int64_t at, struct kaon_msg *msg)
{
    static const char *const names[] = { "q", "k", "v" };
    const struct kaon_fact *x = node->in[i];
    if (x->rank < 0)
        return KAON_OK;
    if (heads == 0)
        return x->rank == 3 && (x->dims[2] < 0 || x->dims[2] == size)
                   ? KAON_OK
                   : kaon_fail(msg, KAON_BAD_MODEL, "Attention: %s is not [tokens, heads, %lld]",
                               names[i], (long long)size);
    const bool whole = x->rank == 4 && at == 0 && (x->dims[2] < 0 || x->dims[2] == heads) &&
                       (x->dims[3] < 0 || x->dims[3] == size);
    const bool part = x->rank == 3 && (x->dims[2] < 0 || x->dims[2] >= at + heads * size);
    return whole || part ? KAON_OK
                         : kaon_fail(msg, KAON_BAD_MODEL,
                                     "Attention: %s does not hold %lld heads of %lld from column "
                                     "%lld on",
                                     names[i], (long long)heads, (long long)size, (long long)at);
}

/* Lengths that must agree and are known not to. */
static bool differ(int64_t a, int64_t b)
{
    return a >= 0 && b >= 0 && a != b;
}

static enum kaon_status check_lengths(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_fact *q = node->in[0], *k = node->in[1], *v = node->in[2];
    const struct kaon_attention *a = node->attr;
    if (q->rank < 0 || k->rank < 0 || v->rank < 0)
        return KAON_OK;
    if (a->heads ? differ(k->dims[1], v->dims[1]) || differ(q->dims[0], k->dims[0]) ||
                       differ(q->dims[0], v->dims[0])
                 : differ(k->dims[0], v->dims[0]))
        return kaon_fail(msg, KAON_BAD_MODEL, "Attention: q, k and v differ in batch or keys");
    const struct kaon_fact *bias = node->n_in > 3 ? node->in[3] : NULL;
    const bool tokens_first = a->heads == 0;
    if (tokens_first && (differ(q->dims[1], k->dims[1]) || differ(q->dims[1], v->dims[1])))
        return kaon_fail(msg, KAON_BAD_MODEL, "Attention: q, k and v differ in heads");
    const int64_t full[] = { tokens_first ? 1 : q->dims[0], tokens_first ? q->dims[1] : a->heads,
                             q->dims[!tokens_first], k->dims[!tokens_first] };
    if (bias && bias->rank > 4)
        return kaon_fail(msg, KAON_BAD_MODEL, "Attention: the bias has more than four axes");
    for (int32_t i = 0; bias && i < bias->rank; i++) {
        const int64_t length = bias->dims[i], wanted = full[4 - bias->rank + i];
        if (length != 1 && differ(length, wanted))
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "Attention: the bias does not broadcast to [batch, heads, queries, "
                             "keys]");
    }
    return KAON_OK;
}

static enum kaon_status infer_attention(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_attention *a = node->attr;
    const struct kaon_fact *q = node->in[0];
    kaon_fact_unknown(node->out[0], q->type);
    enum kaon_status st = check_rows(node, 0, a->heads, a->head_size, a->q_at, msg);
    if (st == KAON_OK)
        st = check_rows(node, 1, a->kv_heads, a->head_size, a->k_at, msg);
    if (st == KAON_OK)
        st = check_rows(node, 2, a->kv_heads, a->value_size, a->v_at, msg);
    if (st == KAON_OK)
        st = check_lengths(node, msg);
    if (st == KAON_OK && q->rank >= 0) {
        const int64_t whole[] = { q->dims[0], q->dims[1], a->heads, a->value_size };
        const int64_t tokens_first[] = { q->dims[0], q->dims[1], a->value_size };
        kaon_fact_set(node->out[0], q->type, a->heads ? 4 : 3, a->heads ? whole : tokens_first);
    }
    return st;
}

const struct kaon_op kaon_op_attention = {
    .name = "Attention",
    .domain = "ai.kaon",
    .kind = KAON_OP_attention,
    .since = 1,
    .n_in = { 3, 4 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_attention),
    .read = read_attention,
    .infer = infer_attention,
};
