/* AttentionPooling of ai.kaon: from a pass. */
#include "engine/ops/attention.h"

#include <string.h>

static void read_pooling(struct kaon_attr_reader *r, void *attr)
{
    struct kaon_attention_pooling *a = attr;
    const char *variant = kaon_attr_text(r, "variant", "softmax");
    struct kaon_msg msg = { "" };
    const enum kaon_status st =
        kaon_attention_choose(&a->choice, variant, strlen(variant), NULL, &msg);
    if (st != KAON_OK)
        kaon_attr_fail(r, st, "%s", msg.text);
    a->keep = kaon_attr_bool(r, "keepdims", false);
    a->hides = kaon_attr_bool(r, "mask_hides", false);
}

static bool differ(int64_t a, int64_t b)
{
    return kaon_dim_known(a) && kaon_dim_known(b) && a != b;
}

static enum kaon_status infer_pooling(const struct kaon_infer *node, struct kaon_msg *msg)
{
    const struct kaon_attention_pooling *a = node->attr;
    const struct kaon_fact *v = node->in[0], *s = node->in[1], *m = kaon_infer_in(node, 2);
    kaon_fact_unknown(node->out[0], v->type);
    if (v->rank < 0 || s->rank < 0)
        return KAON_OK;
    if (v->rank != 3 || s->rank != 3 || differ(v->dims[0], s->dims[0]) ||
        differ(v->dims[1], s->dims[1]) || differ(s->dims[2], 1))
        return kaon_fail(
            msg, KAON_BAD_MODEL,
            "AttentionPooling: values and scores are %s and %s, wanted [batch, tokens, "
            "columns] and [batch, tokens, 1]",
            kaon_shape_text(v->rank, v->dims).text, kaon_shape_text(s->rank, s->dims).text);
    if (m && m->rank >= 0 &&
        (m->rank != 3 || (m->dims[0] != 1 && differ(m->dims[0], s->dims[0])) ||
         (m->dims[1] != 1 && differ(m->dims[1], s->dims[1])) || differ(m->dims[2], 1)))
        return kaon_fail(msg, KAON_BAD_MODEL, "AttentionPooling: the mask is %s for scores %s",
                         kaon_shape_text(m->rank, m->dims).text,
                         kaon_shape_text(s->rank, s->dims).text);
    const int64_t kept[] = { v->dims[0], 1, v->dims[2] }, y[] = { v->dims[0], v->dims[2] };
    kaon_fact_set(node->out[0], v->type, a->keep ? 3 : 2, a->keep ? kept : y);
    return KAON_OK;
}

const struct kaon_op kaon_op_attention_pooling = {
    .name = "AttentionPooling",
    .domain = "ai.kaon",
    .kind = KAON_OP_attention_pooling,
    .since = 1,
    .n_in = { 2, 3 },
    .n_out = { 1, 1 },
    .attr_size = sizeof(struct kaon_attention_pooling),
    .read = read_pooling,
    .infer = infer_pooling,
};
