#include "tools/eval/category.h"

#include "tools/eval/seen.h"

#include "tools/eval/embedded.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *const kaon_eval_colors[] = {
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
};
const size_t kaon_eval_n_colors = sizeof kaon_eval_colors / sizeof *kaon_eval_colors;

struct load {
    struct eval_category *category;
    struct eval_pool *pool;
    const char *where;
    struct kaon_msg *msg;
};

static enum kaon_status no_memory(const struct load *l)
{
    return kaon_cli_fail(l->msg, KAON_NO_MEMORY, "out of memory");
}

static enum kaon_status keep(const struct load *l, const char **to, const char *text)
{
    *to = kaon_eval_pool_text(l->pool, text);
    return *to ? KAON_OK : no_memory(l);
}

/* A text or a list of texts. */
static enum kaon_status read_texts(const struct load *l, const json_t *json, const char *key,
                                   const char **text, size_t most, size_t *n)
{
    const bool list = json_is_array(json);
    const size_t count = list ? json_array_size(json) : 1;
    if (count == 0 || count > most)
        return kaon_cli_fail(l->msg, KAON_BAD_INPUT, "%s: '%s' must hold 1 to %zu texts", l->where,
                             key, most);
    for (*n = 0; *n < count; ++*n) {
        const char *one = json_string_value(list ? json_array_get(json, *n) : json);
        if (!one)
            return kaon_cli_fail(l->msg, KAON_BAD_INPUT,
                                 "%s: '%s' must be a text or a list of texts", l->where, key);
        const enum kaon_status status = keep(l, &text[*n], one);
        if (status)
            return status;
    }
    return KAON_OK;
}

static enum kaon_status read_names(const struct load *l, const json_t *object, const char *key,
                                   struct eval_names *names)
{
    const json_t *json = json_object_get(object, key);
    return json ? read_texts(l, json, key, names->name, EVAL_MOST_NAMES, &names->n) : KAON_OK;
}

/* "cut", ["cut", "and cut"] or a list of such lists: other forms. */
static enum kaon_status read_selects(const struct load *l, const json_t *json,
                                     struct eval_flavour *f)
{
    const bool forms = json_is_array(json) && json_is_array(json_array_get(json, 0));
    const size_t n = forms ? json_array_size(json) : 1;
    enum kaon_status status = KAON_OK;
    if (n > EVAL_MOST_NAMES)
        return kaon_cli_fail(l->msg, KAON_BAD_INPUT, "%s: 'select' has more than %d forms",
                             l->where, EVAL_MOST_NAMES);
    for (size_t i = 0; !status && i < n; i++) {
        struct eval_select *s = &f->select[f->n_selects++];
        status = read_texts(l, forms ? json_array_get(json, i) : json, "select", s->cut,
                            EVAL_MOST_SELECTS, &s->n);
    }
    return status;
}

static enum kaon_status read_probabilities(const struct load *l, const json_t *json,
                                           struct eval_flavour *f)
{
    json_t *adds;
    enum kaon_status status = read_names(l, json, "probability", &f->probability[0]);
    f->n_probabilities = f->probability[0].n > 0;
    if (!status)
        status = kaon_eval_json_list(json, "adds", &adds, l->where, l->msg);
    for (size_t i = 0; !status && i < json_array_size(adds); i++) {
        if (f->n_probabilities == EVAL_MOST_SUMS)
            return kaon_cli_fail(l->msg, KAON_BAD_INPUT, "%s: '%s' is the sum of more than %d",
                                 l->where, f->name, EVAL_MOST_SUMS);
        struct eval_names *names = &f->probability[f->n_probabilities++];
        status =
            read_texts(l, json_array_get(adds, i), "adds", names->name, EVAL_MOST_NAMES, &names->n);
    }
    return status;
}

/* "bjets" -> "b". */
static char *letter_of(struct eval_pool *pool, const char *name)
{
    const size_t length = strlen(name);
    const size_t tail = length > 4 && !strcmp(name + length - 4, "jets") ? 4 : 0;
    return kaon_eval_pool_format(pool, "%.*s", (int)(length - tail), name);
}

static enum kaon_status read_flavour(const struct load *l, const json_t *json,
                                     struct eval_flavour *f)
{
    const char *text[4] = { NULL };
    static const char *const keys[4] = { "name", "text", "color", "letter" };
    const char **const to[4] = { &f->name, &f->text, &f->color, &f->letter };
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < 4; i++)
        status = kaon_eval_json_text(json, keys[i], &text[i], l->where, l->msg);
    const json_t *select = json_object_get(json, "select");
    if (!status && (!text[0] || !*text[0] || !select))
        status = kaon_cli_fail(l->msg, KAON_BAD_INPUT,
                               "%s: each of 'classes' needs a 'name' and a 'select'", l->where);
    if (!status && !text[1])
        text[1] = text[0];
    for (size_t i = 0; !status && i < 4; i++)
        if (text[i])
            status = keep(l, to[i], text[i]);
    if (!status && !f->letter && !(f->letter = letter_of(l->pool, f->name)))
        status = no_memory(l);
    if (!status)
        status = read_probabilities(l, json, f);
    return status ? status : read_selects(l, select, f);
}

static enum kaon_status read_ratios(const struct load *l, const json_t *root)
{
    json_t *ratios, *json;
    const char *name, *signal;
    enum kaon_status status = kaon_eval_json_object(root, "ratios", &ratios, l->where, l->msg);
    json_object_foreach(ratios, name, json)
    {
        struct eval_ratio *r = &l->category->ratio[l->category->n_ratios];
        signal = NULL;
        if (l->category->n_ratios == EVAL_MOST_NAMES)
            return kaon_cli_fail(l->msg, KAON_BAD_INPUT, "%s: more than %d 'ratios'", l->where,
                                 EVAL_MOST_NAMES);
        if ((status = kaon_eval_json_text(json, "signal", &signal, l->where, l->msg)) ||
            (status = read_names(l, json, "against", &r->against)))
            return status;
        if (!signal || !kaon_eval_flavour(l->category, signal) || r->against.n == 0)
            return kaon_cli_fail(
                l->msg, KAON_BAD_INPUT,
                "%s: ratio '%s' needs a class as 'signal' and classes it is 'against'", l->where,
                name);
        if ((status = keep(l, &r->name, name)) || (status = keep(l, &r->signal, signal)))
            return status;
        l->category->n_ratios++;
    }
    return status;
}

/* "mistags": { "of": [CLASS, ...], "points": { "L": 0.1, ... } } */
static enum kaon_status read_mistags(const struct load *l, const json_t *root)
{
    struct eval_mistags *m = &l->category->mistags;
    json_t *json, *points = NULL, *value;
    const char *name;
    enum kaon_status status = kaon_eval_json_object(root, "mistags", &json, l->where, l->msg);
    if (status || !json)
        return status;
    if (!(status = read_names(l, json, "of", &m->of)))
        status = kaon_eval_json_object(json, "points", &points, l->where, l->msg);
    json_object_foreach(points, name, value)
    {
        const double share = json_number_value(value);
        if (status)
            return status;
        if (m->n == EVAL_MOST_NAMES || !(share > 0 && share < 1))
            return kaon_cli_fail(l->msg, KAON_BAD_INPUT,
                                 "%s: 'mistags' needs at most %d 'points' between 0 and 1",
                                 l->where, EVAL_MOST_NAMES);
        m->share[m->n] = share;
        status = keep(l, &m->name[m->n++], name);
    }
    return status;
}

static enum kaon_status read_category(const struct load *l, const json_t *root)
{
    struct eval_category *c = l->category;
    const char *schema = NULL, *name = NULL, *rest = NULL;
    json_t *classes;
    enum kaon_status status = kaon_eval_json_text(root, "schema", &schema, l->where, l->msg);
    if (!status && (!schema || strcmp(schema, "kaon-category/1")))
        status = kaon_cli_fail(l->msg, KAON_BAD_INPUT, "%s: 'schema' must be \"kaon-category/1\"",
                               l->where);
    if (!status)
        status = kaon_eval_json_text(root, "name", &name, l->where, l->msg);
    if (!status)
        status = kaon_eval_json_text(root, "rest", &rest, l->where, l->msg);
    if (!status)
        status = kaon_eval_json_list(root, "classes", &classes, l->where, l->msg);
    if (!status && (json_array_size(classes) == 0 || json_array_size(classes) > 24))
        status = kaon_cli_fail(l->msg, KAON_BAD_INPUT, "%s: needs 1 to 24 'classes'", l->where);
    if (status)
        return status;
    c->n = json_array_size(classes);
    c->flavour = kaon_eval_pool_take(l->pool, c->n, sizeof *c->flavour);
    status = c->flavour ? keep(l, &c->name, name ? name : l->where) : no_memory(l);
    if (!status && rest)
        status = keep(l, &c->rest, rest);
    for (size_t i = 0; !status && i < c->n; i++)
        status = read_flavour(l, json_array_get(classes, i), &c->flavour[i]);
    if (!status)
        status = read_names(l, root, "signals", &c->signals);
    if (!status)
        status = read_names(l, root, "columns", &c->columns);
    if (!status)
        status = read_mistags(l, root);
    return status ? status : read_ratios(l, root);
}

const char *kaon_eval_embedded_text(const char *name)
{
    for (const struct eval_embedded *e = kaon_eval_embedded; e->name; e++)
        if (!strcmp(e->name, name))
            return e->text;
    return NULL;
}

static enum kaon_status unknown(const char *word, struct kaon_msg *msg)
{
    char known[256] = "";
    size_t at = 0;
    for (const struct eval_embedded *e = kaon_eval_embedded; e->name && at < sizeof known; e++)
        if (strcmp(e->name, "fractions") && !strchr(e->name, '.'))
            at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", at ? ", " : "", e->name);
    return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                         "there is no category '%s'; known are %s, and files by their path", word,
                         known);
}

enum kaon_status kaon_eval_category_load(struct eval_category *category, const char *word,
                                         struct eval_seen *seen, struct eval_pool *pool,
                                         struct kaon_msg *msg)
{
    struct load l = { category, pool, word, msg };
    json_t *root = NULL;
    enum kaon_status status;
    *category = (struct eval_category){ .n = 0 };
    if (strpbrk(word, "/.")) {
        status = kaon_eval_seen_json(seen, &root, word, msg);
        category->source = kaon_eval_pool_text(pool, word);
    } else {
        const char *text = strcmp(word, "fractions") ? kaon_eval_embedded_text(word) : NULL;
        if (!text)
            return unknown(word, msg);
        status = kaon_eval_json_parse(&root, text, strlen(text), word, msg);
        category->source = kaon_eval_pool_format(pool, "category '%s'", word);
    }
    if (!status && !category->source)
        status = no_memory(&l);
    if (!status)
        status = read_category(&l, root);
    json_decref(root);
    return status;
}

const struct eval_flavour *kaon_eval_flavour(const struct eval_category *category, const char *name)
{
    for (size_t i = 0; i < category->n; i++)
        if (!strcmp(category->flavour[i].name, name))
            return &category->flavour[i];
    return NULL;
}

const struct eval_flavour *kaon_eval_flavour_of(const struct eval_category *category,
                                                const char *probability, size_t *sum)
{
    for (size_t i = 0; i < category->n; i++) {
        const struct eval_flavour *f = &category->flavour[i];
        for (size_t s = 0; s < f->n_probabilities; s++)
            for (size_t k = 0; k < f->probability[s].n; k++)
                if (!strcmp(f->probability[s].name[k], probability)) {
                    if (sum)
                        *sum = s;
                    return f;
                }
    }
    return NULL;
}
