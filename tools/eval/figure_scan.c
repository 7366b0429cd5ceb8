/* Rejections at one signal efficiency as a fraction runs, and their best compromise: one over the other, and
 * both over the fraction. */
#include "tools/eval/album.h"
#include "tools/eval/scan.h"

#include <math.h>

enum { MAIN = 330, SUM = 170 };

static void rejections(struct eval_figure *f, const struct eval_entry *entry,
                       const struct eval_scan *scan, struct eval_panel *p, size_t signal)
{
    const struct eval_spec *spec = &entry->spec;
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (c == signal || entry->scores.class_count[c] == 0)
            continue;
        double *v = kaon_eval_figure_column(f, "rejection_%s", spec->class[c].name);
        for (size_t i = 0; v && i < f->rows; i++)
            v[i] = scan->rejection[i * spec->n_classes + c];
        kaon_eval_figure_series(f, p,
                                (struct eval_series){ EVAL_LINE, .y = f->n_columns - 1,
                                                      .color = spec->class[c].color, .dash = 1 });
        kaon_eval_figure_key(f, spec->class[c].text, spec->class[c].color, 1);
    }
}

static void figure(struct eval_album *album, struct eval_entry *entry, size_t d)
{
    const struct eval_spec *spec = &entry->spec;
    const struct eval_scan *scan = &entry->scan[d];
    const char *name = spec->discriminant[d].name, *letter = spec->class[scan->class].letter;
    struct eval_figure *f = kaon_eval_album_add(album, scan->n, "scan_%s_%s", name, entry->label);
    if (!f)
        return;
    f->title = kaon_eval_pool_format(f->pool, "%s: scan of f_%s", name, letter);
    f->x_label = kaon_eval_pool_format(f->pool, "f_%s", letter);
    kaon_eval_heading_entry(f, entry);
    kaon_eval_figure_line(f, "%s of %s at %.4g %% efficiency; the rest goes to %s", name,
                          entry->label, 100 * scan->efficiency, spec->class[scan->rest].text);
    kaon_eval_figure_line(f, "best f_%s = %.4g (sum of rejections), %.4g (puma)", letter,
                          scan->fraction[scan->best], scan->fraction[scan->best_puma]);
    double *x = kaon_eval_figure_column(f, "fraction");
    for (size_t i = 0; x && i < f->rows; i++)
        x[i] = scan->fraction[i];
    f->x_from = scan->fraction[0];
    f->x_to = scan->fraction[scan->n - 1];
    struct eval_panel *p = kaon_eval_figure_panel(f, "background rejection", MAIN);
    p->log_y = true;
    rejections(f, entry, scan, p, spec->discriminant[d].signal);
    p = kaon_eval_figure_panel(f, "sum of relative ones", SUM);
    double *sum = kaon_eval_figure_column(f, "sum");
    for (size_t i = 0; sum && i < f->rows; i++)
        sum[i] = scan->sum[i];
    kaon_eval_figure_series(
        f, p,
        (struct eval_series){ EVAL_LINE, .y = f->n_columns - 1, .color = "#000000", .dash = 1 });
    kaon_eval_figure_mark(f, scan->fraction[scan->best], "best");
}

void kaon_eval_figures_scan(struct eval_album *album, struct eval_entry *entry)
{
    for (size_t d = 0; entry->scan && d < entry->spec.n_discriminants; d++)
        if (entry->scan[d].n > 1)
            figure(album, entry, d);
}
