/* Background rejection against signal efficiency: a curve a model and background with its statistical
 * band, and for several models a panel a background with the ratio to the reference. And as CMS draws it:
 * the share of a background that passes. */
#include "tools/eval/album.h"

#include <math.h>
#include <stdio.h>

enum { MAIN = 470, RATIO = 150 };

static const struct eval_rejection nothing = { NAN, NAN, NAN, NAN };

static const struct eval_rejection *at(const struct eval_group *g, size_t m, size_t k, size_t i)
{
    const long c = kaon_eval_group_class(&g->curve[m], g->class[k]);
    return c < 0 ? &nothing : &g->curve[m].judged->roc.rejection[c][i];
}

/* Rejection, error, low and high of one curve: four columns, of which the first is returned. */
static size_t columns(struct eval_figure *f, const struct eval_group *g, size_t m, size_t k)
{
    static const char *const names[] = { "rejection", "error", "low", "high" };
    const size_t first = f->n_columns;
    for (size_t n = 0; n < 4; n++) {
        double *v = kaon_eval_figure_column(f, "%s_%s_%s", g->curve[m].entry->label,
                                            g->class[k] -> name, names[n]);
        for (size_t i = 0; v && i < f->rows; i++) {
            const struct eval_rejection *r = at(g, m, k, i);
            v[i] = n == 0 ? r->value : n == 1 ? r->error : n == 2 ? r->low : r->high;
        }
    }
    return first;
}

/* Curve over the reference's, with its band: columns for the panel alone, after all the others. */
static void ratio(struct eval_figure *f, struct eval_panel *p, const struct eval_group *g, size_t m,
                  size_t k, size_t b)
{
    static const char *const names[] = { "ratio", "ratio_low", "ratio_high" };
    const size_t first = f->n_columns;
    for (size_t n = 0; n < 3; n++) {
        double *v = kaon_eval_figure_column(f, "%s_%s_%s", g->curve[m].entry->label,
                                            g->class[k] -> name, names[n]);
        for (size_t i = 0; v && i < f->rows; i++) {
            const struct eval_rejection *r = at(g, m, k, i), *of = at(g, 0, k, i);
            const double value = n == 0 ? r->value : n == 1 ? r->low : r->high;
            v[i] = isfinite(of->value) ? value / of->value : NAN;
        }
    }
    const char *color = kaon_eval_series_color(g, m, k);
    kaon_eval_figure_series(
        f, p,
        (struct eval_series){ EVAL_BAND, .low = first + 1, .high = first + 2, .color = color });
    kaon_eval_figure_series(f, p,
                            (struct eval_series){ EVAL_LINE, .y = first, .color = color,
                                                  .dash = kaon_eval_series_dash(g, b) });
}

static void ratio_panels(struct eval_figure *f, const struct eval_group *g)
{
    for (size_t k = 0, b = 0; k < g->n_classes; k++) {
        if (!kaon_eval_is_background(g, k))
            continue;
        struct eval_panel *p = kaon_eval_figure_panel(f, g->class[k] -> text, RATIO);
        p->level = 1;
        if (b == 0)
            p->note = kaon_eval_pool_format(f->pool, "ratio to %s", g->curve[0].entry->label);
        for (size_t m = 0; m < g->n; m++)
            ratio(f, p, g, m, k, b);
        b++;
    }
}

/* A figure of one quantity of the curves against the signal efficiency, log y. */
struct plot {
    const char *stem, *title, *label;
    /* Columns of one curve, of which the first, drawn, is returned; its band is `low` columns on. */
    size_t (*columns)(struct eval_figure *, const struct eval_group *, size_t m, size_t k);
    size_t low;
};

static struct eval_figure *draw(struct eval_album *album, const struct eval_group *g,
                                const struct plot *plot, struct eval_panel **panel)
{
    const struct eval_judged *first = g->curve[0].judged;
    struct eval_figure *f =
        kaon_eval_album_add(album, EVAL_ROC_POINTS, "%s_%s", plot->stem, g->name);
    if (!f)
        return NULL;
    f->title = kaon_eval_pool_format(f->pool, "%s: %s", g->name, plot->title);
    f->x_label = kaon_eval_pool_format(f->pool, "efficiency for %s", kaon_eval_signal_text(g));
    f->x_from = first->of->roc_from;
    f->x_to = first->of->roc_to;
    kaon_eval_heading(f, g);
    double *x = kaon_eval_figure_column(f, "signal_efficiency");
    for (size_t i = 0; x && i < f->rows; i++)
        x[i] = first->roc.efficiency[i];
    struct eval_panel *p = *panel = kaon_eval_figure_panel(f, plot->label, MAIN);
    p->log_y = true;
    for (size_t m = 0; m < g->n; m++)
        for (size_t k = 0, b = 0; k < g->n_classes; k++) {
            if (!kaon_eval_is_background(g, k))
                continue;
            const size_t c = plot->columns(f, g, m, k);
            const char *color = kaon_eval_series_color(g, m, k);
            kaon_eval_figure_series(f, p,
                                    (struct eval_series){ EVAL_BAND, .low = c + plot->low,
                                                          .high = c + plot->low + 1,
                                                          .color = color });
            kaon_eval_figure_series(f, p,
                                    (struct eval_series){ EVAL_LINE, .y = c, .color = color,
                                                          .dash = kaon_eval_series_dash(g, b++) });
        }
    kaon_eval_legend(f, g);
    return f;
}

void kaon_eval_figures_roc(struct eval_album *album, const struct eval_group *g)
{
    static const struct plot plot = { "roc", "background rejection", "background rejection",
                                      columns, 2 };
    struct eval_panel *p;
    struct eval_figure *f = draw(album, g, &plot, &p);
    if (!f)
        return;
    p->from = 1;
    if (g->n > 1)
        ratio_panels(f, g);
}

/* Mistag, its low and high: three columns, of which the first is returned. */
static size_t mistag_columns(struct eval_figure *f, const struct eval_group *g, size_t m, size_t k)
{
    static const char *const names[] = { "mistag", "low", "high" };
    const size_t first = f->n_columns;
    for (size_t n = 0; n < 3; n++) {
        double *v = kaon_eval_figure_column(f, "%s_%s_%s", g->curve[m].entry->label,
                                            g->class[k] -> name, names[n]);
        for (size_t i = 0; v && i < f->rows; i++) {
            const struct eval_rejection *r = at(g, m, k, i);
            v[i] = 1 / (n == 0 ? r->value : n == 1 ? r->high : r->low);
        }
    }
    return first;
}

/* Of discriminants that are ratios; of others when it is asked for by name. */
void kaon_eval_figures_mistag(struct eval_album *album, const struct eval_group *g)
{
    static const struct plot plot = { "mistag", "mistag", "mistag", mistag_columns, 1 };
    struct eval_panel *p;
    if (g->curve[0].judged->of->formula != EVAL_RATIO && album->e->settings.n_plots == 0)
        return;
    if (draw(album, g, &plot, &p))
        p->to = 1;
}
