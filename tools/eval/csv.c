#include "tools/eval/csv.h"

#include "tools/cli/atomic.h"

#include <string.h>

static const struct eval_rejection nothing = { 0, 0, 0, 0 };

static bool is_background(const struct eval_group *g, size_t k)
{
    return strcmp(g->class[k] -> name, g -> signal) != 0;
}

static void roc_header(FILE *to, const struct eval_group *g)
{
    fprintf(to, "signal_efficiency");
    for (size_t m = 0; m < g->n; m++)
        for (size_t k = 0; k < g->n_classes; k++)
            if (is_background(g, k))
                for (size_t i = 0; i < EVAL_CSV_ROC_EACH; i++)
                    fprintf(
                        to, ",%s_%s_%s", g->curve[m].entry->label, g->class [k] -> name,
                        (const char *const[]) { "rejection", "error", "low", "high" }[i]);
    fputc('\n', to);
}

static void roc_row(FILE *to, const struct eval_group *g, size_t i)
{
    fprintf(to, "%.10g", g->curve[0].judged->roc.efficiency[i]);
    for (size_t m = 0; m < g->n; m++)
        for (size_t k = 0; k < g->n_classes; k++) {
            const long c = kaon_eval_group_class(&g->curve[m], g->class[k]);
            const struct eval_rejection *r =
                c < 0 ? &nothing : &g->curve[m].judged->roc.rejection[c][i];
            if (is_background(g, k) && c >= 0)
                fprintf(to, ",%.10g,%.10g,%.10g,%.10g", r->value, r->error, r->low, r->high);
            else if (is_background(g, k))
                fprintf(to, ",nan,nan,nan,nan");
        }
    fputc('\n', to);
}

enum kaon_status kaon_eval_csv_roc(struct evaluation *e, const struct eval_group *g,
                                   const char *path, struct kaon_msg *msg)
{
    struct kaon_atomic file = { 0 };
    enum kaon_status status = kaon_atomic_open(&file, path, e->settings.force, msg);
    if (!status) {
        roc_header(file.file, g);
        for (size_t i = 0; i < EVAL_ROC_POINTS; i++)
            roc_row(file.file, g, i);
        status = kaon_atomic_commit(&file, msg);
    }
    return status ? status : kaon_eval_add_file(e, path, msg);
}

static void histogram_rows(FILE *to, const struct eval_group *g)
{
    const struct eval_judged *first = g->curve[0].judged;
    const double step = (first->high - first->low) / (double)first->bins;
    fprintf(to, "low,high");
    for (size_t m = 0; m < g->n; m++)
        for (size_t k = 0; k < g->n_classes; k++)
            fprintf(to, ",%s_%s", g->curve[m].entry->label, g->class[k] -> name);
    for (size_t b = 0; b < first->bins; b++) {
        fprintf(to, "\n%.10g,%.10g", first->low + step * (double)b,
                first->low + step * (double)(b + 1));
        for (size_t m = 0; m < g->n; m++)
            for (size_t k = 0; k < g->n_classes; k++) {
                const struct eval_judged *j = g->curve[m].judged;
                const long c = kaon_eval_group_class(&g->curve[m], g->class[k]);
                fprintf(to, ",%.10g", c < 0 ? 0 : j->histogram[(size_t)c * j->bins + b]);
            }
    }
    fputc('\n', to);
}

enum kaon_status kaon_eval_csv_histogram(struct evaluation *e, const struct eval_group *g,
                                         const char *path, struct kaon_msg *msg)
{
    struct kaon_atomic file = { 0 };
    enum kaon_status status = kaon_atomic_open(&file, path, e->settings.force, msg);
    if (!status) {
        histogram_rows(file.file, g);
        status = kaon_atomic_commit(&file, msg);
    }
    return status ? status : kaon_eval_add_file(e, path, msg);
}
