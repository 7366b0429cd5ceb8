/* Every attention variant: the same bits as the scalar form's, items taken in another order, whatever the
 * scratch held, and nothing of a value that no query sees. Errors against double: tests/attention. */
#include <math.h>
#include <string.h>

#include "tests/check/check.h"

struct shape {
    size_t heads, kv_heads, queries, keys, size, value_size;
};

static float *filled(struct check *c, size_t n, float lo, float hi)
{
    float *x = check_floats(c, n);
    check_pattern(c, CHECK_RANDOM, x, n, lo, hi);
    return x;
}

static struct kaon_attention_rows rows(struct check *c, size_t heads, size_t n, size_t size)
{
    const size_t row = size + 3;
    return (struct kaon_attention_rows){ filled(c, heads * n * row, -2.0f, 2.0f), n * row, row };
}

/* An array of the shape that the letters say, within what the parameter may be. */
static void set_array(struct check *c, struct kaon_attention_call *call, int i)
{
    enum { ROWS = 6 };
    const struct kaon_attention_param_info *info = &kaon_attention_infos[call->variant]->param[i];
    struct kaon_attention_param *p = &call->param[i];
    const float least = (float)fmax(info->least, -2.0), most = (float)fmin(info->most, 2.0);
    const size_t n = kaon_attention_param_count(call, i, ROWS);
    p->at = filled(c, n, least, most);
    p->rows = ROWS;
    if (info->shape[0] == 'h')
        p->head = n / call->heads;
    else if (info->shape[0] == 'g')
        p->head = n / call->kv_heads;
}

static void set_params(struct check *c, struct kaon_attention_call *call, bool arrays)
{
    const struct kaon_attention_info *info = kaon_attention_infos[call->variant];
    for (int i = 0; i < KAON_ATTENTION_PARAMS && info->param[i].name; i++) {
        call->param[i].number = (float)info->param[i].otherwise;
        if (info->param[i].required || (arrays && info->param[i].shape[0]))
            set_array(c, call, i);
    }
}

/* Masks of all kinds that the variant can; key 1 is hidden from all, and its values are NaN. */
static void set_masks(struct check *c, struct kaon_attention_call *call)
{
    const struct kaon_attention_info *info = kaon_attention_infos[call->variant];
    uint8_t *keys = check_alloc(c, call->keys);
    for (size_t j = 0; j < call->keys; j++)
        keys[j] = j != 1 && check_random(c) % 4 != 0;
    call->key_mask = keys;
    for (size_t h = 0; h < call->kv_heads && call->keys > 1; h++)
        for (size_t i = 0; i < call->value_size; i++)
            ((float *)call->v.at)[h * call->v.head + call->v.row + i] = NAN;
    if (info->mask) {
        uint8_t *mask = check_alloc(c, call->queries * call->keys);
        for (size_t i = 0; i < call->queries * call->keys; i++)
            mask[i] = check_random(c) % 8 != 0;
        call->mask = (struct kaon_attention_bytes){ mask, 0, call->keys, 1 };
    }
    if (info->bias) {
        float *bias = filled(c, call->heads * call->queries * call->keys, -1.0f, 1.0f);
        bias[0] = -INFINITY;
        call->bias =
            (struct kaon_attention_floats){ bias, call->queries * call->keys, call->keys, 1 };
    }
    call->softcap = info->softcap ? 3.0f : 0.0f;
    call->slopes = info->slopes ? filled(c, call->heads, 0.0f, 0.5f) : NULL;
    call->left = info->window ? 300 : -1;
}

static void run(struct check *c, const struct kaon_kernels *k, struct kaon_attention_call *call,
                float *out, bool backwards)
{
    const struct kaon_attention_kernel *a = k->attention[call->variant];
    const size_t floats = a->scratch(call), items = a->items(call);
    float *scratch = check_scratch(c, floats);
    memset(scratch, 0xff, floats * sizeof *scratch);
    call->out = out;
    if (!backwards)
        a->run(call, k, 0, items, scratch);
    for (size_t i = items; backwards && i-- > 0;)
        a->run(call, k, i, i + 1, scratch);
}

static void compare(struct check *c, enum kaon_attention_variant variant, const struct shape *s,
                    bool masked, bool causal)
{
    const struct kaon_attention_info *info = kaon_attention_infos[variant];
    if ((causal && !info->causal) || (!causal && !info->bidirectional))
        return;
    if (!check_begin(c, &c->now->attention, "attention_%s_%zux%zux%zux%zu%s%s", info->name,
                     s->heads, s->queries, s->keys, s->size, causal ? " causal" : "",
                     masked ? " masked" : ""))
        return;
    const size_t n = s->heads * s->queries * s->value_size;
    float *want = check_floats(c, n), *got = check_floats(c, n);
    struct kaon_attention_call call = { .variant = variant,
                                        .heads = s->heads,
                                        .kv_heads = s->kv_heads,
                                        .queries = s->queries,
                                        .keys = s->keys,
                                        .size = s->size,
                                        .value_size = s->value_size,
                                        .q = rows(c, s->heads, s->queries, s->size),
                                        .k = rows(c, s->kv_heads, s->keys, s->size),
                                        .v = rows(c, s->kv_heads, s->keys, s->value_size),
                                        .out_head = s->queries * s->value_size,
                                        .out_row = s->value_size,
                                        .scale = NAN,
                                        .offset = (int64_t)s->keys - (int64_t)s->queries,
                                        .causal = causal,
                                        .left = -1,
                                        .right = -1 };
    set_params(c, &call, masked);
    if (masked)
        set_masks(c, &call);
    run(c, c->ref, &call, want, false);
    run(c, c->now, &call, got, true);
    check_same_floats(c, want, got, n);
    for (size_t i = 0; i < n && !c->failed; i++)
        if (!isfinite(got[i]))
            check_fail(c, "element %zu is %g", i, (double)got[i]);
}

void check_attention(struct check *c)
{
    /* the last has more than a tile of queries and a block of keys: once, for all of it takes a while */
    static const struct shape shapes[] = {
        { 1, 1, 1, 1, 8, 8 },    { 4, 4, 15, 15, 16, 16 }, { 2, 1, 20, 40, 16, 20 },
        { 1, 1, 1, 300, 32, 7 }, { 3, 3, 20, 9, 8, 4 },    { 1, 1, 130, 260, 5, 6 },
    };
    enum { LAST = CHECK_COUNT(shapes) - 1 };
    for (int v = 0; v < KAON_ATTENTION_COUNT; v++)
        for (size_t s = 0; s < CHECK_COUNT(shapes); s++)
            for (unsigned how = 0; how < 4; how++)
                if (s < LAST || how == (kaon_attention_infos[v]->causal ? 3 : 1))
                    compare(c, (enum kaon_attention_variant)v, &shapes[s], how & 1, how & 2);
}
