/* What follows for the outputs of attention, and Attention of ai.kaon: the layout that projections leave, so that
 * nothing is moved before or after. */
#include "engine/ops/attention.h"

#include <math.h>
#include <string.h>

void kaon_attention_defaults(struct kaon_attention *a, enum kaon_attention_layout layout,
                             const int8_t *in, const int8_t *out)
{
    *a = (struct kaon_attention){
        .in = in,
        .out = out,
        .layout = layout,
        .scale_q = 1.0f,
        .scale_k = 1.0f,
        .scale_scores = NAN,
        .divisor = 1.0f,
        .mask_value = -INFINITY,
        .left = -1,
        .right = -1,
        .choice = kaon_attention_softmax(),
    };
}

int64_t kaon_attention_heads(struct kaon_attr_reader *r, const char *name, int64_t otherwise)
{
    const int64_t n = kaon_attr_int(r, name, otherwise);
    if ((n < 1 && n != otherwise) || n > KAON_ATT_MOST_COLUMNS)
        kaon_attr_fail(r, KAON_BAD_MODEL, "%s is %lld, wanted 1 to %d", name, (long long)n,
                       KAON_ATT_MOST_COLUMNS);
    return n;
}

/* ---- inference -------------------------------------------------------------------------------- */

static bool differ(int64_t a, int64_t b)
{
    return kaon_dim_known(a) && kaon_dim_known(b) && a != b;
}

/* What broadcasts to [batch, heads, queries, keys]; the keys may end early where the operator says so. */
static enum kaon_status check_broadcast(const struct kaon_infer *node,
                                        const struct kaon_attention_shape *s,
                                        const struct kaon_fact *f, const char *what,
                                        struct kaon_msg *msg)
{
    const struct kaon_attention *a = node->attr;
    const int64_t full[] = { s->batch, s->heads, s->queries, s->keys };
    if (f->rank > 4)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: the %s has more than four axes",
                         kaon_infer_name(node), what);
    for (int32_t i = 0; i < f->rank; i++) {
        const int64_t length = f->dims[i], wanted = full[4 - f->rank + i];
        const bool may_end =
            i == f->rank - 1 && a->layout != KAON_ATT_COLUMNS && a->layout != KAON_ATT_TOKENS_FIRST;
        if (length != 1 && differ(length, wanted) && !(may_end && length < wanted))
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "%s: the %s does not broadcast to [batch, heads, queries, keys]",
                             kaon_infer_name(node), what);
    }
    return KAON_OK;
}

static enum kaon_status check_masks(const struct kaon_infer *node,
                                    const struct kaon_attention_shape *s, struct kaon_msg *msg)
{
    static const struct {
        enum kaon_attention_in in;
        const char *name;
    } rows[] = { { KAON_ATT_MASK, "mask" }, { KAON_ATT_BIAS, "bias" }, { KAON_ATT_GATE, "gate" } };
    for (size_t i = 0; i < KAON_COUNT(rows); i++) {
        const struct kaon_fact *f =
            kaon_attention_fact(node->attr, node->in, node->n_in, rows[i].in);
        const enum kaon_status st =
            f && f->rank >= 0 ? check_broadcast(node, s, f, rows[i].name, msg) : KAON_OK;
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

/* What is a list with as many entries as something else has. */
static enum kaon_status check_lists(const struct kaon_infer *node,
                                    const struct kaon_attention_shape *s, struct kaon_msg *msg)
{
    const int64_t columns =
        kaon_dim_add(kaon_dim_mul(s->heads, s->size),
                     kaon_dim_mul(s->kv_heads, kaon_dim_add(s->size, s->value_size)));
    const struct {
        enum kaon_attention_in in;
        const char *name;
        int64_t n;
    } rows[] = { { KAON_ATT_ROW_BIAS, "bias of q, k and v", columns },
                 { KAON_ATT_LENGTHS, "number of keys", s->batch },
                 { KAON_ATT_LAST, "last key", s->batch },
                 { KAON_ATT_TOTAL, "largest number of keys", 1 },
                 { KAON_ATT_PAST_LENGTH, "length of the past", 1 },
                 { KAON_ATT_SINK, "sink", s->heads } };
    for (size_t i = 0; i < KAON_COUNT(rows); i++) {
        const struct kaon_fact *f =
            kaon_attention_fact(node->attr, node->in, node->n_in, rows[i].in);
        const int64_t n = f ? kaon_fact_count(f) : rows[i].n;
        if (differ(n, rows[i].n))
            return kaon_fail(msg, KAON_BAD_MODEL, "%s: the %s has %lld entries, wanted %lld",
                             kaon_infer_name(node), rows[i].name, (long long)n,
                             (long long)rows[i].n);
    }
    return KAON_OK;
}

/* Cosines and sines [positions, pairs], and positions [B,Tq]. */
static enum kaon_status check_rotary(const struct kaon_infer *node,
                                     const struct kaon_attention_shape *s, struct kaon_msg *msg)
{
    const struct kaon_attention *a = node->attr;
    const struct kaon_fact *cos = kaon_attention_fact(a, node->in, node->n_in, KAON_ATT_COS);
    const struct kaon_fact *sin = kaon_attention_fact(a, node->in, node->n_in, KAON_ATT_SIN);
    const struct kaon_fact *at = kaon_attention_fact(a, node->in, node->n_in, KAON_ATT_POSITIONS);
    if (!a->rotary)
        return KAON_OK;
    if (!cos || !sin)
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: do_rotary without cos_cache and sin_cache",
                         kaon_infer_name(node));
    if (cos->rank < 0 || sin->rank < 0)
        return KAON_OK;
    if (cos->rank != 2 || sin->rank != 2 || differ(cos->dims[0], sin->dims[0]) ||
        differ(cos->dims[1], sin->dims[1]) ||
        (kaon_dim_known(cos->dims[1]) && kaon_dim_known(s->size) && 2 * cos->dims[1] > s->size))
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "%s: cosines and sines are %s and %s, wanted [positions, up to %lld]",
                         kaon_infer_name(node), kaon_shape_text(cos->rank, cos->dims).text,
                         kaon_shape_text(sin->rank, sin->dims).text, (long long)(s->size / 2));
    if (at && at->rank >= 0 &&
        (at->rank != 2 || differ(at->dims[0], s->batch) || differ(at->dims[1], s->queries)))
        return kaon_fail(msg, KAON_BAD_MODEL, "%s: positions are %s, wanted [batch, queries]",
                         kaon_infer_name(node), kaon_shape_text(at->rank, at->dims).text);
    return KAON_OK;
}

/* A mask of integers, in one of the forms that com.microsoft has. */
static enum kaon_status check_key_mask(const struct kaon_infer *node,
                                       const struct kaon_attention_shape *s, struct kaon_msg *msg)
{
    const struct kaon_fact *f =
        kaon_attention_fact(node->attr, node->in, node->n_in, KAON_ATT_KEY_MASK);
    if (!f || f->rank < 0)
        return KAON_OK;
    const int64_t *d = f->dims, twice = kaon_dim_mul(s->batch, 2);
    const bool fits = f->rank == 1   ? !differ(d[0], s->batch) || !differ(d[0], twice)
                      : f->rank == 2 ? !differ(d[0], s->batch) && !differ(d[1], s->keys)
                      : f->rank == 3 ? !differ(d[0], s->batch) && !differ(d[1], s->queries) &&
                                           !differ(d[2], s->keys)
                                     : false;
    return fits ? KAON_OK
                : kaon_fail(msg, KAON_UNSUPPORTED,
                            "%s: the mask is %s, wanted [batch], [2 batch], [batch, keys] or "
                            "[batch, queries, keys] of %lld, %lld and %lld",
                            kaon_infer_name(node), kaon_shape_text(f->rank, d).text,
                            (long long)s->batch, (long long)s->queries, (long long)s->keys);
}

static void set(const struct kaon_infer *node, enum kaon_attention_out what, enum kaon_type type,
                int32_t rank, const int64_t *dims)
{
    const int i = kaon_attention_out_at(node->attr, what);
    if (i >= 0)
        kaon_fact_set(kaon_infer_out(node, (size_t)i), type, rank, dims);
}

static void set_y(const struct kaon_infer *node, const struct kaon_attention_shape *s)
{
    const struct kaon_attention *a = node->attr;
    const struct kaon_fact *q = node->in[0];
    const int64_t width = kaon_dim_mul(s->heads, s->value_size);
    const int64_t columns[] = { s->batch, s->queries, s->heads, s->value_size };
    const int64_t rows[] = { s->batch, s->queries, width };
    const int64_t heads[] = { s->batch, s->heads, s->queries, s->value_size };
    if (a->y_heads_first)
        set(node, KAON_ATT_Y, q->type, 4, heads);
    else if (a->layout == KAON_ATT_COLUMNS)
        set(node, KAON_ATT_Y, q->type, 4, columns);
    else if (a->layout == KAON_ATT_TOKENS_FIRST)
        set(node, KAON_ATT_Y, q->type, 3, columns + 1);
    else if (a->layout == KAON_ATT_HEADS_FIRST && q->rank == 4)
        set(node, KAON_ATT_Y, q->type, 4, heads);
    else if (kaon_attention_fact(a, node->in, node->n_in, KAON_ATT_STARTS))
        set(node, KAON_ATT_Y, q->type, 2, rows + 1);
    else
        set(node, KAON_ATT_Y, q->type, 3, rows);
}

static enum kaon_status refuse_what_is_not_there(const struct kaon_infer *node,
                                                 struct kaon_msg *msg)
{
    const struct kaon_attention *a = node->attr;
    for (size_t i = 0; i < node->n_in && a->in[i] != KAON_ATT_END; i++)
        if (a->in[i] == KAON_ATT_NOT_YET && node->in[i])
            return kaon_fail(msg, KAON_UNSUPPORTED, "%s: input %zu is given, which kaon lacks",
                             kaon_infer_name(node), i);
    return KAON_OK;
}

enum kaon_status kaon_attention_infer(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_attention *a = node->attr;
    const struct kaon_fact *q = node->in[0];
    struct kaon_attention_shape s;
    for (size_t i = 0; i < node->n_out; i++)
        if (node->out[i])
            kaon_fact_unknown(node->out[i], q->type);
    enum kaon_status st = refuse_what_is_not_there(node, msg);
    if (st == KAON_OK)
        st = kaon_attention_shape(&s, a, node->in, node->n_in, kaon_infer_name(node), msg);
    if (st == KAON_OK)
        st = check_masks(node, &s, msg);
    if (st == KAON_OK)
        st = check_lists(node, &s, msg);
    if (st == KAON_OK)
        st = check_key_mask(node, &s, msg);
    if (st == KAON_OK)
        st = check_rotary(node, &s, msg);
    if (st != KAON_OK || q->rank < 0)
        return st;
    const int64_t k[] = { s.batch, s.kv_heads, s.keys, s.size };
    const int64_t v[] = { s.batch, s.kv_heads, s.keys, s.value_size };
    const int64_t both[] = { 2, s.batch, s.kv_heads, s.keys, s.size };
    const int64_t scores[] = { s.batch, s.heads, s.queries, s.keys };
    set_y(node, &s);
    set(node, KAON_ATT_PRESENT_K, q->type, 4, k);
    set(node, KAON_ATT_PRESENT_V, q->type, 4, v);
    set(node, KAON_ATT_PRESENT, q->type, 5, both);
    set(node, KAON_ATT_QK, q->type, 4, scores);
    return KAON_OK;
}

/* ---- ai.kaon ---------------------------------------------------------------------------------- */

static const int8_t own_in[] = { KAON_ATT_Q,    KAON_ATT_K,    KAON_ATT_V,  KAON_ATT_BIAS,
                                 KAON_ATT_GATE, KAON_ATT_MASK, KAON_ATT_END };
static const int8_t own_out[] = { KAON_ATT_Y, KAON_ATT_END };

static void read_attention(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_attention *a = attr;
    kaon_attention_defaults(a, KAON_ATT_COLUMNS, own_in, own_out);
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
    a->divisor = kaon_attr_float(r, "divisor", 1.0f);
    a->mask_value = kaon_attr_float(r, "mask_value", -INFINITY);
    a->mask_weights = kaon_attr_bool(r, "mask_weights", false);
    a->heads_first[0] = kaon_attr_bool(r, "q_heads_first", false);
    a->heads_first[1] = kaon_attr_bool(r, "k_heads_first", false);
    a->heads_first[2] = kaon_attr_bool(r, "v_heads_first", false);
    a->y_heads_first = kaon_attr_bool(r, "heads_first", false);
    a->nan_is_zero = kaon_attr_bool(r, "nan_is_zero", false);
    a->causal = kaon_attr_bool(r, "causal", false);
    const char *variant = kaon_attr_text(r, "variant", "softmax");
    const bool tokens_first = a->heads == 0;
    if (tokens_first)
        a->layout = KAON_ATT_TOKENS_FIRST;
    const int64_t sizes[] = { tokens_first ? 1 : a->heads, tokens_first ? 1 : a->kv_heads,
                              a->head_size, a->value_size };
    const int64_t places[] = { a->q_at, a->k_at, a->v_at };
    struct kaon_msg msg = { "" };
    const enum kaon_status st =
        kaon_attention_choose(&a->choice, variant, strlen(variant), NULL, &msg);
    if (st != KAON_OK)
        kaon_attr_fail(r, st, "%s", msg.text);
    for (size_t i = 0; i < 4; i++)
        if (sizes[i] < 1 || sizes[i] > KAON_ATT_MOST_COLUMNS) {
            kaon_attr_fail(r, KAON_BAD_MODEL, "heads and sizes must be 1 to %d",
                           KAON_ATT_MOST_COLUMNS);
            return;
        }
    for (size_t i = 0; i < 3; i++)
        if (places[i] < 0 || places[i] > KAON_ATT_MOST_COLUMNS)
            kaon_attr_fail(r, KAON_BAD_MODEL, "columns must be 0 to %d", KAON_ATT_MOST_COLUMNS);
    if (tokens_first && (a->kv_heads || a->q_at || a->k_at || a->v_at || a->y_heads_first))
        kaon_attr_fail(r, KAON_BAD_MODEL, "columns and kv_heads are nothing without heads");
    else if (!tokens_first && a->heads % a->kv_heads)
        kaon_attr_fail(r, KAON_BAD_MODEL, "%lld heads cannot share %lld of keys and values",
                       (long long)a->heads, (long long)a->kv_heads);
}

const struct kaon_op kaon_op_attention = {
    .name = "Attention",
    .domain = "ai.kaon",
    .kind = KAON_OP_attention,
    .since = 1,
    .n_in = { 3, 6 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_attention),
    .read = read_attention,
    .infer = kaon_attention_infer,
};
