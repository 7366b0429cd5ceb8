/* What a cut on a discriminant keeps: the efficiency of each class over the cut, and the purity of what
 * passes over the efficiency of the signal. */
#include "tools/eval/album.h"

#include <math.h>
#include <stdlib.h>

enum { MAIN = 430, STEPS = 200 };

/* Shares of a class above the lower edge of each of STEPS bins of [low, high]. */
static void integrate(const struct eval_curve *curve, size_t class, double low, double high,
                      double *share)
{
    const struct eval_spec *spec = &curve->entry->spec;
    const struct eval_scores *s = &curve->entry->scores;
    double sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->class[i] != class)
            continue;
        const double d = kaon_eval_discriminant(spec, curve->judged->of,
                                                s->probability + i * s->n_probabilities);
        const double bin = floor((d - low) / (high - low) * STEPS);
        const double w = s->weight ? (double)s->weight[i] : 1;
        sum += w;
        if (bin >= 0)
            share[bin >= STEPS ? STEPS - 1 : (size_t)bin] += w;
    }
    for (size_t b = STEPS - 1; b > 0; b--)
        share[b - 1] += share[b];
    for (size_t b = 0; b < STEPS && sum > 0; b++)
        share[b] /= sum;
}

void kaon_eval_figures_integrated(struct eval_album *album, const struct eval_group *g)
{
    const struct eval_judged *first = g->curve[0].judged;
    const double low = first->low, high = first->high;
    struct eval_figure *f = kaon_eval_album_add(album, STEPS, "integrated_%s", g->name);
    if (!f)
        return;
    f->title = kaon_eval_pool_format(f->pool, "%s: integrated efficiency", g->name);
    f->x_label = kaon_eval_pool_format(f->pool, "cut on %s", g->name);
    f->x_from = low;
    f->x_to = high;
    kaon_eval_heading(f, g);
    double *x = kaon_eval_figure_column(f, "cut");
    for (size_t i = 0; x && i < STEPS; i++)
        x[i] = low + (high - low) * (double)i / STEPS;
    struct eval_panel *p = kaon_eval_figure_panel(f, "share of jets above the cut", MAIN);
    p->from = 0;
    p->to = 1.05;
    for (size_t m = 0; m < g->n; m++)
        for (size_t k = 0; k < g->n_classes; k++) {
            const long c = kaon_eval_group_class(&g->curve[m], g->class[k]);
            double *v =
                kaon_eval_figure_column(f, "%s_%s", g->curve[m].entry->label, g->class[k] -> name);
            if (v && c >= 0)
                integrate(&g->curve[m], (size_t)c, low, high, v);
            kaon_eval_figure_series(f, p,
                                    (struct eval_series){ EVAL_LINE, .y = f->n_columns - 1,
                                                          .color = g->class[k] -> color,
                                                          .dash = kaon_eval_dash(m) });
        }
    kaon_eval_legend_of_classes(f, g);
}

/* Weight of a class in the sample. */
static double weight_of(const struct eval_judged *j, size_t class)
{
    return j->of->n_points ? j->point[0].passing[class].weight : (double)j->n[class];
}

/* Share of the signal among the jets that pass where the signal has efficiency roc.efficiency[i]. */
static double purity(const struct eval_spec *spec, const struct eval_judged *j, size_t i)
{
    const double signal = j->roc.efficiency[i] * weight_of(j, j->of->signal);
    double all = signal;
    for (size_t c = 0; c < spec->n_classes; c++)
        if (kaon_eval_judged_background(j, c))
            all += weight_of(j, c) / j->roc.rejection[c][i].value;
    return all > 0 ? signal / all : NAN;
}

void kaon_eval_figures_precision(struct eval_album *album, const struct eval_group *g)
{
    const struct eval_judged *first = g->curve[0].judged;
    struct eval_figure *f = kaon_eval_album_add(album, EVAL_ROC_POINTS, "precision_%s", g->name);
    if (!f)
        return;
    f->title = kaon_eval_pool_format(f->pool, "%s: precision and recall", g->name);
    f->x_label =
        kaon_eval_pool_format(f->pool, "efficiency for %s (recall)", kaon_eval_signal_text(g));
    f->x_from = first->of->roc_from;
    f->x_to = first->of->roc_to;
    kaon_eval_heading(f, g);
    kaon_eval_figure_line(f, "for the composition of this sample");
    double *x = kaon_eval_figure_column(f, "recall");
    for (size_t i = 0; x && i < f->rows; i++)
        x[i] = first->roc.efficiency[i];
    struct eval_panel *p =
        kaon_eval_figure_panel(f, "purity of the jets that pass (precision)", MAIN);
    for (size_t m = 0; m < g->n; m++) {
        double *v = kaon_eval_figure_column(f, "%s_precision", g->curve[m].entry->label);
        for (size_t i = 0; v && i < f->rows; i++)
            v[i] = purity(&g->curve[m].entry->spec, g->curve[m].judged, i);
        kaon_eval_figure_series(f, p,
                                (struct eval_series){ EVAL_LINE, .y = f->n_columns - 1,
                                                      .color = kaon_eval_color(m), .dash = 1 });
        kaon_eval_figure_key(f, g->curve[m].entry->label, kaon_eval_color(m), 1);
    }
}
