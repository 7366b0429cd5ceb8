/* Discriminants, their fractions and working points; selection and weight. */
#include "tools/eval/album.h"
#include "tools/eval/build.h"
#include "tools/eval/build_classes.h"
#include "tools/eval/build_fractions.h"
#include "tools/eval/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double usual_points[] = { 0.65, 0.70, 0.77, 0.85, 0.90 };
enum { USUAL_BINS = 40 };

struct eval_discriminant *kaon_eval_discriminant_find(struct eval_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->n_discriminants; i++)
        if (!strcmp(spec->discriminant[i].name, name))
            return &spec->discriminant[i];
    return NULL;
}

struct eval_discriminant *kaon_eval_discriminant_add(struct eval_build *b, const char *name,
                                                     size_t signal, const char *source)
{
    struct eval_spec *spec = b->spec;
    struct eval_discriminant *d = kaon_eval_discriminant_find(spec, name);
    if (!d && spec->n_discriminants < EVAL_MOST_DISCRIMINANTS) {
        d = &spec->discriminant[spec->n_discriminants++];
        *d = (struct eval_discriminant){
            .epsilon = 1e-10, .roc_from = 0.5, .roc_to = 1, .bins = USUAL_BINS
        };
        memcpy(d->point, usual_points, sizeof usual_points);
        d->n_points = sizeof usual_points / sizeof *usual_points;
        d->points_source = "the usual ones";
        d->name = kaon_eval_pool_text(&spec->pool, name);
    }
    if (!d || !d->name) {
        kaon_eval_build_no_memory(b);
        return NULL;
    }
    memset(d->fraction, 0, sizeof d->fraction);
    d->signal = signal;
    d->source = source;
    return d;
}

/* Fractions sum to one, and each belongs to a class that the model has a probability for. */
enum kaon_status kaon_eval_fractions_check(struct eval_build *b, const struct eval_discriminant *d)
{
    const struct eval_spec *spec = b->spec;
    double sum = 0;
    if (spec->class[d->signal].probability < 0)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: %s: the model has no probability of its signal '%s'", d->source,
                             d->name, spec->class[d->signal].name);
    for (size_t i = 0; i < spec->n_classes; i++) {
        sum += d->fraction[i];
        if (d->fraction[i] < 0 || (d->fraction[i] > 0 && spec->class[i].probability < 0))
            return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: %s: fraction %g of '%s' %s",
                                 d->source, d->name, d->fraction[i], spec->class[i].name,
                                 d->fraction[i] < 0 ? "is negative"
                                                    : "needs a probability that the model lacks");
    }
    if (fabs(kaon_eval_round(sum, 8) - 1) > 0)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: fractions for %s sum to %.9g, must be 1",
                             d->source, d->name, sum);
    return KAON_OK;
}

/* ---- eval.json ------------------------------------------------------------------------------- */

/* The classes that a ratio S / (S + sum of others) is against. */
static enum kaon_status against_from_config(struct eval_build *b, struct eval_discriminant *d,
                                            const json_t *json)
{
    const char *path = b->spec->config_path;
    json_t *list;
    const enum kaon_status status = kaon_eval_json_list(json, "against", &list, path, b->msg);
    if (status)
        return status;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *class = json_string_value(json_array_get(list, i));
        const long c = class ? kaon_eval_class_find(b->spec, class) : -1;
        if (c < 0 || (size_t)c == d->signal || b->spec->class[c].probability < 0 ||
            b->spec->class[d->signal].probability < 0)
            return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                                 "%s: %s: 'against' must hold classes with a probability", path,
                                 d->name);
        d->fraction[c] = 1;
    }
    return json_array_size(list)
               ? KAON_OK
               : kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                               "%s: %s: a ratio needs classes it is 'against'", path, d->name);
}

static bool lacks_probability(const struct eval_spec *spec, const struct eval_discriminant *d)
{
    for (size_t i = 0; i < spec->n_classes; i++)
        if (spec->class[i].probability < 0 && (i == d->signal || d->fraction[i] > 0))
            return true;
    return false;
}

static enum kaon_status discriminant_from_config(struct eval_build *b, const char *name,
                                                 const json_t *json)
{
    const char *path = b->spec->config_path, *signal = NULL, *class, *formula = "log";
    json_t *fractions, *value;
    enum kaon_status status = kaon_eval_json_text(json, "signal", &signal, path, b->msg);
    if (!status)
        status = kaon_eval_json_text(json, "formula", &formula, path, b->msg);
    if (!status)
        status = kaon_eval_json_object(json, "fractions", &fractions, path, b->msg);
    if (status)
        return status;
    if (!kaon_eval_is_plain(name))
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                             "%s: discriminant '%s' must be named with "
                             "letters, digits and '_'",
                             path, name);
    if (strcmp(formula, "log") && strcmp(formula, "ratio"))
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: %s: 'formula' must be log or ratio", path,
                             name);
    const long s = signal ? kaon_eval_class_find(b->spec, signal) : -1;
    if (s < 0 && signal && b->choices->category)
        return kaon_eval_spec_note(b->spec, b->msg, "%s: %s is left out: %s has no class '%s'",
                                   path, name, b->category.source, signal);
    if (s < 0)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: %s: signal '%s' is not among the classes",
                             path, name, signal ? signal : "");
    struct eval_discriminant *d = kaon_eval_discriminant_add(b, name, (size_t)s, path);
    if (!d)
        return KAON_NO_MEMORY;
    json_object_foreach(fractions, class, value)
    {
        const long c = kaon_eval_class_find(b->spec, class);
        if (c < 0 || c == s || !json_is_number(value))
            return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                                 "%s: %s: fraction of '%s', which is no "
                                 "background class with a number",
                                 path, name, class);
        d->fraction[c] = json_number_value(value);
    }
    d->formula = strcmp(formula, "ratio") ? EVAL_LOG : EVAL_RATIO;
    if (d->formula == EVAL_RATIO)
        return against_from_config(b, d, json);
    status = kaon_eval_json_number(json, "epsilon", &d->epsilon, path, b->msg);
    if (!status && !(d->epsilon > 0 && d->epsilon < 1))
        status = kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: %s: 'epsilon' must be between 0 and 1",
                               path, name);
    if (!status && b->choices->borrowed && lacks_probability(b->spec, d)) {
        b->spec->n_discriminants--; /* the last that was added */
        return kaon_eval_spec_note(
            b->spec, b->msg, "%s: %s is left out: the scores lack a class that it has", path, name);
    }
    return status ? status : kaon_eval_fractions_check(b, d);
}

static enum kaon_status points_from_config(struct eval_build *b, json_t *points)
{
    const char *name;
    json_t *json, *list;
    json_object_foreach(points, name, json)
    {
        struct eval_discriminant *d = kaon_eval_discriminant_find(b->spec, name);
        const char *path = b->spec->config_path;
        enum kaon_status status =
            kaon_eval_json_list(json, "signal_efficiency", &list, path, b->msg);
        if (status)
            return status;
        if (!d || !list)
            continue;
        if (json_array_size(list) > EVAL_MOST_POINTS)
            return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: %s: more than %d working points",
                                 path, name, EVAL_MOST_POINTS);
        d->points_source = path;
        d->n_points = json_array_size(list);
        for (size_t i = 0; i < d->n_points; i++) {
            d->point[i] = json_number_value(json_array_get(list, i));
            if (!(d->point[i] > 0 && d->point[i] < 1))
                return kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                                     "%s: %s: working points must be numbers "
                                     "between 0 and 1",
                                     path, name);
        }
    }
    return KAON_OK;
}

/* Whether there are figures of that kind; "probabilities" is how older files spell one. */
static bool is_drawn(const char *type)
{
    for (size_t i = 0; kaon_eval_figure_kind(i); i++)
        if (!strcmp(type, kaon_eval_figure_kind(i)))
            return true;
    return !strcmp(type, "probabilities");
}

static enum kaon_status plots_from_config(struct eval_build *b, const json_t *plots)
{
    const char *path = b->spec->config_path;
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < json_array_size(plots); i++) {
        const json_t *plot = json_array_get(plots, i);
        const char *type = "", *of = "";
        status = kaon_eval_json_text(plot, "type", &type, path, b->msg);
        if (!status)
            status = kaon_eval_json_text(plot, "discriminant", &of, path, b->msg);
        struct eval_discriminant *d = kaon_eval_discriminant_find(b->spec, of);
        if (!status && d && !strcmp(type, "roc")) {
            status = kaon_eval_json_number(plot, "from", &d->roc_from, path, b->msg);
            if (!status)
                status = kaon_eval_json_number(plot, "to", &d->roc_to, path, b->msg);
        }
        if (!status && d && !strcmp(type, "discriminant"))
            status = kaon_eval_json_size(plot, "bins", &d->bins, path, b->msg);
        if (!status && !is_drawn(type))
            status = kaon_eval_spec_note(b->spec, b->msg, "%s: plots of type '%s' are not drawn",
                                         path, type);
        if (!status && d &&
            (!(d->roc_from > 0 && d->roc_from < d->roc_to && d->roc_to <= 1) || d->bins == 0 ||
             d->bins > 10000))
            status = kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                                   "%s: plot %zu: wanted 0 < from < to <= 1 "
                                   "and 1 to 10000 bins",
                                   path, i);
    }
    return status;
}

static enum kaon_status from_config(struct eval_build *b)
{
    const char *path = b->spec->config_path, *name;
    json_t *discriminants, *points, *plots, *json;
    enum kaon_status status =
        kaon_eval_json_object(b->config, "discriminants", &discriminants, path, b->msg);
    json_object_foreach(discriminants, name, json) if (!status) status =
        discriminant_from_config(b, name, json);
    if (!status)
        status = kaon_eval_json_object(b->config, "working_points", &points, path, b->msg);
    if (!status)
        status = points_from_config(b, points);
    if (!status)
        status = kaon_eval_json_list(b->config, "plots", &plots, path, b->msg);
    return status ? status : plots_from_config(b, plots);
}

/* ---- selection ------------------------------------------------------------------------------- */

static enum kaon_status add_cut(struct eval_build *b, const char *text, const char *where)
{
    struct eval_spec *spec = b->spec;
    if (spec->n_selection == EVAL_MOST_CUTS)
        return kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: more than %d cuts", where,
                             EVAL_MOST_CUTS);
    spec->selection_text[spec->n_selection] = kaon_eval_pool_text(&spec->pool, text);
    spec->selection_source[spec->n_selection] = where;
    if (!spec->selection_text[spec->n_selection])
        return kaon_eval_build_no_memory(b);
    return kaon_eval_cut_parse(&spec->selection[spec->n_selection++], text, where, b->msg);
}

/* Cuts of eval.json: of all its samples, or of one. */
static enum kaon_status add_cuts(struct eval_build *b, const json_t *list)
{
    const char *where = b->spec->config_path;
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        status =
            text ? add_cut(b, text, where)
                 : kaon_cli_fail(b->msg, KAON_BAD_INPUT, "%s: 'selection' must hold texts", where);
    }
    return status;
}

static enum kaon_status build_selection(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    const char *where = spec->config_path, *weight = NULL;
    json_t *list = NULL;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status = kaon_eval_json_list(b->config, "selection", &list, where, b->msg);
    if (!status)
        status = add_cuts(b, list);
    if (!status && spec->sample) {
        const json_t *samples = json_object_get(b->config, "samples");
        status = kaon_eval_json_list(json_object_get(samples, spec->sample), "selection", &list,
                                     where, b->msg);
    }
    if (!status && spec->sample)
        status = add_cuts(b, list);
    for (size_t i = 0; !status && i < b->choices->n_cuts; i++)
        if ((status = add_cut(b, b->choices->cuts[i], "--cut")))
            status = KAON_BAD_ARGUMENT;
    if (!status && b->config)
        status = kaon_eval_json_text(b->config, "weight", &weight, where, b->msg);
    if (b->choices->weight)
        weight = strcmp(b->choices->weight, "none") ? b->choices->weight : NULL;
    spec->weight_source = b->choices->weight ? "--weight" : where;
    if (!status && weight && !(spec->weight = kaon_eval_pool_text(&spec->pool, weight)))
        status = kaon_eval_build_no_memory(b);
    return status;
}

enum kaon_status kaon_eval_build_judgement(struct eval_build *b)
{
    enum kaon_status status = kaon_eval_build_classes(b);
    if (!status && b->config)
        status = from_config(b);
    if (!status)
        status = kaon_eval_build_fractions(b);
    if (!status && b->spec->n_discriminants == 0)
        status = kaon_cli_fail(b->msg, KAON_BAD_ARGUMENT,
                               "%s%s%s: no fractions are given for the "
                               "discriminants, and there are no universal ones: say for example "
                               "--fractions fc=0.2,ftau=0.01",
                               b->spec->model_path, b->spec->stored ? ": " : "",
                               b->spec->stored ? b->spec->name : "");
    return status ? status : build_selection(b);
}
