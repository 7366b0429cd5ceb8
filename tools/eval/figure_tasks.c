/* What a tagger says of tracks: the confusion of their origins, and efficiency and purity of vertices. */
#include "tools/eval/album.h"

#include <math.h>

enum { MATRIX = 520, PANEL = 300 };

static uint64_t row_sum(const struct eval_tasks *t, size_t row)
{
    uint64_t sum = 0;
    for (size_t c = 0; c <= EVAL_ORIGINS; c++)
        sum += t->origin[row][c];
    return sum;
}

void kaon_eval_figures_origin(struct eval_album *album, struct eval_entry *entry)
{
    const struct eval_tasks *t = &entry->scores.tasks;
    uint64_t tracks = 0;
    for (size_t r = 0; r < EVAL_ORIGINS; r++)
        tracks += row_sum(t, r);
    if (tracks == 0)
        return;
    struct eval_figure *f =
        kaon_eval_album_add(album, EVAL_ORIGINS * EVAL_ORIGINS, "origin_%s", entry->label);
    if (!f)
        return;
    double *x = kaon_eval_figure_column(f, "said"), *y = kaon_eval_figure_column(f, "true"),
           *v = kaon_eval_figure_column(f, "share");
    f->title = kaon_eval_pool_format(f->pool, "%s: origins of tracks", entry->label);
    f->names = kaon_eval_origins;
    f->n_names = EVAL_ORIGINS;
    for (size_t i = 0; v && i < f->rows; i++) {
        const size_t row = i % EVAL_ORIGINS, column = i / EVAL_ORIGINS;
        const uint64_t sum = row_sum(t, row);
        x[i] = (double)column;
        y[i] = (double)row;
        v[i] = sum ? (double)t->origin[row][column] / (double)sum : 0;
    }
    kaon_eval_heading_entry(f, entry);
    kaon_eval_figure_line(f, "row: true origin of the track; column: what %s says", entry->label);
    struct eval_panel *p = kaon_eval_figure_panel(f, "", MATRIX);
    kaon_eval_figure_series(f, p, (struct eval_series){ EVAL_CELLS, .x = 0, .y = 1, .low = 2 });
}

/* ---- vertices -------------------------------------------------------------------------------- */

/* k of n with its interval. */
static void share(double *value, double *low, double *high, uint64_t k, uint64_t n)
{
    *value = *low = *high = NAN;
    if (n == 0)
        return;
    *value = (double)k / (double)n;
    kaon_eval_wilson((double)k, (double)n, 1, low, high);
}

/* A panel: one quantity of each class, for vertices one by one and for all of a jet as one. */
static void panel(struct eval_figure *f, const struct eval_entry *entry, const char *what,
                  bool purity)
{
    static const char *const names[] = { "", "_low", "_high" };
    struct eval_panel *p = kaon_eval_figure_panel(f, what, PANEL);
    p->from = 0;
    p->to = 1.05;
    for (int inclusive = 0; inclusive < 2; inclusive++) {
        double *v[3];
        for (size_t n = 0; n < 3; n++)
            v[n] = kaon_eval_figure_column(f, "%s_%s%s", inclusive ? "inclusive" : "exclusive",
                                           purity ? "purity" : "efficiency", names[n]);
        for (size_t c = 0; !f->failed && c < f->rows; c++) {
            const struct eval_tasks *t = &entry->scores.tasks;
            const struct eval_vertex_counts *n = inclusive ? &t->inclusive[c] : &t->exclusive[c];
            share(&v[0][c], &v[1][c], &v[2][c], n->matched,
                  purity ? n->found_vertices : n->true_vertices);
        }
        const size_t first = f->n_columns - 3;
        kaon_eval_figure_series(f, p,
                                (struct eval_series){ EVAL_POINTS, .x = 0, .x_high = 1, .y = first,
                                                      .low = first + 1, .high = first + 2,
                                                      .color = kaon_eval_color((size_t)inclusive),
                                                      .dash = 1 });
    }
}

void kaon_eval_figures_vertex(struct eval_album *album, struct eval_entry *entry)
{
    const struct eval_spec *spec = &entry->spec;
    const struct eval_tasks *t = &entry->scores.tasks;
    uint64_t vertices = 0;
    for (size_t c = 0; c < spec->n_classes; c++)
        vertices += t->exclusive[c].true_vertices + t->exclusive[c].found_vertices;
    struct eval_figure *f =
        vertices ? kaon_eval_album_add(album, spec->n_classes, "vertex_%s", entry->label) : NULL;
    if (!f)
        return;
    double *low = kaon_eval_figure_column(f, "low"), *high = kaon_eval_figure_column(f, "high");
    for (size_t c = 0; high && c < f->rows; c++) {
        low[c] = (double)c - 0.5;
        high[c] = (double)c + 0.5;
    }
    f->title = kaon_eval_pool_format(f->pool, "%s: vertices", entry->label);
    f->x_from = -0.5;
    f->x_to = (double)spec->n_classes - 0.5;
    const char **names = kaon_eval_pool_take(f->pool, spec->n_classes + 1, sizeof *names);
    for (size_t c = 0; names && c < spec->n_classes; c++)
        names[c] = spec->class[c].text;
    f->x_names = names;
    kaon_eval_heading_entry(f, entry);
    kaon_eval_figure_line(f, "found and true vertices match if they share most tracks, 65 %% of "
                             "the true and 50 %% of the found one");
    panel(f, entry, "vertex efficiency", false);
    panel(f, entry, "vertex purity", true);
    kaon_eval_figure_key(f, "vertex by vertex", kaon_eval_color(0), 1);
    kaon_eval_figure_key(f, "all of a jet as one", kaon_eval_color(1), 1);
}
