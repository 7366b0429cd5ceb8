/* What a cascade gains for what it costs: accuracy over arithmetic a jet, or over the share of jets that
 * the second model is asked for where the cost is not known. */
#include "tools/eval/album.h"
#include "tools/eval/derived.h"

#include <math.h>

enum { MAIN = 430 };

void kaon_eval_figures_cascade(struct eval_album *album, struct eval_entry *entry)
{
    const struct eval_derived *d = entry->derived;
    if (!d || !d->point)
        return;
    const bool costs = !isnan(d->chosen.macs);
    struct eval_figure *f =
        kaon_eval_album_add(album, EVAL_CASCADE_POINTS, "cascade_%s", entry->label);
    if (!f)
        return;
    f->title = kaon_eval_pool_format(f->pool, "%s: accuracy against cost", entry->label);
    f->x_label = costs ? "arithmetic a jet [MFLOP]" : "share of jets that the second is asked for";
    kaon_eval_heading_entry(f, entry);
    kaon_eval_figure_line(f, "%s (broken line)", d->text);
    double *x = kaon_eval_figure_column(f, costs ? "mflop_per_jet" : "share_second"),
           *y = kaon_eval_figure_column(f, "accuracy"),
           *share = kaon_eval_figure_column(f, "share"),
           *confidence = kaon_eval_figure_column(f, "confidence");
    for (size_t i = 0; confidence && i < f->rows; i++) {
        x[i] = costs ? 2e-6 * d->point[i].macs : d->point[i].share;
        y[i] = d->point[i].accuracy;
        share[i] = d->point[i].share;
        confidence[i] = d->point[i].confidence;
    }
    struct eval_panel *p = kaon_eval_figure_panel(f, "accuracy", MAIN);
    kaon_eval_figure_series(
        f, p,
        (struct eval_series){ EVAL_LINE, .x = 0, .y = 1, .color = kaon_eval_color(0), .dash = 1 });
    kaon_eval_figure_mark(f, costs ? 2e-6 * d->chosen.macs : d->chosen.share, "%g", d->confidence);
}
