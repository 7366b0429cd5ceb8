/* Efficiency of the signal and rejection of each background in bins of a variable, at a working point. */
#include "tools/eval/album.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAIN = 260, PANEL = 190 };

static const struct eval_binned *binned_of(const struct eval_curve *curve, size_t variable)
{
    const size_t d = (size_t)(curve->judged - curve->entry->judged);
    return &curve->entry->binned[d * curve->entry->spec.n_variables + variable];
}

/* The same variable of another model, NULL if it has no such bins. */
static const struct eval_binned *same(const struct eval_curve *curve, const struct eval_binned *of,
                                      size_t series)
{
    for (size_t v = 0; v < curve->entry->spec.n_variables; v++) {
        const struct eval_binned *b = binned_of(curve, v);
        if (!strcmp(b->variable->name, of->variable->name) && b->n_bins == of->n_bins &&
            series < b->n_series)
            return b;
    }
    return NULL;
}

/* "70 %", "one_cut" and the like in words. */
static const char *point_text(struct eval_figure *f, const struct eval_bin_series *s)
{
    const char *how = s->flat ? "a cut of its own in each bin" : "one cut for all jets";
    return s->target.name ? kaon_eval_pool_format(f->pool, "%s, %s", s->target.name, how)
                          : kaon_eval_pool_format(f->pool, "signal efficiency %.4g %%, %s",
                                                  100 * s->target.share, how);
}

static void edges(struct eval_figure *f, const struct eval_binned *b)
{
    for (size_t upper = 0; upper < 2; upper++) {
        double *v = kaon_eval_figure_column(f, upper ? "high" : "low");
        for (size_t i = 0; v && i < f->rows; i++)
            v[i] = b->edge[i + upper];
    }
}

/* What one bin gives: the efficiency with its interval, or the rejection with its own. */
static void measure(const struct eval_passing *p, bool is_signal, double *value, double *low,
                    double *high)
{
    *value = *low = *high = NAN;
    if (!(p->weight > 0))
        return;
    if (is_signal) {
        *value = p->weight_passed / p->weight;
        kaon_eval_wilson(*value * p->effective, p->effective, 1, low, high);
        return;
    }
    const struct eval_rejection r = kaon_eval_reject(p);
    *value = r.value;
    *low = r.low;
    *high = r.high;
}

static void points(struct eval_figure *f, struct eval_panel *panel, const struct eval_group *g,
                   size_t m, size_t k, const struct eval_binned *b, size_t series)
{
    static const char *const names[] = { "", "_low", "_high" };
    const long c = kaon_eval_group_class(&g->curve[m], g->class[k]);
    const bool is_signal = !kaon_eval_is_background(g, k);
    double *v[3];
    for (size_t n = 0; n < 3; n++)
        v[n] =
            kaon_eval_figure_column(f, "%s_%s_%s%s", g->curve[m].entry->label, g->class[k] -> name,
                                    is_signal ? "efficiency" : "rejection", names[n]);
    for (size_t i = 0; !f->failed && i < f->rows; i++)
        if (c < 0)
            v[0][i] = v[1][i] = v[2][i] = NAN;
        else
            measure(&b->series[series].passing[(size_t)c * b->n_bins + i], is_signal, &v[0][i],
                    &v[1][i], &v[2][i]);
    const size_t first = f->n_columns - 3;
    kaon_eval_figure_series(f, panel,
                            (struct eval_series){ EVAL_POINTS, .x = 0, .x_high = 1, .y = first,
                                                  .low = first + 1, .high = first + 2,
                                                  .color = kaon_eval_color(m), .dash = 1 });
}

static void panel(struct eval_figure *f, const struct eval_group *g, size_t k,
                  const struct eval_binned *b, size_t series)
{
    const bool is_signal = !kaon_eval_is_background(g, k);
    const char *what = is_signal ? "efficiency" : "rejection";
    struct eval_panel *p = kaon_eval_figure_panel(
        f, kaon_eval_pool_format(f->pool, "%s, %s", g->class[k] -> text, what),
        is_signal ? MAIN : PANEL);
    if (is_signal)
        p->level = b->series[series].target.share;
    else
        p->log_y = true;
    for (size_t m = 0; m < g->n; m++) {
        const struct eval_binned *mine = same(&g->curve[m], b, series);
        if (mine)
            points(f, p, g, m, k, mine, series);
    }
}

static void figure(struct eval_album *album, const struct eval_group *g,
                   const struct eval_binned *b, size_t series)
{
    const struct eval_bin_series *s = &b->series[series];
    const char *name = s->target.name
                           ? s->target.name
                           : kaon_eval_pool_format(&album->e->pool, "%.4g", 100 * s->target.share);
    struct eval_figure *f =
        kaon_eval_album_add(album, b->n_bins, "efficiency_%s_%s_%s%s", g->name, b->variable->name,
                            name ? name : "", s->flat ? "_flat" : "");
    if (!f)
        return;
    const char *point = point_text(f, s), *unit = b->variable->unit;
    f->title =
        kaon_eval_pool_format(f->pool, "%s against %s: %s", g->name, b->variable->text, point);
    f->x_label = kaon_eval_pool_format(f->pool, "%s%s%s%s", b->variable->text, *unit ? " [" : "",
                                       unit, *unit ? "]" : "");
    f->x_from = b->edge[0];
    f->x_to = b->edge[b->n_bins];
    kaon_eval_heading(f, g);
    kaon_eval_figure_line(f, "%s", point ? point : "");
    edges(f, b);
    for (int background = 0; background < 2; background++)
        for (size_t k = 0; k < g->n_classes; k++)
            if (kaon_eval_is_background(g, k) == background)
                panel(f, g, k, b, series);
    for (size_t m = 0; m < g->n; m++)
        kaon_eval_figure_key(f, g->curve[m].entry->label, kaon_eval_color(m), 1);
}

void kaon_eval_figures_binned(struct eval_album *album, const struct eval_group *g)
{
    for (size_t v = 0; v < g->curve[0].entry->spec.n_variables; v++) {
        const struct eval_binned *b = binned_of(&g->curve[0], v);
        for (size_t s = 0; b->n_bins > 0 && s < b->n_series; s++)
            figure(album, g, b, s);
    }
}
