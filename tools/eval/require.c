#include "tools/eval/require.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Quantities as they are written; `needs`: a class "_c", '@': a signal efficiency as well. */
static const struct {
    const char *name;
    enum eval_quantity quantity;
    bool class, at;
} quantities[] = {
    { "rej_", EVAL_REJECTION, true, true },
    { "eff_", EVAL_EFFICIENCY, true, true },
    { "auc_", EVAL_AUC, true, false },
    { "precision_", EVAL_PRECISION, true, false },
    { "recall_", EVAL_RECALL, true, false },
    { "ece_", EVAL_CALIBRATION_ERROR, true, false },
    { "ece", EVAL_CALIBRATION_ERROR, false, false },
    { "accuracy", EVAL_ACCURACY, false, false },
};
enum { N_QUANTITIES = sizeof quantities / sizeof *quantities };

static enum kaon_status not_understood(const char *text, struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                         "--require %s: wanted a quantity, one of > >= < <=, and a number, such as "
                         "\"rej_c@0.70>10\" or \"GN2:D_c.auc_b>=0.75\"",
                         text);
}

/* Moves what stands before the separator to `part`; false if it does not fit. */
static bool take(char **rest, char separator, char *part, size_t room)
{
    char *at = strchr(*rest, separator);
    if (!at)
        return true;
    *at = '\0';
    const bool fits = snprintf(part, room, "%s", *rest) < (int)room && *part;
    *rest = at + 1;
    return fits;
}

static bool parse_quantity(struct eval_requirement *r, char *word)
{
    char *at = strchr(word, '@'), *end;
    if (at) {
        *at = '\0';
        r->at = strtod(at + 1, &end);
        if (end == at + 1 || *end || !(r->at > 0 && r->at < 1))
            return false;
    }
    for (size_t i = 0; i < N_QUANTITIES; i++) {
        const size_t length = strlen(quantities[i].name);
        if (strncmp(word, quantities[i].name, length) ||
            quantities[i].class != (word[length] != '\0') || quantities[i].at != (at != NULL))
            continue;
        r->quantity = quantities[i].quantity;
        return snprintf(r->class, sizeof r->class, "%s", word + length) < (int)sizeof r->class;
    }
    return false;
}

enum kaon_status kaon_eval_require_parse(struct eval_requirement *r, const char *text,
                                         struct kaon_msg *msg)
{
    char copy[256], *word = copy, *end;
    size_t n = 0;
    *r = (struct eval_requirement){ .text = text };
    for (const char *c = text; *c; c++)
        if (*c != ' ' && n + 1 < sizeof copy)
            copy[n++] = *c;
    copy[n] = '\0';
    char *operator= strpbrk(copy, "<>");
    if (!operator|| n + 1 == sizeof copy)
        return not_understood(text, msg);
    r->greater = *operator== '>';
    r->equal = operator[1] == '=';
    char *number = operator+ 1 + r->equal;
    r->bound = strtod(number, &end);
    *operator= '\0';
    if (end == number || *end || isnan(r->bound) || !take(&word, ':', r->model, sizeof r->model))
        return not_understood(text, msg);
    char *dot = strchr(word, '.'), *sign = strchr(word, '@');
    if (dot && (!sign || dot < sign) && !take(&word, '.', r->discriminant, sizeof r->discriminant))
        return not_understood(text, msg);
    return parse_quantity(r, word) ? KAON_OK : not_understood(text, msg);
}

/* ---- what it names --------------------------------------------------------------------------- */

bool kaon_eval_require_concerns(const struct eval_requirement *r, const struct eval_entry *entry)
{
    return !*r->model || !strcmp(r->model, entry->label);
}

static long find_discriminant(const struct eval_requirement *r, const struct eval_spec *spec)
{
    for (size_t i = 0; i < spec->n_discriminants; i++)
        if (!*r->discriminant || !strcmp(spec->discriminant[i].name, r->discriminant))
            return (long)i;
    return -1;
}

static long find_class(const struct eval_requirement *r, const struct eval_spec *spec)
{
    for (size_t i = 0; i < spec->n_classes; i++)
        if (!strcmp(spec->class[i].name, r->class) || !strcmp(spec->class[i].letter, r->class))
            return (long)i;
    return -1;
}

enum kaon_status kaon_eval_require_check(const struct eval_requirement *r,
                                         const struct evaluation *e, struct kaon_msg *msg)
{
    size_t concerned = 0;
    for (size_t i = 0; i < e->n; i++) {
        const struct eval_spec *spec = &e->entry[i].spec;
        if (!kaon_eval_require_concerns(r, &e->entry[i]))
            continue;
        concerned++;
        if (*r->class && find_class(r, spec) < 0)
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--require %s: %s has no class '%s'",
                                 r->text, e->entry[i].label, r->class);
        if (find_discriminant(r, spec) < 0)
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                                 "--require %s: %s has no discriminant '%s'", r->text,
                                 e->entry[i].label, r->discriminant);
    }
    return concerned ? KAON_OK
                     : kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--require %s: no model named '%s'",
                                     r->text, r->model);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* At the cut of a working point there: a percentile rounded to three decimals. */
static enum kaon_status at_point(const struct eval_requirement *r, const struct eval_entry *entry,
                                 size_t d, size_t c, double *value, struct kaon_msg *msg)
{
    const struct eval_spec *spec = &entry->spec;
    const struct eval_scores *s = &entry->scores;
    const struct eval_discriminant *of = &spec->discriminant[d];
    struct eval_sorted sorted = { 0 };
    double *all = kaon_eval_discriminants(spec, of, s);
    const bool fits =
        all && kaon_eval_sorted_open(&sorted, spec->n_classes, all, s->class, s->weight, s->n);
    if (fits) {
        const double cut = kaon_eval_round(kaon_eval_sorted_cut(&sorted, of->signal, r->at), 3);
        const struct eval_passing p = kaon_eval_sorted_above(&sorted, c, cut);
        *value = isnan(cut)                      ? NAN
                 : r->quantity == EVAL_REJECTION ? kaon_eval_reject(&p).value
                 : p.weight > 0                  ? p.weight_passed / p.weight
                                                 : NAN;
    }
    kaon_eval_sorted_close(&sorted);
    free(all);
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

enum kaon_status kaon_eval_require_value(const struct eval_requirement *r,
                                         const struct eval_entry *entry, double *value,
                                         struct kaon_msg *msg)
{
    const struct eval_classified *k = entry->classified;
    const size_t d = (size_t)find_discriminant(r, &entry->spec);
    const size_t c = *r->class ? (size_t)find_class(r, &entry->spec) : 0;
    switch (r->quantity) {
    case EVAL_REJECTION:
    case EVAL_EFFICIENCY:
        return at_point(r, entry, d, c, value, msg);
    case EVAL_AUC:
        *value = entry->judged[d].auc[c];
        break;
    case EVAL_PRECISION:
        *value = k->precision[c];
        break;
    case EVAL_RECALL:
        *value = k->recall[c];
        break;
    case EVAL_CALIBRATION_ERROR:
        *value = *r->class ? k->calibration[c].error : k->confidence.error;
        break;
    case EVAL_ACCURACY:
        *value = k->accuracy;
        break;
    }
    return KAON_OK;
}

bool kaon_eval_require_met(const struct eval_requirement *r, double value)
{
    if (isnan(value))
        return false;
    return (r->equal && value == r->bound) || (r->greater ? value > r->bound : value < r->bound);
}
