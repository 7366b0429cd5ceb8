/* Working points given otherwise than by signal efficiencies, and the efficiencies that figures in
 * bins are made at. */
#include "tools/eval/build.h"
#include "tools/eval/build_classes.h"
#include "tools/eval/scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum kaon_status add_special(struct eval_build *b, struct eval_discriminant *d,
                                    struct eval_special point, const char *where,
                                    enum kaon_status code)
{
    if (d->n_specials == EVAL_MOST_SPECIALS)
        return kaon_cli_fail(b->msg, code, "%s: %s: more than %d working points of this kind",
                             where, d->name, EVAL_MOST_SPECIALS);
    if (!isfinite(point.value) || (point.kind == EVAL_AT_REJECTION && !(point.value > 1)))
        return kaon_cli_fail(b->msg, code, "%s: %s: wanted %s", where, d->name,
                             point.kind == EVAL_AT_CUT ? "a finite cut"
                                                       : "a rejection above 1 (a mistag below 1)");
    d->special[d->n_specials++] = point;
    return point.name ? KAON_OK : kaon_eval_build_no_memory(b);
}

/* ---- eval.json: "cuts": {NAME: D}, "rejection": {CLASS: [R]}, "mistag": {CLASS: {NAME: SHARE}} -- */

static enum kaon_status cuts_from_config(struct eval_build *b, struct eval_discriminant *d,
                                         json_t *cuts)
{
    const char *name;
    json_t *value;
    enum kaon_status status = KAON_OK;
    json_object_foreach(cuts, name, value)
    {
        const struct eval_special point = { kaon_eval_pool_text(&b->spec->pool, name),
                                            EVAL_AT_CUT,
                                            json_is_number(value) ? json_number_value(value) : NAN,
                                            { false },
                                            NULL };
        if (!status)
            status = add_special(b, d, point, b->spec->config_path, KAON_BAD_INPUT);
    }
    return status;
}

static struct eval_special at_rejection(const struct eval_build *b, const char *name, double value,
                                        long class)
{
    struct eval_special s = { .name = name, .kind = EVAL_AT_REJECTION, .value = value };
    s.among[class] = true;
    s.of = b->spec->class[class].name;
    return s;
}

/* One class of "rejection" (a list) or "mistag" (an object). */
static enum kaon_status class_from_config(struct eval_build *b, struct eval_discriminant *d,
                                          const char *class, const json_t *values)
{
    const char *path = b->spec->config_path, *name;
    const long c = kaon_eval_class_find(b->spec, class);
    const size_t n = json_is_array(values) ? json_array_size(values) : json_object_size(values);
    enum kaon_status status = KAON_OK;
    if (c < 0 || n == 0)
        return kaon_cli_fail(
            b->msg, KAON_BAD_INPUT,
            "%s: %s: working points of '%s' must be those of a class, in a list of "
            "rejections or an object of mistags",
            path, d->name, class);
    for (size_t i = 0; !status && i < json_array_size(values); i++) {
        const double r = json_number_value(json_array_get(values, i));
        name = kaon_eval_pool_format(&b->spec->pool, "%s_%g", b->spec->class[c].letter, r);
        status = add_special(b, d, at_rejection(b, name, r, c), path, KAON_BAD_INPUT);
    }
    json_t *value;
    json_object_foreach((json_t *)values, name, value)
    {
        const double share = json_number_value(value);
        const struct eval_special point = at_rejection(b, kaon_eval_pool_text(&b->spec->pool, name),
                                                       share > 0 ? 1 / share : 0, c);
        if (!status)
            status = add_special(b, d, point, path, KAON_BAD_INPUT);
    }
    return status;
}

static enum kaon_status from_config(struct eval_build *b, struct eval_discriminant *d, json_t *json)
{
    static const char *const kinds[] = { "rejection", "mistag" };
    const char *path = b->spec->config_path, *class;
    json_t *part = NULL, *values;
    enum kaon_status status = kaon_eval_json_object(json, "cuts", &part, path, b->msg);
    if (!status)
        status = cuts_from_config(b, d, part);
    for (size_t i = 0; !status && i < 2; i++) {
        status = kaon_eval_json_object(json, kinds[i], &part, path, b->msg);
        json_object_foreach(part, class, values) if (!status) status =
            class_from_config(b, d, class, values);
    }
    return status;
}

/* ---- the category: mistags of its ratios ------------------------------------------------------- */

/* For ratios that have all those classes below the line and get no other working points. */
static enum kaon_status from_category(struct eval_build *b, struct eval_discriminant *d)
{
    const struct eval_mistags *m = &b->category.mistags;
    struct eval_special point = { .kind = EVAL_AT_REJECTION };
    enum kaon_status status = KAON_OK;
    if (d->formula != EVAL_RATIO || d->n_specials > 0 || m->n == 0)
        return KAON_OK;
    for (size_t i = 0; i < m->of.n; i++) {
        const long c = kaon_eval_class_find(b->spec, m->of.name[i]);
        if (c < 0 || d->fraction[c] <= 0)
            return KAON_OK;
        point.among[c] = true;
        point.of = i ? kaon_eval_pool_format(&b->spec->pool, "%s+%s", point.of, m->of.name[i])
                     : m->of.name[0];
        if (!point.of)
            return kaon_eval_build_no_memory(b);
    }
    for (size_t i = 0; !status && i < m->n; i++) {
        point.name = m->name[i];
        point.value = 1 / m->share[i];
        status = add_special(b, d, point, b->category.source, KAON_BAD_INPUT);
    }
    return status;
}

/* ---- options --------------------------------------------------------------------------------- */

/* "u=100": for every discriminant that u is a background of. */
static enum kaon_status from_option(struct eval_build *b, const char *text)
{
    struct eval_spec *spec = b->spec;
    char letter[64], *end = NULL;
    const char *equals = strchr(text, '=');
    const double value = equals ? strtod(equals + 1, &end) : NAN;
    const size_t length = equals ? (size_t)(equals - text) : 0;
    size_t c = 0;
    snprintf(letter, sizeof letter, "%.*s", (int)(length < 63 ? length : 63), text);
    while (c < spec->n_classes && strcmp(spec->class[c].letter, letter) &&
           strcmp(spec->class[c].name, letter))
        c++;
    if (!equals || end == equals + 1 || *end || c == spec->n_classes)
        return kaon_cli_fail(b->msg, KAON_BAD_ARGUMENT,
                             "--rejection %s: wanted a class and a number, such as u=100", text);
    const char *name = kaon_eval_pool_format(&spec->pool, "%s_%g", spec->class[c].letter, value);
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < spec->n_discriminants; i++)
        if (spec->discriminant[i].signal != c)
            status = add_special(b, &spec->discriminant[i], at_rejection(b, name, value, (long)c),
                                 "--rejection", KAON_BAD_ARGUMENT);
    return status;
}

/* A class by name or letter. */
static enum kaon_status ood_from_option(struct eval_build *b, const char *text)
{
    struct eval_spec *spec = b->spec;
    for (size_t c = 0; c < spec->n_classes; c++)
        if (!strcmp(spec->class[c].name, text) || !strcmp(spec->class[c].letter, text)) {
            spec->ood[c] = true;
            return KAON_OK;
        }
    return kaon_cli_fail(b->msg, KAON_BAD_ARGUMENT, "--ood-against %s: %s has no such class", text,
                         spec->name);
}

static void add_at(struct eval_discriminant *d, double efficiency)
{
    for (size_t i = 0; i < d->n_at; i++)
        if (fabs(d->at[i] - efficiency) < 1e-9)
            return;
    if (d->n_at < EVAL_MOST_AT)
        d->at[d->n_at++] = efficiency;
}

/* "0.7,0.77": for every discriminant. */
static enum kaon_status at_from_option(struct eval_build *b, const char *text)
{
    for (const char *at = text; at; at = strchr(at, ','), at = at ? at + 1 : NULL) {
        char *end;
        const double efficiency = strtod(at, &end);
        if (end == at || (*end && *end != ',') || !(efficiency > 0 && efficiency < 1))
            return kaon_cli_fail(b->msg, KAON_BAD_ARGUMENT,
                                 "--at %s: wanted signal efficiencies between 0 and 1", text);
        for (size_t i = 0; i < b->spec->n_discriminants; i++)
            add_at(&b->spec->discriminant[i], efficiency);
    }
    return KAON_OK;
}

static enum kaon_status at_from_plots(struct eval_build *b)
{
    const char *path = b->spec->config_path;
    json_t *plots = NULL;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status = kaon_eval_json_list(b->config, "plots", &plots, path, b->msg);
    for (size_t i = 0; !status && i < json_array_size(plots); i++) {
        const json_t *plot = json_array_get(plots, i);
        const char *of = NULL;
        double point = NAN;
        if (!json_is_number(json_object_get(plot, "working_point")))
            continue;
        status = kaon_eval_json_number(plot, "working_point", &point, path, b->msg);
        if (!status)
            status = kaon_eval_json_text(plot, "discriminant", &of, path, b->msg);
        if (!status && !(point > 0 && point < 1))
            status =
                kaon_cli_fail(b->msg, KAON_BAD_INPUT,
                              "%s: plot %zu: 'working_point' must be between 0 and 1", path, i);
        for (size_t k = 0; !status && of && k < b->spec->n_discriminants; k++)
            if (!strcmp(b->spec->discriminant[k].name, of))
                add_at(&b->spec->discriminant[k], point);
    }
    return status;
}

/* The working point in the middle, or 70 % where that is one. */
static double usual_at(const struct eval_discriminant *d)
{
    for (size_t i = 0; i < d->n_points; i++)
        if (fabs(d->point[i] - 0.7) < 1e-9)
            return d->point[i];
    return d->n_points ? d->point[d->n_points / 2] : 0.7;
}

enum kaon_status kaon_eval_build_points(struct eval_build *b)
{
    struct eval_spec *spec = b->spec;
    json_t *points = NULL, *json;
    enum kaon_status status = KAON_OK;
    if (b->config)
        status =
            kaon_eval_json_object(b->config, "working_points", &points, spec->config_path, b->msg);
    for (size_t i = 0; !status && i < spec->n_discriminants; i++)
        if ((json = json_object_get(points, spec->discriminant[i].name)))
            status = from_config(b, &spec->discriminant[i], json);
    for (size_t i = 0; !status && i < spec->n_discriminants; i++)
        status = from_category(b, &spec->discriminant[i]);
    for (size_t i = 0; !status && i < b->choices->n_rejections; i++)
        status = from_option(b, b->choices->rejections[i]);
    for (size_t i = 0; !status && i < b->choices->n_at; i++)
        status = at_from_option(b, b->choices->at[i]);
    if (!status && b->choices->n_at == 0)
        status = at_from_plots(b);
    for (size_t i = 0; !status && i < spec->n_discriminants; i++)
        if (spec->discriminant[i].n_at == 0)
            add_at(&spec->discriminant[i], usual_at(&spec->discriminant[i]));
    spec->puma = b->choices->puma;
    spec->bootstrap = b->choices->bootstrap;
    spec->seed = b->choices->seed;
    for (size_t i = 0; !status && i < b->choices->n_ood; i++)
        status = ood_from_option(b, b->choices->ood[i]);
    if (!status && b->choices->scan)
        status = kaon_eval_scan_parse(&spec->scan, b->choices->scan, b->msg);
    return status;
}
