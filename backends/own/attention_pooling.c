/* AttentionPooling. Softmax goes by the kernels of the plain operators, in their order, so not a bit changes;
 * other variants are attention of one query, whose scores are all in the bias. */
#include "backends/own/attend.h"

#include <math.h>
#include <string.h>

struct pooling {
    size_t batch, tokens, columns, mask_batch, mask_token;
    size_t weights_at,
        room_at; /* scratch: floats from its beginning; a mask in bytes comes first */
};

static const uint8_t *mask_of(const struct kaon_step *step, size_t b)
{
    const struct pooling *p = step->args;
    const struct kaon_tensor *m = kaon_own_in(&step->call, 2);
    return m ? (const uint8_t *)m->data + b * p->mask_batch : NULL;
}

static bool is_hidden(const struct kaon_step *step, const uint8_t *mask, size_t t)
{
    const struct pooling *p = step->args;
    const struct kaon_attention_pooling *attr = step->call.attr;
    return mask && !mask[t * p->mask_token] != attr->hides;
}

/* Weights of one item: what is hidden is 0, also where all is. */
static void weigh(const struct kaon_step *step, size_t b, float *w)
{
    const struct pooling *p = step->args;
    const float *scores = (const float *)step->call.in[1]->data + b * p->tokens;
    const uint8_t *mask = mask_of(step, b);
    for (size_t t = 0; t < p->tokens; t++)
        w[t] = is_hidden(step, mask, t) ? -INFINITY : scores[t];
    step->call.kernels->softmax_rows(w, w, 1, p->tokens);
    for (size_t t = 0; mask && t < p->tokens; t++)
        if (is_hidden(step, mask, t))
            w[t] = 0.0f;
}

static enum kaon_status run_softmax(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct pooling *p = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    float *w = (float *)step->scratch + p->weights_at,
          *products = (float *)step->scratch + p->room_at;
    const float *v = step->call.in[0]->data;
    float *y = step->call.out[0]->data;
    (void)msg;
    for (size_t b = 0; b < p->batch; b++, v += p->tokens * p->columns, y += p->columns) {
        weigh(step, b, w);
        for (size_t t = 0; t < p->tokens; t++)
            for (size_t c = 0; c < p->columns; c++)
                products[t * p->columns + c] = v[t * p->columns + c] * w[t];
        if (p->columns == 1)
            kernels->reduce_rows[KAON_REDUCE_SUM](y, products, 1, p->tokens);
        else
            kernels->reduce_columns[KAON_REDUCE_SUM](y, products, p->tokens, p->columns);
    }
    return KAON_OK;
}

/* A query of zeros: the scores are the bias. */
static struct kaon_attention_call call_of(const struct kaon_step *step)
{
    static const float zero[1] = { 0.0f };
    const struct pooling *p = step->args;
    const struct kaon_attention_pooling *attr = step->call.attr;
    struct kaon_attention_call c = {
        .variant = (enum kaon_attention_variant)attr->choice.variant,
        .heads = 1,
        .kv_heads = 1,
        .queries = 1,
        .keys = p->tokens,
        .size = 1,
        .value_size = p->columns,
        .q = { zero, 0, 0 },
        .k = { zero, 0, 0 },
        .v = { zero, 0, p->columns },
        .out_row = p->columns,
        .scale = 1.0f,
        .offset = (int64_t)p->tokens - 1,
        .left = -1,
        .right = -1,
        .bias = { zero, 0, 0, 1 },
    };
    for (size_t i = 0; i < KAON_ATT_PARAMS; i++)
        c.param[i].number = attr->choice.param[i];
    return c;
}

static struct kaon_attend_by by_of(const struct kaon_step *step)
{
    const struct kaon_attention_pooling *attr = step->call.attr;
    return (struct kaon_attend_by){ step->call.kernels, attr->choice.plugin };
}

static enum kaon_status run_variant(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct pooling *p = step->args;
    struct kaon_attention_call c = call_of(step);
    const struct kaon_attend_by by = by_of(step);
    uint8_t *shown = step->scratch;
    (void)msg;
    for (size_t b = 0; b < p->batch; b++) {
        const uint8_t *mask = mask_of(step, b);
        for (size_t t = 0; mask && t < p->tokens; t++)
            shown[t] = !is_hidden(step, mask, t);
        c.mask = (struct kaon_attention_bytes){ mask ? shown : NULL, 0, 0, 1 };
        c.v.at = (const float *)step->call.in[0]->data + b * p->tokens * p->columns;
        c.bias.at = (const float *)step->call.in[1]->data + b * p->tokens;
        c.out = (float *)step->call.out[0]->data + b * p->columns;
        kaon_attend_run(&by, &c, 0, kaon_attend_items(&by, &c),
                        (float *)step->scratch + p->room_at);
    }
    return KAON_OK;
}

/* n floats behind those that are there, in whole vectors; false if that overflows. */
static bool reserve(size_t *floats, size_t n)
{
    if (!kaon_add(floats, *floats, n) || !kaon_add(floats, *floats, 15))
        return false;
    *floats &= ~(size_t)15;
    return true;
}

static enum kaon_status prepare_pooling(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    const struct kaon_attention_pooling *attr = step->call.attr;
    const struct kaon_tensor *v = step->call.in[0], *s = step->call.in[1];
    const struct kaon_tensor *m = kaon_own_in(&step->call, 2);
    struct pooling *p = kaon_own_args(step, memory, sizeof *p, msg);
    const bool plain = !attr->choice.plugin && attr->choice.variant == KAON_ATTENTION_softmax;
    size_t floats = 0, room;
    if (!p)
        return KAON_NO_MEMORY;
    if (v->type != KAON_F32 || s->type != KAON_F32 || (m && m->type != KAON_BOOL))
        return kaon_own_no_type(&step->call, v->type != KAON_F32 ? v->type : s->type, msg);
    p->batch = (size_t)v->dims[0];
    p->tokens = (size_t)v->dims[1];
    p->columns = (size_t)v->dims[2];
    p->mask_token = m && m->dims[1] != 1;
    p->mask_batch = m && m->dims[0] != 1 ? (size_t)m->dims[1] : 0;
    const struct kaon_attention_call c = call_of(step);
    const struct kaon_attend_by by = by_of(step);
    bool fits = reserve(&floats, p->tokens / sizeof(float) + 1);
    p->weights_at = floats;
    fits = fits && reserve(&floats, plain ? p->tokens : 0);
    p->room_at = floats;
    fits = fits && kaon_mul(&room, p->tokens, p->columns) &&
           reserve(&floats, plain ? room : kaon_attend_scratch(&by, &c));
    if (!fits)
        return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "its scratch is too large");
    step->run = plain ? run_softmax : run_variant;
    step->kernel = kaon_attend_name(&by, attr->choice.variant);
    step->macs = (uint64_t)p->batch * p->tokens * p->columns;
    return kaon_own_scratch(step, floats, sizeof(float), msg);
}

const struct kaon_own kaon_own_attention_pooling = { .prepare = prepare_pooling };
