/* Classes: which jets are of which flavour, and which probability is theirs. */
#include "tools/eval/build.h"
#include "tools/eval/build_classes.h"
#include "tools/eval/category.h"

#include <string.h>

long kaon_eval_class_find(const struct eval_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->n_classes; i++)
        if (!strcmp(spec->class[i].name, name))
            return (long)i;
    return -1;
}

static const struct eval_flavour *flavour(const char *name)
{
    for (size_t i = 0; i < kaon_eval_n_flavours; i++)
        if (!strcmp(kaon_eval_flavours[i].name, name))
            return &kaon_eval_flavours[i];
    return NULL;
}

static bool is_color(const char *text)
{
    return strlen(text) == 7 && text[0] == '#' && strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

/* "bjets" -> "b": the letter of f_b. */
static const char *letter_of(struct eval_build *b, const char *name)
{
    const struct eval_flavour *known = flavour(name);
    const size_t length = strlen(name);
    const size_t tail = length > 4 && !strcmp(name + length - 4, "jets") ? 4 : 0;
    return known ? known->letter
                 : kaon_eval_pool_format(&b->spec->pool, "%.*s", (int)(length - tail), name);
}

static enum kaon_status add_class(struct eval_build *b, const char *name, const char *text,
                                  const char *select, const char *color)
{
    struct eval_spec *spec = b->spec;
    if (spec->n_classes == EVAL_MOST_CLASSES)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: more than %d classes", spec->config_path,
                             EVAL_MOST_CLASSES);
    struct eval_class *c = &spec->class[spec->n_classes];
    if (!color || !is_color(color))
        color = kaon_eval_colors[spec->n_classes % kaon_eval_n_colors];
    c->name = kaon_eval_pool_text(&spec->pool, name);
    c->text = kaon_eval_pool_text(&spec->pool, text ? text : name);
    c->color = kaon_eval_pool_text(&spec->pool, color);
    c->letter = letter_of(b, name);
    c->probability = -1;
    const char *where = kaon_eval_pool_format(&spec->pool, "%s: class '%s'",
                                              spec->config_path ? spec->config_path : "kaon", name);
    if (!c->name || !c->text || !c->color || !c->letter || !where)
        return kaon_eval_build_no_memory(b);
    for (size_t i = 0; i < spec->n_probabilities; i++)
        if (spec->probability[i].class && !strcmp(spec->probability[i].class, name))
            c->probability = (long)i;
    spec->n_classes++;
    return kaon_eval_cut_parse(&c->select, select, where, b->msg);
}

static enum kaon_status add_known(struct eval_build *b, const struct eval_flavour *f)
{
    return add_class(b, f->name, f->text, f->select, f->color);
}

static enum kaon_status from_config(struct eval_build *b, json_t *classes)
{
    const char *name;
    json_t *json;
    json_object_foreach(classes, name, json)
    {
        const struct eval_flavour *known = flavour(name);
        const char *text = known ? known->text : NULL, *color = known ? known->color : NULL;
        const char *select = known ? known->select : NULL, *where = b->spec->config_path;
        enum kaon_status status = kaon_eval_json_text(json, "text", &text, where, b->msg);
        if (!status)
            status = kaon_eval_json_text(json, "select", &select, where, b->msg);
        if (!status)
            status = kaon_eval_json_text(json, "color", &color, where, b->msg);
        if (!status && !select)
            status = kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: class '%s' has no 'select'", where,
                                   name);
        if (!status)
            status = add_class(b, name, text, select, color);
        if (status)
            return status;
    }
    return KAON_OK;
}

/* Flavours that the data may hold although the model has no probability for them: with the usual
 * labels their rejection is of interest too (τ-jets for a tagger trained on b, c and light). */
static enum kaon_status complete(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    const size_t n = spec->n_classes;
    for (size_t i = 0; i < n; i++) {
        const struct eval_flavour *known = flavour(spec->class[i].name);
        struct eval_cut usual;
        if (!known || kaon_eval_cut_parse(&usual, known->select, "kaon", b->msg) ||
            strcmp(usual.field, spec->class[i].select.field) ||
            usual.value[0] != spec->class[i].select.value[0])
            return KAON_OK; /* another way of labelling */
    }
    for (size_t i = 0; i < kaon_eval_n_flavours; i++) {
        const struct eval_flavour *f = &kaon_eval_flavours[i];
        if (kaon_eval_class_find(spec, f->name) >= 0)
            continue;
        enum kaon_status status = add_known(b, f);
        if (!status)
            status = kaon_eval_spec_note(spec, b->msg,
                                         "class '%s' (%s) is a background without a "
                                         "probability of its own",
                                         f->name, f->select);
        if (status)
            return status;
    }
    return KAON_OK;
}

enum kaon_status kaon_eval_build_classes(struct eval_build *b)
{
    json_t *classes = NULL;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status =
            kaon_eval_json_object(b->config, "classes", &classes, b->spec->config_path, b->msg);
    if (!status && classes)
        status = from_config(b, classes);
    for (size_t i = 0; !status && !classes && i < kaon_eval_n_flavours; i++)
        status = add_known(b, &kaon_eval_flavours[i]);
    return status ? status : complete(b);
}
