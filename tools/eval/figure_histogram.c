/* Histograms of classes, normalised: of a discriminant, with its working points, and of probabilities. */
#include "tools/eval/album.h"

#include <math.h>
#include <string.h>

enum { MAIN = 470, PANEL = 200, BINS = 40 };

/* Columns low and high of equal bins in [low, high]. */
static void edges(struct eval_figure *f, double low, double high)
{
    const double step = (high - low) / (double)f->rows;
    for (int upper = 0; upper < 2; upper++) {
        double *v = kaon_eval_figure_column(f, upper ? "high" : "low");
        for (size_t i = 0; v && i < f->rows; i++)
            v[i] = low + step * (double)(i + (size_t)upper);
    }
}

static void steps(struct eval_figure *f, struct eval_panel *p, const char *color, int dash)
{
    kaon_eval_figure_series(f, p,
                            (struct eval_series){ EVAL_STEPS, .x = 0, .x_high = 1,
                                                  .y = f->n_columns - 1, .color = color,
                                                  .dash = dash });
}

/* Room for the marks above the histograms. */
static void head_room(const struct eval_figure *f, struct eval_panel *p)
{
    double most = 0;
    for (size_t s = 0; s < p->n && !f->failed; s++)
        for (size_t i = 0; i < f->rows; i++)
            most = fmax(most, f->column[p->series[s].y].value[i]);
    p->from = 0;
    p->to = most > 0 ? 1.3 * most : 1;
}

/* ---- a discriminant -------------------------------------------------------------------------- */

/* Fills the histograms of all models over one range. */
static bool fill(struct eval_album *album, const struct eval_group *g)
{
    double low = INFINITY, high = -INFINITY;
    struct kaon_msg msg = { "" };
    for (size_t m = 0; m < g->n; m++) {
        low = fmin(low, g->curve[m].judged->low);
        high = fmax(high, g->curve[m].judged->high);
    }
    for (size_t m = 0; m < g->n; m++)
        if (kaon_eval_histogram(g->curve[m].judged, &g->curve[m].entry->spec,
                                &g->curve[m].entry->scores, floor(low), ceil(high),
                                g->curve[0].judged->of->bins, &msg))
            album->failed = true;
    return !album->failed;
}

static void working_points(struct eval_figure *f, const struct eval_judged *j)
{
    for (size_t i = 0; i < j->of->n_points; i++)
        if (j->point[i].cut > j->low && j->point[i].cut < j->high)
            kaon_eval_figure_mark(f, j->point[i].cut, "%.4g %%", 100 * j->point[i].wanted);
}

static void keys(struct eval_figure *f, const struct eval_group *g)
{
    kaon_eval_legend_of_classes(f, g);
    if (g->n > 1)
        kaon_eval_figure_key(f,
                             kaon_eval_pool_format(f->pool, "cuts of %s", g->curve[0].entry->label),
                             "#717581", 3);
}

void kaon_eval_figures_discriminant(struct eval_album *album, const struct eval_group *g)
{
    const struct eval_judged *first = g->curve[0].judged;
    if (!fill(album, g))
        return;
    struct eval_figure *f = kaon_eval_album_add(album, first->bins, "discriminant_%s", g->name);
    if (!f)
        return;
    f->title = kaon_eval_pool_format(f->pool, "%s: distribution", g->name);
    f->x_label = g->name;
    f->x_from = first->low;
    f->x_to = first->high;
    kaon_eval_heading(f, g);
    edges(f, first->low, first->high);
    struct eval_panel *p = kaon_eval_figure_panel(f, "share of jets a bin", MAIN);
    for (size_t m = 0; m < g->n; m++)
        for (size_t k = 0; k < g->n_classes; k++) {
            const struct eval_judged *j = g->curve[m].judged;
            const long c = kaon_eval_group_class(&g->curve[m], g->class[k]);
            double *v =
                kaon_eval_figure_column(f, "%s_%s", g->curve[m].entry->label, g->class[k] -> name);
            for (size_t i = 0; v && c >= 0 && i < f->rows; i++)
                v[i] = j->histogram[(size_t)c * j->bins + i];
            steps(f, p, g->class[k] -> color, kaon_eval_dash(m));
        }
    head_room(f, p);
    working_points(f, first);
    keys(f, g);
}

/* ---- probabilities --------------------------------------------------------------------------- */

/* Shares of one class in bins of [0, 1]. */
static void histogram(const struct eval_scores *s, size_t class, size_t probability, double *share)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->class[i] != class)
            continue;
        const double p = (double)s->probability[i * s->n_probabilities + probability];
        const double w = s->weight ? (double)s->weight[i] : 1;
        const double bin = floor(p * BINS);
        share[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : (size_t)bin] += w;
        sum += w;
    }
    for (size_t b = 0; b < BINS && sum > 0; b++)
        share[b] /= sum;
}

static void panel(struct eval_figure *f, const struct eval_entry *entry, size_t probability)
{
    const struct eval_spec *spec = &entry->spec;
    const char *name = spec->probability[probability].published;
    struct eval_panel *p = kaon_eval_figure_panel(f, name, PANEL);
    p->log_y = true;
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (entry->scores.class_count[c] == 0)
            continue;
        double *v = kaon_eval_figure_column(f, "%s_%s", name, spec->class[c].name);
        if (v)
            histogram(&entry->scores, c, probability, v);
        steps(f, p, spec->class[c].color, 1);
    }
}

/* A figure a model, in it a panel a probability with its distribution for each class. */
void kaon_eval_figures_probability(struct eval_album *album, struct eval_entry *entry)
{
    const struct eval_spec *spec = &entry->spec;
    struct eval_figure *f = kaon_eval_album_add(album, BINS, "probability_%s", entry->label);
    if (!f)
        return;
    f->title = kaon_eval_pool_format(f->pool, "%s: probabilities", entry->label);
    f->x_label = "probability (share of jets a bin)";
    f->x_from = 0;
    f->x_to = 1;
    kaon_eval_heading_entry(f, entry);
    edges(f, 0, 1);
    for (size_t c = 0; c < spec->n_classes; c++)
        if (spec->class[c].probability >= 0)
            panel(f, entry, (size_t)spec->class[c].probability);
    for (size_t c = 0; c < spec->n_classes; c++)
        if (entry->scores.class_count[c] > 0)
            kaon_eval_figure_key(f, spec->class[c].text, spec->class[c].color, 1);
}
