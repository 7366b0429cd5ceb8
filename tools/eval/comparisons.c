#include "tools/eval/comparisons.h"

#include <stdlib.h>
#include <string.h>

enum kaon_status kaon_eval_find_reference(struct evaluation *e, const char *name,
                                          struct kaon_msg *msg)
{
    char names[256] = "";
    size_t length = 0;
    e->reference = 0;
    for (size_t i = 0; name && i < e->n; i++) {
        if (!strcmp(e->entry[i].label, name)) {
            e->reference = i;
            return KAON_OK;
        }
        if (length < sizeof names)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "",
                                       e->entry[i].label);
    }
    return name ? kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                                "--reference %s: no model of that name, there are %s", name, names)
                : KAON_OK;
}

/* By size, rows and beginning: their paths differ where each model has a sample of its own. */
static bool same_files(const struct eval_entry *a, const struct eval_entry *b)
{
    if (a->n_data != b->n_data)
        return false;
    for (size_t i = 0; i < a->n_data; i++) {
        const struct eval_source *x = &a->source[i], *y = &b->source[i];
        if (x->bytes != y->bytes || x->rows != y->rows ||
            strcmp(x->beginning.hex, y->beginning.hex))
            return false;
    }
    return true;
}

/* The discriminant of `model` that is `d` of the reference by name and signal; -1: none. */
static long find(const struct eval_entry *reference, size_t d, const struct eval_entry *model)
{
    const struct eval_discriminant *of = &reference->spec.discriminant[d];
    for (size_t i = 0; i < model->spec.n_discriminants; i++) {
        const struct eval_discriminant *other = &model->spec.discriminant[i];
        if (!strcmp(of->name, other->name) &&
            !strcmp(reference->spec.class[of->signal].name, model->spec.class[other->signal].name))
            return (long)i;
    }
    return -1;
}

static enum kaon_status compare(struct evaluation *e, const struct eval_entry *model, size_t d,
                                struct kaon_msg *msg)
{
    const struct eval_entry *reference = &e->entry[e->reference];
    const long other = find(reference, d, model);
    if (other < 0)
        return KAON_OK;
    struct eval_comparison *c = &e->comparison[e->n_comparisons++];
    *c = (struct eval_comparison){ reference, model, d, (size_t)other, { 0 } };
    const struct eval_side a = { &reference->spec, &reference->scores, &reference->judged[d] };
    const struct eval_side b = { &model->spec, &model->scores, &model->judged[other] };
    const enum kaon_status status = kaon_eval_compare(&c->pair, &a, &b, msg);
    if (!status && c->pair.jets == 0) { /* other cuts, as of another sample */
        kaon_eval_pair_close(&c->pair);
        e->n_comparisons--;
    }
    return status;
}

enum kaon_status kaon_eval_compare_all(struct evaluation *e, struct kaon_msg *msg)
{
    const struct eval_entry *reference = &e->entry[e->reference];
    const size_t n = reference->spec.n_discriminants;
    enum kaon_status status = KAON_OK;
    e->comparison = calloc(e->n * n + 1, sizeof *e->comparison);
    if (!e->comparison)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < e->n; i++)
        for (size_t d = 0; !status && d < n; d++)
            if (i != e->reference && same_files(reference, &e->entry[i]))
                status = compare(e, &e->entry[i], d, msg);
    return status;
}
