#include "tools/eval/sweep.h"

#include <math.h>
#include <string.h>

#include "tools/cli/fail.h"
#include "tools/cli/json.h"
#include "tools/eval/comparisons.h"
#include "tools/eval/print_part.h"

/* ---- the variants ----------------------------------------------------------------------------- */

/* The variants of all words, which have ';' between; NULL without memory. */
static const char **variants(struct evaluation *e, const struct kaon_words *words, size_t *n)
{
    size_t most = 1;
    for (size_t i = 0; i < words->n; i++)
        most += strlen(words->word[i]);
    const char **list = kaon_eval_pool_take(&e->pool, most, sizeof *list);
    *n = 0;
    for (size_t i = 0; list && i < words->n; i++) {
        char *rest = NULL, *copy = kaon_eval_pool_text(&e->pool, words->word[i]);
        if (!copy)
            return NULL;
        for (char *w = strtok_r(copy, ";", &rest); w; w = strtok_r(NULL, ";", &rest))
            list[(*n)++] = w;
    }
    return list;
}

enum kaon_status kaon_eval_sweep_expand(struct evaluation *e, const struct eval_options *o,
                                        struct eval_wanted *w, struct kaon_msg *msg)
{
    size_t n, at = 0;
    if (!o->sweep.n)
        return KAON_OK;
    const char **list = variants(e, &o->sweep, &n);
    const size_t each = n + 1;
    if (n > 0 && (w->n_folds || o->engine.attention || w->n_models == 0))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--attention-sweep goes with models alone, without --attention and "
                             "--fold-field");
    const char **model = kaon_eval_pool_take(&e->pool, w->n_models * each + 1, sizeof *model);
    w->attention = kaon_eval_pool_take(&e->pool, w->n_models * each + 1, sizeof *w->attention);
    if (!list || !model || !w->attention)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < w->n_models; i++)
        for (size_t k = 0; k < each; k++, at++) {
            model[at] = w->model[i];
            w->attention[at] = k ? list[k - 1] : NULL;
        }
    w->model = model;
    w->n_models = at;
    return KAON_OK;
}

const char *kaon_eval_sweep_name(struct eval_pool *pool, const char *attention)
{
    char *name = kaon_eval_pool_text(pool, attention);
    for (char *c = name; c && *c; c++)
        if (strchr(":,=/ ", *c))
            *c = '_';
    return name;
}

/* ---- the change ------------------------------------------------------------------------------- */

static size_t best(const float *p, size_t n)
{
    size_t at = 0;
    for (size_t i = 1; i < n; i++)
        at = p[i] > p[at] ? i : at;
    return at;
}

struct eval_change kaon_eval_change(const struct eval_scores *own, const struct eval_scores *other)
{
    struct eval_change c = { 0 };
    const size_t n = own->n_probabilities;
    size_t others = 0;
    double sum = 0;
    if (n == 0 || other->n_probabilities != n)
        return c;
    for (size_t i = 0, k = 0; i < own->n && k < other->n;) { /* rows are in order */
        if (own->row[i] != other->row[k]) {
            own->row[i] < other->row[k] ? i++ : k++;
            continue;
        }
        const float *a = own->probability + i++ * n, *b = other->probability + k++ * n;
        for (size_t p = 0; p < n; p++) {
            const double change = fabs((double)b[p] - (double)a[p]);
            sum += change;
            c.most = fmax(c.most, change);
        }
        others += best(a, n) != best(b, n);
        c.jets++;
    }
    c.mean = c.jets ? sum / (double)(c.jets * n) : 0;
    c.other_best = c.jets ? (double)others / (double)c.jets : 0;
    return c;
}

/* ---- what is told ----------------------------------------------------------------------------- */

/* The model of an entry under its own attention: the last before it without another. */
static const struct eval_entry *own_of(const struct evaluation *e, size_t i)
{
    while (i > 0 && e->entry[i].attention)
        i--;
    return &e->entry[i];
}

static bool is_swept(const struct eval_entry *entry)
{
    return entry->attention && entry->sweep;
}

/* Change of the area against class c under discriminant d; NaN where there is none. */
static double area_change(const struct eval_entry *own, const struct eval_entry *other, size_t d,
                          size_t c)
{
    if (d >= other->spec.n_discriminants || c == own->spec.discriminant[d].signal ||
        own->judged[d].n[c] == 0 || other->judged[d].n[c] == 0)
        return NAN;
    return other->judged[d].auc[c] - own->judged[d].auc[c];
}

static void print_areas(struct kaon_out *out, const struct eval_entry *own,
                        const struct eval_entry *other)
{
    for (size_t d = 0; d < own->spec.n_discriminants; d++)
        for (size_t c = 0; c < own->spec.n_classes; c++) {
            const double change = area_change(own, other, d, c);
            if (!isnan(change))
                kaon_out_printf(out, "  %s/%s %+.4f", own->spec.discriminant[d].name,
                                own->spec.class[c].letter, change);
        }
}

void kaon_eval_print_sweep(struct kaon_out *out, const struct evaluation *e)
{
    bool any = false;
    for (size_t i = 0; i < e->n; i++) {
        const struct eval_entry *entry = &e->entry[i], *own = own_of(e, i);
        if (!is_swept(entry))
            continue;
        if (!any)
            kaon_out_printf(out,
                            "Attention in place of the model's own: mean and largest change of "
                            "a probability,\njets with another most probable class, time, and "
                            "change of the areas\n");
        any = true;
        const struct eval_change c = kaon_eval_change(&own->scores, &entry->scores);
        kaon_out_printf(out, "  ");
        kaon_eval_print_cell(out, entry->attention, 24);
        kaon_out_printf(out, "%.2e  %.2e  %5.1f %%", c.mean, c.most, 100 * c.other_best);
        if (own->run_seconds > 0) /* nothing is run in a merge */
            kaon_out_printf(out, "  x %.2f", entry->run_seconds / own->run_seconds);
        print_areas(out, own, entry);
        kaon_out_printf(out, "\n");
    }
    if (any)
        kaon_out_printf(out, "\n");
}

static json_t *areas(const struct eval_entry *own, const struct eval_entry *other)
{
    json_t *all = json_object();
    for (size_t d = 0; d < own->spec.n_discriminants; d++) {
        json_t *by_class = json_object();
        for (size_t c = 0; c < own->spec.n_classes; c++) {
            const double change = area_change(own, other, d, c);
            if (!isnan(change))
                json_object_set_new(by_class, own->spec.class[c].name, kaon_json_number(change));
        }
        json_object_set_new(all, own->spec.discriminant[d].name, by_class);
    }
    return all;
}

json_t *kaon_eval_report_sweep(const struct evaluation *e)
{
    json_t *all = NULL;
    for (size_t i = 0; i < e->n; i++) {
        const struct eval_entry *entry = &e->entry[i], *own = own_of(e, i);
        if (!is_swept(entry))
            continue;
        if (!all)
            all = json_array();
        const struct eval_change c = kaon_eval_change(&own->scores, &entry->scores);
        json_array_append_new(
            all, json_pack("{s:o, s:o, s:o, s:I, s:f, s:f, s:f, s:o}", "model",
                           kaon_json_text(own->label), "name", kaon_json_text(entry->label),
                           "attention", kaon_json_text(entry->attention), "jets",
                           (json_int_t)c.jets, "mean_change", c.mean, "largest_change", c.most,
                           "other_class", c.other_best, "auc_change", areas(own, entry)));
    }
    return all;
}
