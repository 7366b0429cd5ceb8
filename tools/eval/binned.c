#include "tools/eval/binned.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHOSEN_BINS = 10 };

/* The jets of one discriminant, gathered by bin: those of bin b are [first[b], first[b + 1]). */
struct gathered {
    double *value;
    unsigned char *class;
    float *weight; /* NULL: all one */
    size_t *first;
};

/* ---- bins ------------------------------------------------------------------------------------ */

static double value_of(const struct eval_scores *s, const struct eval_variable *v, size_t which,
                       size_t jet)
{
    return (double)s->variable[jet * s->n_variables + which] * v->scale;
}

/* Bins of about equally many jets, between whole values where there are few. */
static bool choose_edges(struct eval_binned *b, const struct eval_scores *s, size_t which)
{
    struct eval_point *point = malloc((s->n + 1) * sizeof *point);
    size_t n = 0, edges = 0;
    b->chosen = malloc((CHOSEN_BINS + 1) * sizeof *b->chosen);
    for (size_t i = 0; point && i < s->n; i++) {
        const double value = value_of(s, b->variable, which, i);
        if (isfinite(value))
            point[n++] = (struct eval_point){ value, 1 };
    }
    const bool fits = point && b->chosen && kaon_eval_sort(point, n);
    for (size_t i = 0; fits && n > 0 && i <= CHOSEN_BINS; i++) {
        const size_t at = i * n / CHOSEN_BINS;
        const double edge = at < n ? point[at].score : nextafter(point[n - 1].score, INFINITY);
        if (edges == 0 || edge > b->chosen[edges - 1])
            b->chosen[edges++] = edge;
    }
    free(point);
    b->edge = b->chosen;
    b->n_bins = edges > 1 ? edges - 1 : 0;
    return fits;
}

/* The bin of a value; n_bins: none. */
static size_t bin_of(const struct eval_binned *b, double value)
{
    size_t low = 0, high = b->n_bins;
    if (!(value >= b->edge[0] && value < b->edge[b->n_bins]))
        return b->n_bins;
    while (high - low > 1) { /* edge[low] <= value < edge[high] */
        const size_t i = low + (high - low) / 2;
        if (b->edge[i] <= value)
            low = i;
        else
            high = i;
    }
    return low;
}

static void close_gathered(struct gathered *g)
{
    free(g->value);
    free(g->class);
    free(g->weight);
    free(g->first);
}

/* Jets by bin, in row order within each. */
static bool gather(struct gathered *g, const struct eval_binned *b, const struct eval_scores *s,
                   const double *value, size_t which)
{
    size_t *bin = malloc((s->n + 1) * sizeof *bin);
    *g = (struct gathered){ .value = malloc((s->n + 1) * sizeof *g->value),
                            .class = malloc(s->n + 1),
                            .weight = s->weight ? malloc((s->n + 1) * sizeof *g->weight) : NULL,
                            .first = calloc(b->n_bins + 3, sizeof *g->first) };
    const bool fits = bin && g->value && g->class && g->first && (g->weight || !s->weight);
    for (size_t i = 0; fits && i < s->n; i++) {
        bin[i] = bin_of(b, value_of(s, b->variable, which, i));
        g->first[bin[i] + 2]++;
    }
    for (size_t k = 0; fits && k <= b->n_bins; k++)
        g->first[k + 2] += g->first[k + 1];
    for (size_t i = 0; fits && i < s->n; i++) {
        const size_t at = g->first[bin[i] + 1]++;
        g->value[at] = value[i];
        g->class[at] = s->class[i];
        if (g->weight)
            g->weight[at] = s->weight[i];
    }
    free(bin);
    return fits;
}

/* ---- series ---------------------------------------------------------------------------------- */

/* Every target once with one cut for all bins and once flat; a given cut is never flat. */
static bool make_series(struct eval_binned *b, const struct eval_spec *spec,
                        const struct eval_discriminant *d)
{
    b->series = calloc(2 * (d->n_at + d->n_specials) + 1, sizeof *b->series);
    for (size_t i = 0; b->series && i < d->n_at + d->n_specials; i++) {
        struct eval_target target = { .share = 0 };
        if (i < d->n_at) {
            target.among[d->signal] = true;
            target.share = d->at[i];
        } else {
            const struct eval_special *special = &d->special[i - d->n_at];
            target.name = special->name;
            target.fixed_cut = special->kind == EVAL_AT_CUT;
            target.cut = special->value;
            memcpy(target.among, special->among, sizeof target.among);
            target.share = 1 / special->value;
        }
        for (int flat = 0; flat < (target.fixed_cut ? 1 : 2); flat++) {
            struct eval_bin_series *series = &b->series[b->n_series++];
            series->target = target;
            series->flat = flat;
            series->cut = calloc(b->n_bins + 1, sizeof *series->cut);
            series->passing = calloc(spec->n_classes * b->n_bins + 1, sizeof *series->passing);
            if (!series->cut || !series->passing)
                return false;
        }
    }
    return b->series != NULL;
}

static bool count_bin(struct eval_binned *b, size_t bin, const struct eval_sorted *all,
                      const struct eval_sorted *here)
{
    for (size_t i = 0; i < b->n_series; i++) {
        struct eval_bin_series *series = &b->series[i];
        const struct eval_target *t = &series->target;
        series->cut[bin] = t->cut;
        if (!t->fixed_cut && !series->flat && bin > 0)
            series->cut[bin] = series->cut[0];
        else if (!t->fixed_cut && !kaon_eval_sorted_cut_among(series->flat ? here : all, t->among,
                                                              t->share, &series->cut[bin]))
            return false;
        for (size_t c = 0; c < here->n_classes; c++)
            series->passing[c * b->n_bins + bin] =
                kaon_eval_sorted_above(here, c, series->cut[bin]);
    }
    return true;
}

static bool fill(struct eval_binned *b, size_t n_classes, const struct eval_scores *s,
                 const double *value, size_t which, const struct eval_sorted *all)
{
    struct gathered g;
    bool fits = gather(&g, b, s, value, which);
    if (fits)
        b->outside = s->n - g.first[b->n_bins];
    for (size_t bin = 0; fits && bin < b->n_bins; bin++) {
        struct eval_sorted here;
        const size_t first = g.first[bin], n = g.first[bin + 1] - first;
        fits = kaon_eval_sorted_open(&here, n_classes, g.value + first, g.class + first,
                                     g.weight ? g.weight + first : NULL, n);
        fits = fits && count_bin(b, bin, all, &here);
        kaon_eval_sorted_close(&here);
    }
    close_gathered(&g);
    return fits;
}

enum kaon_status kaon_eval_binned(struct eval_binned *binned, const struct eval_spec *spec,
                                  const struct eval_discriminant *d,
                                  const struct eval_ranked *ranked,
                                  const struct eval_scores *scores, struct kaon_msg *msg)
{
    bool fits = true;
    for (size_t i = 0; fits && i < scores->n_variables; i++) {
        struct eval_binned *b = &binned[i];
        const struct eval_variable *v = &spec->variable[i];
        *b = (struct eval_binned){ .variable = v, .edge = v->edge };
        b->n_bins = v->n_edges ? v->n_edges - 1 : 0;
        fits =
            (v->n_edges || choose_edges(b, scores, i)) && make_series(b, spec, d) &&
            (b->n_bins == 0 || fill(b, spec->n_classes, scores, ranked->value, i, &ranked->sorted));
    }
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

void kaon_eval_binned_close(struct eval_binned *binned, size_t n)
{
    for (size_t i = 0; binned && i < n; i++) {
        for (size_t k = 0; binned[i].series && k < binned[i].n_series; k++) {
            free(binned[i].series[k].cut);
            free(binned[i].series[k].passing);
        }
        free(binned[i].series);
        free(binned[i].chosen);
    }
}
