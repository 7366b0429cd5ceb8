#include "tools/eval/plot.h"

#include "tools/cli/atomic.h"
#include "tools/cli/interrupt.h"
#include "tools/eval/csv.h"
#include "tools/eval/gnuplot.h"
#include "tools/eval/picture.h"

#include <math.h>
#include <string.h>

/* A kind of picture. */
struct kind {
    const char *stem;
    enum kaon_status (*csv)(struct evaluation *, const struct eval_group *, const char *,
                            struct kaon_msg *);
    struct eval_canvas (*canvas)(const struct eval_group *);
    void (*script)(FILE *, const struct eval_group *, const char *);
};

static const struct kind kinds[] = {
    { "roc", kaon_eval_csv_roc, kaon_eval_roc_canvas, kaon_eval_roc_script },
    { "discriminant", kaon_eval_csv_histogram, kaon_eval_histogram_canvas,
      kaon_eval_histogram_script },
};

/* Terminals of gnuplot. Text is taken as it is: names of models and files come from outside. */
static const struct {
    const char *extension, *terminal;
    double scale;
} formats[] = {
    { "png", "pngcairo noenhanced font 'DejaVu Sans,12' linewidth 1", 1 },
    { "svg", "svg noenhanced font 'DejaVu Sans,12' linewidth 1 background 'white'", 1 },
};

struct drawing {
    struct evaluation *e;
    const struct kaon_say *say;
    bool off; /* no gnuplot, or it failed once: data only */
};

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

/* One file. A picture that cannot be drawn is a warning: its data is there. */
static enum kaon_status draw(struct drawing *d, const struct kind *kind, const struct eval_group *g,
                             const char *csv, size_t format, struct kaon_msg *msg)
{
    struct kaon_atomic file = { 0 };
    struct eval_gnuplot gnuplot = { NULL };
    const struct eval_canvas canvas = kind->canvas(g);
    bool missing = false;
    const char *path = kaon_eval_pool_format(&d->e->pool, "%.*s.%s", (int)strlen(csv) - 4, csv,
                                             formats[format].extension);
    enum kaon_status status =
        path ? kaon_atomic_open(&file, path, d->e->settings.force, msg) : no_memory(msg);
    if (!status)
        status = kaon_atomic_detach(&file, msg);
    if (!status)
        status = kaon_eval_gnuplot_begin(&gnuplot, msg);
    if (status) {
        kaon_atomic_abandon(&file);
        return status;
    }
    fprintf(gnuplot.script, "set terminal %s size %d,%d\nset output ", formats[format].terminal,
            canvas.width, canvas.height);
    kaon_eval_gnuplot_text(gnuplot.script, file.temporary);
    fprintf(gnuplot.script, "\nset datafile separator ','\nset datafile commentschars ''\n"
                            "set key autotitle columnhead\nset encoding utf8\n"
                            "set border linewidth 1.2\nset tics nomirror\n");
    kind->script(gnuplot.script, g, csv);
    fprintf(gnuplot.script, "unset output\n");
    struct kaon_msg why = { "" };
    if (kaon_eval_gnuplot_run(&gnuplot, &missing, &why)) {
        kaon_atomic_abandon(&file);
        d->off = true;
        kaon_say_warning(d->say, "%s; pictures are left out, their data is in the CSV files",
                         missing ? "gnuplot is not installed" : why.text);
        return KAON_OK;
    }
    status = kaon_atomic_commit(&file, msg);
    return status ? status : kaon_eval_add_file(d->e, path, msg);
}

static enum kaon_status draw_kind(struct drawing *d, const struct kind *kind,
                                  const struct eval_group *g, struct kaon_msg *msg)
{
    const char *csv =
        kaon_eval_pool_format(&d->e->pool, "%s/%s_%s.csv", d->e->settings.out, kind->stem, g->name);
    enum kaon_status status = csv ? kind->csv(d->e, g, csv, msg) : no_memory(msg);
    for (size_t f = 0; !status && f < sizeof formats / sizeof *formats; f++)
        if (!d->off && !kaon_interrupted())
            status = draw(d, kind, g, csv, f, msg);
    return status;
}

/* Fills the histograms of a group over one range. */
static enum kaon_status fill_histograms(struct eval_group *g, struct kaon_msg *msg)
{
    double low = INFINITY, high = -INFINITY;
    enum kaon_status status = KAON_OK;
    for (size_t m = 0; m < g->n; m++) {
        low = fmin(low, g->curve[m].judged->low);
        high = fmax(high, g->curve[m].judged->high);
    }
    for (size_t m = 0; !status && m < g->n; m++)
        status = kaon_eval_histogram(g->curve[m].judged, &g->curve[m].entry->spec,
                                     &g->curve[m].entry->scores, floor(low), ceil(high),
                                     g->curve[0].judged->of->bins, msg);
    return status;
}

static bool is_first(const struct evaluation *e, size_t i, size_t d)
{
    const char *name = e->entry[i].spec.discriminant[d].name;
    for (size_t k = 0; k < i; k++)
        for (size_t j = 0; j < e->entry[k].spec.n_discriminants; j++)
            if (!strcmp(e->entry[k].spec.discriminant[j].name, name))
                return false;
    return true;
}

enum kaon_status kaon_eval_plot(struct evaluation *e, const struct kaon_say *say,
                                struct kaon_msg *msg)
{
    struct drawing drawing = { e, say, e->settings.no_plots };
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; i < e->n; i++)
        for (size_t d = 0; !status && d < e->entry[i].spec.n_discriminants; d++) {
            struct eval_group g;
            if (!is_first(e, i, d))
                continue;
            if (!kaon_eval_group(&g, e, e->entry[i].spec.discriminant[d].name))
                return no_memory(msg);
            if (g.n == 0)
                continue; /* no jet of the signal */
            status = fill_histograms(&g, msg);
            for (size_t k = 0; !status && k < sizeof kinds / sizeof *kinds; k++)
                status = draw_kind(&drawing, &kinds[k], &g, msg);
        }
    return status;
}
