#include "tools/eval/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POINTS = 10000 };

enum kaon_status kaon_eval_scan_parse(struct eval_scan_wish *wish, const char *text,
                                      struct kaon_msg *msg)
{
    const char *equals = strchr(text, '=');
    const size_t length = equals && *text == 'f' ? (size_t)(equals - text) - 1 : 0;
    double value[3] = { NAN, NAN, NAN };
    const char *at = equals;
    for (int i = 0; at && i < 3; i++) {
        char *end;
        value[i] = strtod(at + 1, &end);
        const char wanted = i < 2 ? ':' : '\0';
        at = end > at + 1 && *end == wanted ? end : NULL;
    }
    if (!at || length == 0 || length >= sizeof wish->letter ||
        !(value[0] >= 0 && value[0] < value[1] && value[1] <= 1) ||
        !(value[2] >= 2 && value[2] <= MOST_POINTS && value[2] == floor(value[2])))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--scan %s: wanted a fraction, its range and a number of points, such "
                             "as fc=0:1:50",
                             text);
    memcpy(wish->letter, text + 1, length);
    wish->letter[length] = '\0';
    wish->from = value[0];
    wish->to = value[1];
    wish->points = (size_t)value[2];
    return KAON_OK;
}

/* Rejections at the scan's efficiency, of all classes; NaN where one has no jets. */
static bool reject(const struct eval_scan *s, const struct eval_spec *spec,
                   const struct eval_discriminant *d, const struct eval_scores *scores, double *cut,
                   double *rejection)
{
    struct eval_sorted sorted = { 0 };
    double *value = kaon_eval_discriminants(spec, d, scores);
    const bool fits = value && kaon_eval_sorted_open(&sorted, spec->n_classes, value, scores->class,
                                                     scores->weight, scores->n);
    if (fits)
        *cut = kaon_eval_sorted_cut(&sorted, d->signal, s->efficiency);
    for (size_t c = 0; fits && c < spec->n_classes; c++) {
        const struct eval_passing p = kaon_eval_sorted_above(&sorted, c, *cut);
        rejection[c] = kaon_eval_reject(&p).value;
    }
    kaon_eval_sorted_close(&sorted);
    free(value);
    return fits;
}

static bool is_background(const struct eval_spec *spec, const struct eval_discriminant *d, size_t c)
{
    return c != d->signal && spec->class[c].probability >= 0;
}

/* The rejection of each background when the discriminant is made for it: its own fraction is as
 * large as 0.01 for each of the others lets it be. As ftag's get_bkg_norm_dict. */
static bool largest(const struct eval_scan *s, const struct eval_spec *spec,
                    const struct eval_discriminant *d, const struct eval_scores *scores,
                    double *norm)
{
    double rejection[EVAL_MOST_CLASSES], cut;
    size_t n = 0;
    for (size_t c = 0; c < spec->n_classes; c++)
        n += is_background(spec, d, c);
    for (size_t c = 0; c < spec->n_classes; c++) {
        struct eval_discriminant one = *d;
        if (!is_background(spec, d, c))
            continue;
        for (size_t k = 0; k < spec->n_classes; k++)
            one.fraction[k] = !is_background(spec, d, k) ? 0 : k == c ? 1 - 0.01 * (double)n : 0.01;
        if (!reject(s, spec, &one, scores, &cut, rejection))
            return false;
        norm[c] = rejection[c];
    }
    return true;
}

static double over(double value, double norm)
{
    return isfinite(value) && isfinite(norm) && norm > 0 ? value / norm : 0;
}

static void find_best(struct eval_scan *s, const struct eval_spec *spec,
                      const struct eval_discriminant *d, const double *norm)
{
    const size_t k = spec->n_classes;
    double x = 0, y = 0, far = -1;
    for (size_t i = 0; i < s->n; i++) {
        for (size_t c = 0; c < k; c++)
            if (is_background(spec, d, c))
                s->sum[i] += over(s->rejection[i * k + c], norm[c]);
        if (s->sum[i] > s->sum[s->best])
            s->best = i;
        x = fmax(x, over(s->rejection[i * k + s->class], 1));
        y = fmax(y, over(s->rejection[i * k + s->rest], 1));
    }
    for (size_t i = 0; i < s->n; i++) {
        const double a = over(s->rejection[i * k + s->class], x);
        const double b = over(s->rejection[i * k + s->rest], y);
        if (a * a + b * b > far)
            far = a * a + b * b, s->best_puma = i;
    }
}

/* The class that takes what is left: light flavour, or the background with the largest fraction. */
static bool find_classes(struct eval_scan *s, const struct eval_spec *spec,
                         const struct eval_discriminant *d)
{
    bool found = false, rest = false;
    for (size_t c = 0; c < spec->n_classes; c++)
        if (is_background(spec, d, c) && !strcmp(spec->class[c].letter, spec->scan.letter))
            s->class = c, found = true;
    for (size_t c = 0; found && c < spec->n_classes; c++) {
        const bool light = !strcmp(spec->class[c].letter, "u");
        if (!is_background(spec, d, c) || c == s->class)
            continue;
        if (!rest || light ||
            (strcmp(spec->class[s->rest].letter, "u") && d->fraction[c] > d->fraction[s->rest]))
            s->rest = c;
        rest = true;
    }
    return found && rest;
}

enum kaon_status kaon_eval_scan(struct eval_scan *s, const struct eval_spec *spec,
                                const struct eval_discriminant *d, const struct eval_scores *scores,
                                struct kaon_msg *msg)
{
    const struct eval_scan_wish *wish = &spec->scan;
    double norm[EVAL_MOST_CLASSES] = { 0 }, others = 0;
    *s = (struct eval_scan){ .efficiency = d->at[0] };
    if (wish->points == 0 || d->formula != EVAL_LOG || scores->class_count[d->signal] == 0 ||
        !find_classes(s, spec, d))
        return KAON_OK;
    for (size_t c = 0; c < spec->n_classes; c++)
        others += c != s->class && c != s->rest ? d->fraction[c] : 0;
    s->fraction = calloc(wish->points, sizeof *s->fraction);
    s->cut = calloc(wish->points, sizeof *s->cut);
    s->sum = calloc(wish->points, sizeof *s->sum);
    s->rejection = calloc(wish->points * spec->n_classes, sizeof *s->rejection);
    bool fits =
        s->fraction && s->cut && s->sum && s->rejection && largest(s, spec, d, scores, norm);
    for (size_t i = 0; fits && i < wish->points; i++) {
        struct eval_discriminant one = *d;
        const double step = (wish->to - wish->from) / (double)(wish->points - 1);
        const double f = i + 1 < wish->points ? wish->from + step * (double)i : wish->to;
        if (f + others > 1 + 1e-12)
            break; /* nothing is left for the rest */
        one.fraction[s->class] = s->fraction[i] = f;
        one.fraction[s->rest] = fmax(0, 1 - others - f);
        fits = reject(s, spec, &one, scores, &s->cut[i], s->rejection + i * spec->n_classes);
        s->n++;
    }
    if (fits)
        find_best(s, spec, d, norm);
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

void kaon_eval_scan_close(struct eval_scan *s)
{
    free(s->fraction);
    free(s->cut);
    free(s->sum);
    free(s->rejection);
    *s = (struct eval_scan){ .n = 0 };
}
