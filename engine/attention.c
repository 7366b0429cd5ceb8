#include "engine/attention.h"

#include "engine/base/size.h"
#include "engine/kaon_plugin.h"
#include "kernels/attention/attention.h"

#include <string.h>

/* ---- what there is ---------------------------------------------------------------------------- */

static uint32_t can_of(const struct kaon_attention_info *info)
{
    return (info->softcap ? KAON_CAN_SOFTCAP : 0u) | (info->bias ? KAON_CAN_BIAS : 0u) |
           (info->mask ? KAON_CAN_MASK : 0u) | (info->window ? KAON_CAN_WINDOW : 0u) |
           (info->slopes ? KAON_CAN_SLOPES : 0u) | (info->causal ? KAON_CAN_CAUSAL : 0u) |
           (info->bidirectional ? KAON_CAN_BIDIRECTIONAL : 0u);
}

size_t kaon_attention_count(void)
{
    return KAON_ATTENTION_COUNT;
}

enum kaon_status kaon_attention_describe(size_t index, struct kaon_attention_about *about)
{
    static const char *const families[] = { [KAON_ATTENTION_STREAM] = "stream",
                                            [KAON_ATTENTION_ROW] = "row",
                                            [KAON_ATTENTION_STATE] = "state",
                                            [KAON_ATTENTION_LOW_RANK] = "low-rank" };
    if (!about || about->size < sizeof about->size || index >= KAON_ATTENTION_COUNT)
        return KAON_BAD_ARGUMENT;
    const struct kaon_attention_info *info = kaon_attention_infos[index];
    struct kaon_attention_about a = {
        .size = about->size,
        .name = info->name,
        .title = info->title,
        .family = families[info->family],
        .formula = info->formula,
        .source = info->source,
        .state = info->state,
        .can = can_of(info),
    };
    for (size_t i = 0; i < KAON_ATT_PARAMS && info->param[i].name; i++)
        a.parameter[a.n_parameters++] = (struct kaon_attention_parameter){
            .name = info->param[i].name,
            .otherwise = info->param[i].otherwise,
            .least = info->param[i].least,
            .most = info->param[i].most,
            .shape = info->param[i].shape ? info->param[i].shape : "",
            .required = info->param[i].required,
        };
    memcpy(about, &a, a.size < sizeof a ? a.size : sizeof a);
    return KAON_OK;
}

/* ---- plug-ins --------------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const size_t n = name ? strlen(name) : 0;
    return n > 0 && n <= 40 && strspn(name, letters) == n;
}

enum kaon_status kaon_attention_plugin_check(const struct kaon_attention_plugin *p,
                                             struct kaon_msg *msg)
{
    if (!p)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "an attention plug-in is a null pointer");
    if (p->version != KAON_PLUGIN_VERSION)
        return kaon_fail(msg, KAON_BAD_ARGUMENT,
                         "the attention plug-in is made for version %u of the interface, wanted %d",
                         p->version, KAON_PLUGIN_VERSION);
    if (p->size < sizeof *p)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "the attention plug-in has %zu bytes, wanted %zu",
                         p->size, sizeof *p);
    if (!is_name(p->name))
        return kaon_fail(msg, KAON_BAD_ARGUMENT,
                         "the attention plug-in has no name of up to 40 lower case letters, digits "
                         "and underscores");
    if (!p->row == !p->attend)
        return kaon_fail(msg, KAON_BAD_ARGUMENT,
                         "attention plug-in '%s' has %s of row and attend, wanted one", p->name,
                         p->row ? "both" : "neither");
    if (p->n_params > KAON_PLUGIN_PARAMS || (p->n_params && !p->param))
        return kaon_fail(msg, KAON_BAD_ARGUMENT,
                         "attention plug-in '%s' has %zu parameters, wanted at most %d, and where "
                         "they are",
                         p->name, p->n_params, KAON_PLUGIN_PARAMS);
    for (size_t i = 0; i < p->n_params; i++)
        if (!is_name(p->param[i].name))
            return kaon_fail(msg, KAON_BAD_ARGUMENT,
                             "parameter %zu of attention plug-in '%s' has no name", i, p->name);
    for (size_t i = 0; i < KAON_ATTENTION_COUNT; i++)
        if (!strcmp(kaon_attention_infos[i]->name, p->name))
            return kaon_fail(msg, KAON_BAD_ARGUMENT,
                             "attention plug-in '%s' has the name of a built-in variant", p->name);
    return KAON_OK;
}

enum kaon_status kaon_attention_check_plugins(const struct kaon_attention_plugins *plugins,
                                              struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    if (plugins->n && !plugins->at)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "%zu attention plug-ins, and none is given",
                         plugins->n);
    for (size_t i = 0; i < plugins->n && st == KAON_OK; i++) {
        st = kaon_attention_plugin_check(plugins->at[i], msg);
        for (size_t k = 0; k < i && st == KAON_OK; k++)
            if (!strcmp(plugins->at[i]->name, plugins->at[k]->name))
                st = kaon_fail(msg, KAON_BAD_ARGUMENT, "two attention plug-ins are called '%s'",
                               plugins->at[i]->name);
    }
    return st;
}

/* ---- layers ----------------------------------------------------------------------------------- */

/* One piece of the text: which layers, and what they become. */
struct piece {
    size_t first, last;
    const char *text; /* of the variant, n letters */
    size_t n;
    struct kaon_attention_choice choice;
};

/* What a layer is made of, whatever operator it is. */
static struct kaon_attention_choice *choice_of(const struct kaon_node *n)
{
    static const enum kaon_op_kind kinds[] = {
        KAON_OP_attention,
        KAON_OP_onnx_attention,
        KAON_OP_contrib_attention,
        KAON_OP_multi_head_attention,
        KAON_OP_group_query_attention,
        KAON_OP_packed_attention,
        KAON_OP_decoder_attention,
    };
    if (n->op->kind == KAON_OP_attention_pooling)
        return &((struct kaon_attention_pooling *)n->attr)->choice;
    for (size_t i = 0; i < KAON_COUNT(kinds); i++)
        if (n->op->kind == kinds[i])
            return &((struct kaon_attention *)n->attr)->choice;
    return NULL;
}

static size_t count(const struct kaon_graph *graph)
{
    size_t layers = 0;
    for (const struct kaon_node *n = graph->first; n; n = n->next) {
        for (size_t i = 0; i < n->n_sub; i++)
            layers += count(n->sub[i]);
        layers += choice_of(n) != NULL;
    }
    return layers;
}

static bool is_given(const struct kaon_node *node, enum kaon_attention_in what)
{
    const int i = kaon_attention_in_at(node->attr, what);
    return i >= 0 && (size_t)i < node->n_in && node->in[i];
}

/* What the layer asks for that the variant cannot; NULL: nothing. */
static const char *lacks(const struct kaon_node *node, const struct kaon_attention_choice *c)
{
    const struct kaon_attention_info *info = kaon_attention_infos[c->variant];
    const struct kaon_attention *a = node->attr;
    const bool pooling = node->op->kind == KAON_OP_attention_pooling;
    const bool scored = info->family == KAON_ATTENTION_STREAM || info->family == KAON_ATTENTION_ROW;
    if (!pooling && is_given(node, KAON_ATT_GATE) && (c->plugin ? !c->plugin->row : !scored))
        return "a gate behind the weights";
    if (c->plugin) /* it sees what else is asked of it */
        return NULL;
    if (pooling)
        return !info->bias                                    ? "scores that are given"
               : node->n_in > 2 && node->in[2] && !info->mask ? "a mask"
                                                              : NULL;
    const struct {
        bool asked, can;
        const char *what;
    } rows[] = {
        { a->causal, info->causal, "causal order" },
        { !a->causal, info->bidirectional, "keys behind the query" },
        { a->softcap > 0.0f, info->softcap, "a softcap" },
        { a->left >= 0 || a->right >= 0, info->window, "a window" },
        { is_given(node, KAON_ATT_BIAS), info->bias, "a bias" },
        { is_given(node, KAON_ATT_MASK), info->mask, "a mask" },
        { is_given(node, KAON_ATT_KEY_MASK), info->mask, "a mask" },
    };
    for (size_t i = 0; i < KAON_COUNT(rows); i++)
        if (rows[i].asked && !rows[i].can)
            return rows[i].what;
    return NULL;
}

/* The variant as an attribute, so that the printed graph says it. */
static enum kaon_status show(struct kaon_ir *ir, struct kaon_node *node, const struct piece *p,
                             struct kaon_msg *msg)
{
    struct kaon_attr *attrs = kaon_arena_push_zero(ir->arena, node->n_attrs + 1, sizeof *attrs);
    const char *text = kaon_arena_push_text(ir->arena, p->text, p->n);
    size_t n = 0;
    if (!attrs || !text)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for another attention");
    for (size_t i = 0; i < node->n_attrs; i++)
        if (strcmp(node->attrs[i].name, "variant"))
            attrs[n++] = node->attrs[i];
    attrs[n++] = (struct kaon_attr){ .name = "variant", .type = KAON_ATTR_STRING, .s = text };
    node->attrs = attrs;
    node->n_attrs = n;
    return KAON_OK;
}

static enum kaon_status replace_in(struct kaon_ir *ir, struct kaon_graph *graph,
                                   const struct piece *p, size_t *layer, struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    for (struct kaon_node *n = graph->first; n && st == KAON_OK; n = n->next) {
        struct kaon_attention_choice *choice = choice_of(n);
        for (size_t i = 0; i < n->n_sub && st == KAON_OK; i++)
            st = replace_in(ir, n->sub[i], p, layer, msg);
        if (!choice || st != KAON_OK)
            continue;
        const size_t at = (*layer)++;
        if (at < p->first || at > p->last)
            continue;
        const char *what = lacks(n, &p->choice);
        if (what)
            return kaon_fail(msg, KAON_BAD_ARGUMENT,
                             "attention layer %zu (node '%.80s') has %s, which %.*s cannot", at,
                             n->name, what, (int)p->n, p->text);
        *choice = p->choice;
        st = show(ir, n, p, msg);
    }
    return st;
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* A whole number that the text begins with; false if there is none of at most nine digits. */
static bool read_index(const char **at, const char *end, size_t *n)
{
    const char *from = *at;
    *n = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - from < 9)
        *n = *n * 10 + (size_t)(*(*at)++ - '0');
    return *at > from;
}

/* "[layers=]2-5:" or "6:" or nothing; *at goes behind it. */
static enum kaon_status read_layers(struct piece *p, const char **at, const char *end,
                                    size_t layers, struct kaon_msg *msg)
{
    const char *from = *at;
    const bool named = end - from > 7 && !memcmp(from, "layers=", 7);
    p->first = 0;
    p->last = SIZE_MAX;
    if (named)
        *at += 7;
    else if (!(*at < end && **at >= '0' && **at <= '9'))
        return KAON_OK;
    bool fits = read_index(at, end, &p->first);
    p->last = p->first;
    if (fits && *at < end && **at == '-') {
        ++*at;
        fits = read_index(at, end, &p->last) && p->last >= p->first;
    }
    if (!fits || *at == end || **at != ':')
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "'%.*s' is no LAYERS:VARIANT, as in 2-5:softpick",
                         (int)(end - from), from);
    ++*at;
    if (p->last >= layers)
        return kaon_fail(msg, KAON_BAD_ARGUMENT,
                         "there is no attention layer %zu: the model has %zu, from 0 to %zu",
                         p->last, layers, layers ? layers - 1 : 0);
    return KAON_OK;
}

enum kaon_status kaon_attention_replace(struct kaon_ir *ir, const char *text,
                                        const struct kaon_attention_plugins *plugins,
                                        struct kaon_msg *msg)
{
    const size_t layers = count(ir->top);
    if (!layers)
        return kaon_fail(msg, KAON_BAD_ARGUMENT,
                         "no attention layer was recognised, so none can be another; see kaon info "
                         "--why");
    for (const char *at = text, *end; at; at = *end ? end + 1 : NULL) {
        struct piece p;
        size_t layer = 0;
        end = at + strcspn(at, ",");
        enum kaon_status st = read_layers(&p, &at, end, layers, msg);
        p.text = at;
        p.n = (size_t)(end - at);
        if (st == KAON_OK)
            st = kaon_attention_choose(&p.choice, p.text, p.n, plugins, msg);
        if (st == KAON_OK)
            st = replace_in(ir, ir->top, &p, &layer, msg);
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}
