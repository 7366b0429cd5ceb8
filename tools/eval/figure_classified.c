/* A model as a classifier: confusion, areas of pairs of classes, calibration, entropy. */
#include "tools/eval/album.h"

#include <math.h>

enum { MATRIX = 420, MAIN = 430 };

/* A matrix of classes: a row a true class, a column a predicted one. */
static struct eval_figure *matrix(struct eval_album *album, struct eval_entry *entry,
                                  const char *stem, const char *title,
                                  double (*value)(const struct eval_classified *, size_t, size_t),
                                  bool all_rows)
{
    const struct eval_spec *spec = &entry->spec;
    struct eval_figure *f =
        kaon_eval_album_add(album, spec->n_classes * spec->n_classes, "%s_%s", stem, entry->label);
    const char **names =
        f ? kaon_eval_pool_take(f->pool, spec->n_classes + 1, sizeof *names) : NULL;
    if (!names)
        return NULL;
    double *x = kaon_eval_figure_column(f, "predicted"), *y = kaon_eval_figure_column(f, "true"),
           *v = kaon_eval_figure_column(f, "value");
    f->title = kaon_eval_pool_format(f->pool, "%s: %s", entry->label, title);
    f->names = names;
    size_t n = 0, column = 0;
    for (size_t c = 0; c < spec->n_classes; c++)
        if (entry->classified->predicted[c] || all_rows)
            names[f->n_names++] = spec->class[c].text;
    for (size_t p = 0; !f->failed && p < spec->n_classes; p++) {
        if (!entry->classified->predicted[p] && !all_rows)
            continue;
        for (size_t t = 0, row = 0; t < spec->n_classes; t++)
            if (entry->classified->predicted[t] || all_rows) {
                x[n] = (double)column;
                y[n] = (double)row++;
                v[n++] = value(entry->classified, t, p);
            }
        column++;
    }
    f->rows = n;
    kaon_eval_heading_entry(f, entry);
    struct eval_panel *panel = kaon_eval_figure_panel(f, "", MATRIX);
    kaon_eval_figure_series(f, panel, (struct eval_series){ EVAL_CELLS, .x = 0, .y = 1, .low = 2 });
    return f;
}

static double confusion(const struct eval_classified *c, size_t t, size_t p)
{
    return c->predicted[p] ? c->confusion[t][p] : 0;
}

static double area(const struct eval_classified *c, size_t t, size_t p)
{
    return t == p ? c->auc_rest[t] : c->auc[t][p];
}

void kaon_eval_figures_confusion(struct eval_album *album, struct eval_entry *entry)
{
    if (!entry->classified)
        return;
    struct eval_figure *f =
        matrix(album, entry, "confusion", "confusion, rows sum to one", confusion, true);
    if (f) {
        kaon_eval_figure_line(f, "row: true class; column: class of the largest probability");
        kaon_eval_figure_line(f, "rows sum to one; accuracy %.4f", entry->classified->accuracy);
    }
    f = matrix(album, entry, "auc", "areas of pairs of classes", area, false);
    if (f) {
        f->panel[0].label = "class";
        f->x_label = "against";
        kaon_eval_figure_line(f,
                              "area of p_i / (p_i + p_j); diagonal: against all others; "
                              "mean of pairs %.4f",
                              entry->classified->auc_mean);
    }
}

static void reliability(struct eval_figure *f, struct eval_panel *p, const char *name,
                        const struct eval_calibration *c, const char *color, int dash)
{
    double *x = kaon_eval_figure_column(f, "%s_mean", name),
           *y = kaon_eval_figure_column(f, "%s_share", name);
    for (size_t i = 0; y && i < f->rows; i++) {
        x[i] = c->mean[i];
        y[i] = c->share[i];
    }
    kaon_eval_figure_series(f, p,
                            (struct eval_series){ EVAL_LINE, .x = f->n_columns - 2,
                                                  .y = f->n_columns - 1, .color = color,
                                                  .dash = dash });
}

/* Of each probability the share of jets that are of its class, over the probability. */
void kaon_eval_figures_calibration(struct eval_album *album, struct eval_entry *entry)
{
    const struct eval_spec *spec = &entry->spec;
    const struct eval_classified *c = entry->classified;
    struct eval_figure *f =
        c ? kaon_eval_album_add(album, EVAL_CALIBRATION_BINS, "calibration_%s", entry->label)
          : NULL;
    if (!f)
        return;
    f->title = kaon_eval_pool_format(f->pool, "%s: calibration", entry->label);
    f->x_label = "mean probability in the bin";
    f->x_from = 0;
    f->x_to = 1;
    kaon_eval_heading_entry(f, entry);
    kaon_eval_figure_line(f, "expected calibration error of the largest probability %.4f",
                          c->confidence.error);
    struct eval_panel *p = kaon_eval_figure_panel(f, "share of jets of the class", MAIN);
    p->from = 0;
    p->to = 1;
    p->diagonal = true;
    for (size_t k = 0; k < spec->n_classes; k++)
        if (c->predicted[k]) {
            reliability(f, p, spec->class[k].name, &c->calibration[k], spec->class[k].color, 1);
            kaon_eval_figure_key(f,
                                 kaon_eval_pool_format(f->pool, "%s (%.3f)", spec->class[k].text,
                                                       c->calibration[k].error),
                                 spec->class[k].color, 1);
        }
    reliability(f, p, "largest", &c->confidence, "#000000", 2);
    kaon_eval_figure_key(f, "largest probability", "#000000", 2);
}

void kaon_eval_figures_entropy(struct eval_album *album, struct eval_entry *entry)
{
    const struct eval_spec *spec = &entry->spec;
    const struct eval_classified *c = entry->classified;
    struct eval_figure *f =
        c ? kaon_eval_album_add(album, EVAL_ENTROPY_BINS, "entropy_%s", entry->label) : NULL;
    if (!f)
        return;
    const double step = c->largest_entropy / EVAL_ENTROPY_BINS;
    double *low = kaon_eval_figure_column(f, "low"), *high = kaon_eval_figure_column(f, "high");
    for (size_t i = 0; high && i < f->rows; i++) {
        low[i] = step * (double)i;
        high[i] = step * (double)(i + 1);
    }
    f->title = kaon_eval_pool_format(f->pool, "%s: entropy", entry->label);
    f->x_label = "entropy of the probabilities [nats]";
    f->x_from = 0;
    f->x_to = c->largest_entropy;
    kaon_eval_heading_entry(f, entry);
    struct eval_panel *p = kaon_eval_figure_panel(f, "share of jets a bin", MAIN);
    p->from = 0;
    for (size_t k = 0; k < spec->n_classes; k++) {
        if (entry->scores.class_count[k] == 0)
            continue;
        double *v = kaon_eval_figure_column(f, "%s", spec->class[k].name);
        for (size_t i = 0; v && i < f->rows; i++)
            v[i] = c->entropy[k].share[i];
        kaon_eval_figure_series(f, p,
                                (struct eval_series){ EVAL_STEPS, .x = 0, .x_high = 1,
                                                      .y = f->n_columns - 1,
                                                      .color = spec->class[k].color, .dash = 1 });
        kaon_eval_figure_key(f,
                             kaon_eval_pool_format(f->pool, "%s (mean %.3f)", spec->class[k].text,
                                                   c->entropy[k].mean),
                             spec->class[k].color, 1);
    }
}
