#include "tools/eval/build_fractions.h"

#include "tools/eval/build_classes.h"
#include "tools/eval/stats.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum kaon_status bad_option(const struct eval_build *b, const char *text, const char *why)
{
    return kaon_cli_fail(b->msg, KAON_BAD_ARGUMENT, "--fractions %s: %s", text, why);
}

static long class_of_letter(const struct eval_spec *spec, const char *letter)
{
    for (size_t i = 0; i < spec->n_classes; i++)
        if (!strcmp(spec->class[i].letter, letter))
            return (long)i;
    return -1;
}

/* ---- one set of fractions ---------------------------------------------------------------------- */

/* The k-th class that may be a signal: of the category, else b and c; -1: past the last. */
static long signal_of(const struct eval_build *b, size_t k)
{
    static const char *const usual[] = { "b", "c" };
    const struct eval_names *signals = &b->category.signals;
    if (k < signals->n)
        return kaon_eval_class_find(b->spec, signals->name[k]);
    k -= signals->n;
    return k < 2 ? class_of_letter(b->spec, usual[k]) : -1;
}

/* The first that has no fraction and a probability. */
static long choose_signal(const struct eval_build *b, const double *fraction)
{
    for (size_t k = 0; k < b->category.signals.n + 2; k++) {
        const long c = signal_of(b, k);
        if (c >= 0 && isnan(fraction[c]))
            return c;
    }
    return -1;
}

/* The class that gets what is left: of the category, else light flavour, else the first left out. */
static long choose_rest(const struct eval_build *b, const double *fraction, long signal)
{
    const struct eval_spec *spec = b->spec;
    const long firm[2] = { b->category.rest ? kaon_eval_class_find(spec, b->category.rest) : -1,
                           class_of_letter(spec, "u") };
    for (size_t i = 0; i < 2; i++)
        if (firm[i] >= 0 && firm[i] != signal && isnan(fraction[firm[i]]))
            return firm[i];
    for (size_t i = 0; i < spec->n_classes; i++)
        if (isnan(fraction[i]) && (long)i != signal && spec->class[i].probability >= 0)
            return (long)i;
    return -1;
}

/* Adds the discriminant of a signal with fractions, NaN where nothing is said. */
static enum kaon_status add_set(struct eval_build *b, const double *fraction, long signal,
                                const char *source)
{
    struct eval_spec *spec = b->spec;
    double sum = 0;
    const long rest = choose_rest(b, fraction, signal);
    const char *name = kaon_eval_pool_format(&spec->pool, "D_%s", spec->class[signal].letter);
    struct eval_discriminant *d =
        name ? kaon_eval_discriminant_add(b, name, (size_t)signal, source) : NULL;
    if (!d)
        return kaon_eval_build_no_memory(b);
    for (size_t i = 0; i < spec->n_classes; i++) {
        d->fraction[i] = isnan(fraction[i]) ? 0 : fraction[i];
        sum += d->fraction[i];
    }
    if (rest >= 0)
        d->fraction[rest] = kaon_eval_round(1 - sum, 3);
    return kaon_eval_fractions_check(b, d) ? KAON_BAD_ARGUMENT : KAON_OK;
}

/* ---- presets ----------------------------------------------------------------------------------- */

static enum kaon_status load_presets(struct eval_build *b, json_t **root, json_t **presets)
{
    const char *text = kaon_eval_embedded_text("fractions");
    enum kaon_status status =
        kaon_eval_json_parse(root, text, strlen(text), "fractions of kaon", b->msg);
    if (!status)
        status = kaon_eval_json_object(*root, "presets", presets, "fractions of kaon", b->msg);
    return status;
}

static void preset_points(struct eval_discriminant *d, const json_t *points)
{
    const size_t n = json_array_size(points);
    for (size_t i = 0; i < n && i < EVAL_MOST_POINTS; i++)
        d->point[i] = json_number_value(json_array_get(points, i));
    if (n)
        d->points_source = d->source;
    if (n)
        d->n_points = n < EVAL_MOST_POINTS ? n : EVAL_MOST_POINTS;
}

/* A fraction of a class that the tagger has no probability for goes to the rest. */
static enum kaon_status add_preset_set(struct eval_build *b, const char *letter,
                                       const json_t *fractions, const json_t *preset,
                                       const char *source)
{
    double fraction[EVAL_MOST_CLASSES];
    const char *background;
    json_t *value;
    const long signal = class_of_letter(b->spec, letter);
    for (size_t i = 0; i < EVAL_MOST_CLASSES; i++)
        fraction[i] = NAN;
    if (signal < 0 || b->spec->class[signal].probability < 0)
        return KAON_OK;
    json_object_foreach((json_t *)(uintptr_t)fractions, background, value)
    {
        const long c = class_of_letter(b->spec, background);
        if (c >= 0 && b->spec->class[c].probability >= 0)
            fraction[c] = json_number_value(value);
    }
    const enum kaon_status status = add_set(b, fraction, signal, source);
    if (!status) {
        char name[64];
        snprintf(name, sizeof name, "D_%s", letter);
        preset_points(kaon_eval_discriminant_find(b->spec, name),
                      json_object_get(preset, "working_points"));
    }
    return status;
}

/* The preset of exactly that name or, with `loose`, of a tagger's version: "DL1d" of "DL1dv01". */
static const char *find_preset(json_t *presets, const char *name, size_t length, bool loose)
{
    const char *preset, *found = NULL;
    json_t *json;
    json_object_foreach(presets, preset, json)
    {
        const size_t n = strlen(preset);
        const bool version =
            loose && n < length && name[n] == 'v' && isdigit((unsigned char)name[n + 1]);
        if (n <= length && !strncmp(preset, name, n) && (n == length || version))
            found = preset;
    }
    return found;
}

static enum kaon_status from_preset(struct eval_build *b, const char *name, size_t length,
                                    bool loose, bool *found)
{
    json_t *root = NULL, *presets = NULL, *value;
    const char *key;
    enum kaon_status status = load_presets(b, &root, &presets);
    const char *preset = status ? NULL : find_preset(presets, name, length, loose);
    *found = preset != NULL;
    json_t *json = preset ? json_object_get(presets, preset) : NULL;
    const char *source =
        kaon_eval_pool_format(&b->spec->pool, "preset '%s' (%s)", preset ? preset : "",
                              json ? json_string_value(json_object_get(json, "source")) : "");
    if (!status && !source)
        status = kaon_eval_build_no_memory(b);
    json_object_foreach(json, key, value) if (!status && !strncmp(key, "D_", 2)) status =
        add_preset_set(b, key + 2, value, json, source);
    json_decref(root);
    return status;
}

/* ---- --fractions ------------------------------------------------------------------------------- */

/* Reads "fc=0.2,ftau=0.01" into fraction[], NaN where nothing is said. */
static enum kaon_status read_option(struct eval_build *b, const char *text, double *fraction)
{
    char copy[256], *rest = NULL;
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return bad_option(b, text, "is too long");
    for (size_t i = 0; i < EVAL_MOST_CLASSES; i++)
        fraction[i] = NAN;
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(word, '='), *end = NULL;
        const double number = value ? strtod(value + 1, &end) : NAN;
        if (!value || end == value + 1 || *end || word[0] != 'f' || !(number >= 0 && number <= 1))
            return bad_option(b, text,
                              "wanted a list such as fc=0.2,ftau=0.01 or a preset such as GN2v01");
        *value = '\0';
        const long c = class_of_letter(b->spec, word[1] == '_' ? word + 2 : word + 1);
        if (c < 0)
            return bad_option(b, text, "names a class that there is not");
        fraction[c] = number;
    }
    return KAON_OK;
}

static enum kaon_status from_option(struct eval_build *b, const char *text)
{
    double fraction[EVAL_MOST_CLASSES];
    bool found = false;
    enum kaon_status status = KAON_OK;
    if (!strchr(text, '='))
        status = from_preset(b, text, strlen(text), false, &found);
    if (status || found)
        return status;
    if ((status = read_option(b, text, fraction)))
        return status;
    const long signal = choose_signal(b, fraction);
    if (signal < 0)
        return bad_option(b, text, "leaves no class as the signal");
    return add_set(b, fraction, signal, "--fractions");
}

/* "TAGGER:..." is of that tagger only. */
static const char *of_tagger(const struct eval_build *b, const char *text)
{
    const char *colon = strchr(text, ':');
    if (!colon)
        return text;
    const size_t length = (size_t)(colon - text);
    return strlen(b->spec->name) == length && !strncmp(text, b->spec->name, length) ? colon + 1
                                                                                    : NULL;
}

/* ---- ratios of the category -------------------------------------------------------------------- */

static enum kaon_status add_ratio(struct eval_build *b, const struct eval_ratio *r)
{
    struct eval_spec *spec = b->spec;
    const long signal = kaon_eval_class_find(spec, r->signal);
    if (signal < 0 || spec->class[signal].probability < 0)
        return KAON_OK;
    for (size_t i = 0; i < r->against.n; i++) {
        const long c = kaon_eval_class_find(spec, r->against.name[i]);
        if (c < 0 || spec->class[c].probability < 0)
            return KAON_OK;
    }
    struct eval_discriminant *d =
        kaon_eval_discriminant_add(b, r->name, (size_t)signal, b->category.source);
    if (!d)
        return kaon_eval_build_no_memory(b);
    d->formula = EVAL_RATIO;
    for (size_t i = 0; i < r->against.n; i++)
        d->fraction[kaon_eval_class_find(spec, r->against.name[i])] = 1;
    return KAON_OK;
}

enum kaon_status kaon_eval_build_fractions(struct eval_build *b)
{
    enum kaon_status status = KAON_OK;
    bool found;
    for (size_t i = 0; !status && i < b->category.n_ratios && b->spec->n_discriminants < 8; i++)
        status = add_ratio(b, &b->category.ratio[i]);
    for (size_t i = 0; !status && i < b->choices->n_fractions; i++) {
        const char *text = of_tagger(b, b->choices->fractions[i]);
        if (text)
            status = from_option(b, text);
    }
    if (!status && b->spec->n_discriminants == 0)
        status = from_preset(b, b->spec->name, strlen(b->spec->name), true, &found);
    return status;
}
