#include "tools/eval/derived.h"

#include "tools/eval/build.h"
#include "tools/eval/build_classes.h"

#include <stdlib.h>
#include <string.h>

/* Words of --ensemble, in the order of enum eval_rule. */
static const struct {
    const char *word, *text;
} rules[] = {
    { "average", "average of" },
    { "logit", "logit average of" },
    { "crossmax", "CrossMax of" },
};
enum { N_RULES = sizeof rules / sizeof *rules };

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

static const char *option(bool cascade)
{
    return cascade ? "--cascade" : "--ensemble";
}

/* ---- parsing --------------------------------------------------------------------------------- */

static enum kaon_status bad_form(const char *text, bool cascade, struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "%s %s: wanted %s", option(cascade), text,
                         cascade ? "NAME=FIRST,SECOND:CONFIDENCE, as fast=small,large:0.9"
                                 : "NAME=RULE:MODEL,MODEL..., where RULE is average, logit or "
                                   "crossmax");
}

static enum kaon_status add_member(struct evaluation *e, const struct eval_entry *entry,
                                   const char *name, const char *option_text, bool cascade,
                                   struct kaon_msg *msg)
{
    struct eval_derived *d = entry->derived;
    for (const struct eval_entry *other = e->entry; other < entry; other++)
        if (!strcmp(other->label, name) && d->n < EVAL_MOST_MEMBERS) {
            d->member[d->n++] = other;
            return KAON_OK;
        }
    return d->n == EVAL_MOST_MEMBERS
               ? kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "%s %s: more than %d models",
                               option(cascade), option_text, EVAL_MOST_MEMBERS)
               : kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "%s %s: there is no model '%s' before it",
                               option(cascade), option_text, name);
}

/* "A,B" into the members. */
static enum kaon_status read_members(struct evaluation *e, const struct eval_entry *entry,
                                     char *list, const char *text, bool cascade,
                                     struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (char *word; !status && (word = strsep(&list, ",")) != NULL;)
        status = add_member(e, entry, word, text, cascade, msg);
    const size_t n = entry->derived->n;
    return !status && (n < 2 || (cascade && n != 2)) ? bad_form(text, cascade, msg) : status;
}

/* Splits the option; *list is the part that names the models. */
static enum kaon_status read_rule(struct eval_derived *d, const char *text, bool cascade,
                                  char *rest, char **list, struct kaon_msg *msg)
{
    char *colon = cascade ? strrchr(rest, ':') : strchr(rest, ':'), *end;
    if (!colon)
        return bad_form(text, cascade, msg);
    *colon = '\0';
    if (cascade) {
        d->rule = EVAL_CASCADE;
        d->confidence = strtod(colon + 1, &end);
        *list = rest;
        return end != colon + 1 && !*end && d->confidence >= 0 && d->confidence <= 1
                   ? KAON_OK
                   : bad_form(text, cascade, msg);
    }
    *list = colon + 1;
    for (size_t i = 0; i < N_RULES; i++)
        if (!strcmp(rest, rules[i].word)) {
            d->rule = (enum eval_rule)i;
            return KAON_OK;
        }
    return bad_form(text, cascade, msg);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* What follows the model's name in the name of a probability: "pb". */
static const char *suffix(const struct eval_spec *spec, size_t i)
{
    const char *name = spec->probability[i].published;
    const size_t n = strlen(spec->name);
    return !strncmp(name, spec->name, n) && name[n] == '_' ? name + n + 1 : name;
}

/* The probability of the same class, or of the same name. */
static long index_in(const struct eval_spec *spec, size_t i, const struct eval_spec *other)
{
    for (size_t c = 0; c < spec->n_classes; c++) {
        const long k = kaon_eval_class_find(other, spec->class[c].name);
        if (spec->class[c].probability == (long)i && k >= 0 && other->class[k].probability >= 0)
            return other->class[k].probability;
    }
    for (size_t k = 0; k < other->n_given; k++)
        if (!strcmp(suffix(spec, i), suffix(other, k)))
            return (long)k;
    return -1;
}

/* Every probability must be one of each member's; a cascade's first model may lack some, which then are 0
 * in its answers. */
static enum kaon_status match(struct eval_entry *entry, const char *text, struct kaon_msg *msg)
{
    struct eval_derived *d = entry->derived;
    const struct eval_spec *spec = &entry->spec;
    const bool cascade = d->rule == EVAL_CASCADE;
    for (size_t m = 0; m < d->n; m++)
        for (size_t i = 0; i < spec->n_given; i++) {
            d->index[m][i] = index_in(spec, i, &d->member[m]->spec);
            if (d->index[m][i] < 0 && (m > 0 || !cascade))
                return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                                     "%s %s: %s has no probability '%s', which others have",
                                     option(cascade), text, d->member[m]->label, suffix(spec, i));
        }
    return KAON_OK;
}

/* The specification is that of one member, with names of its own. */
static bool take_over(struct evaluation *e, struct eval_entry *entry, const char *name)
{
    const struct eval_derived *d = entry->derived;
    const struct eval_entry *from = d->member[d->rule == EVAL_CASCADE ? 1 : 0];
    struct eval_spec *spec = &entry->spec;
    *spec = from->spec;
    spec->pool = (struct eval_pool){ NULL };
    spec->note = NULL;
    spec->n_notes = 0;
    spec->config_path = NULL;
    spec->logits = spec->hidden =
        (struct eval_inner){ NULL, 0, 0 }; /* it is no model to look into */
    spec->n_inner = 0;
    spec->title = spec->model_path = d->text;
    spec->probability =
        kaon_eval_pool_take(&e->pool, spec->n_probabilities + 1, sizeof *spec->probability);
    if (!spec->probability)
        return false;
    const size_t prefix = strlen(from->spec.name);
    for (size_t i = 0; i < spec->n_probabilities; i++) {
        const char *old = from->spec.probability[i].published;
        const bool named = !strncmp(old, from->spec.name, prefix);
        spec->probability[i] = from->spec.probability[i];
        spec->probability[i].published =
            kaon_eval_pool_format(&e->pool, "%s%s%s", name, named ? "" : "_", old + named * prefix);
        if (!spec->probability[i].published)
            return false;
    }
    spec->name = name;
    entry->label = name;
    return true;
}

static const char *describe(struct eval_pool *pool, const struct eval_derived *d)
{
    const bool cascade = d->rule == EVAL_CASCADE;
    const char *text =
        cascade ? kaon_eval_pool_format(pool, "%s, below a confidence of %g", d->member[0]->label,
                                        d->confidence)
                : kaon_eval_pool_format(pool, "%s %s", rules[d->rule].text, d->member[0]->label);
    for (size_t m = 1; text && m < d->n; m++)
        text =
            kaon_eval_pool_format(pool, "%s%s%s", text, cascade ? " " : ", ", d->member[m]->label);
    return text;
}

enum kaon_status kaon_eval_derived_open(struct evaluation *e, struct eval_entry *entry,
                                        const char *text, bool cascade, struct kaon_msg *msg)
{
    char *name = kaon_eval_pool_text(&e->pool, text), *list = NULL;
    char *rest = name ? strchr(name, '=') : NULL;
    struct eval_derived *d = entry->derived = kaon_eval_pool_take(&e->pool, 1, sizeof *d);
    if (!name || !d)
        return no_memory(msg);
    if (!rest)
        return bad_form(text, cascade, msg);
    *rest++ = '\0';
    if (!kaon_eval_is_plain(name))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "%s %s: a name is made of letters, digits and '_'", option(cascade),
                             text);
    for (const struct eval_entry *other = e->entry; other < entry; other++)
        if (!strcmp(other->label, name))
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "%s %s: there is a model '%s' already",
                                 option(cascade), text, name);
    enum kaon_status status = read_rule(d, text, cascade, rest, &list, msg);
    if (!status)
        status = read_members(e, entry, list, text, cascade, msg);
    if (status)
        return status;
    d->text = describe(&e->pool, d);
    if (cascade)
        d->point = kaon_eval_pool_take(&e->pool, EVAL_CASCADE_POINTS, sizeof *d->point);
    if (!d->text || (cascade && !d->point) || !take_over(e, entry, name))
        return no_memory(msg);
    return match(entry, text, msg);
}

void kaon_eval_derived_prepare(struct eval_entry *entry)
{
    const struct eval_entry *from = entry->derived->member[0];
    entry->data = from->data;
    entry->n_data = from->n_data;
    entry->source = from->source;
    entry->sample = from->sample;
    entry->sample_text = from->sample_text;
}
