#include "tools/eval/metrics.h"

#include <math.h>
#include <stdlib.h>

/* The scores of each class, sorted. */
struct sorted {
    struct eval_point *point[EVAL_MOST_CLASSES];
    size_t n[EVAL_MOST_CLASSES];
    double *middle; /* cumulated weights of the signal; NULL without weights */
};

static void close_sorted(struct sorted *s)
{
    for (size_t i = 0; i < EVAL_MOST_CLASSES; i++)
        free(s->point[i]);
    free(s->middle);
}

static bool sort_scores(struct sorted *s, const struct eval_spec *spec,
                        const struct eval_discriminant *d, const struct eval_scores *scores)
{
    for (size_t c = 0; c < spec->n_classes; c++) {
        s->point[c] = malloc((scores->class_count[c] + 1) * sizeof *s->point[c]);
        if (!s->point[c])
            return false;
    }
    for (size_t i = 0; i < scores->n; i++) {
        const size_t c = scores->class[i];
        const float *p = scores->probability + i * scores->n_probabilities;
        s->point[c][s->n[c]++] = (struct eval_point){ kaon_eval_discriminant(spec, d, p),
                                                      scores->weight ? scores->weight[i] : 1 };
    }
    for (size_t c = 0; c < spec->n_classes; c++)
        if (!kaon_eval_sort(s->point[c], s->n[c]))
            return false;
    if (scores->weight) {
        s->middle = malloc((s->n[d->signal] + 1) * sizeof *s->middle);
        if (!s->middle)
            return false;
        kaon_eval_cumulate(s->point[d->signal], s->n[d->signal], s->middle);
    }
    return true;
}

static double cut_at(const struct sorted *s, size_t signal, double efficiency)
{
    return kaon_eval_percentile(s->point[signal], s->n[signal], s->middle, 1 - efficiency);
}

static void judge_points(struct eval_judged *j, const struct eval_spec *spec,
                         const struct sorted *s)
{
    for (size_t i = 0; i < j->of->n_points; i++) {
        struct eval_working_point *w = &j->point[i];
        w->wanted = j->of->point[i];
        w->cut = kaon_eval_round(cut_at(s, j->of->signal, w->wanted), 3);
        for (size_t c = 0; c < spec->n_classes; c++) {
            w->passing[c] = kaon_eval_above(s->point[c], s->n[c], w->cut);
            w->rejection[c] = kaon_eval_reject(&w->passing[c]);
        }
    }
}

static void judge_roc(struct eval_judged *j, const struct eval_spec *spec, const struct sorted *s)
{
    const double step = (j->of->roc_to - j->of->roc_from) / (EVAL_ROC_POINTS - 1);
    for (size_t i = 0; i < EVAL_ROC_POINTS; i++) {
        j->roc.efficiency[i] = j->of->roc_from + step * (double)i;
        j->roc.cut[i] = cut_at(s, j->of->signal, j->roc.efficiency[i]);
        for (size_t c = 0; c < spec->n_classes; c++) {
            const struct eval_passing p = kaon_eval_above(s->point[c], s->n[c], j->roc.cut[i]);
            j->roc.rejection[c][i] = kaon_eval_reject(&p);
        }
    }
}

static void judge_range(struct eval_judged *j, const struct eval_spec *spec, const struct sorted *s)
{
    const double tail = 0.001;
    j->low = INFINITY, j->high = -INFINITY;
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (s->n[c] == 0)
            continue;
        j->low = fmin(j->low, kaon_eval_percentile(s->point[c], s->n[c], NULL, tail));
        j->high = fmax(j->high, kaon_eval_percentile(s->point[c], s->n[c], NULL, 1 - tail));
    }
    if (!(j->low < j->high))
        j->low = isfinite(j->low) ? j->low - 1 : -1, j->high = j->low + 2;
}

enum kaon_status kaon_eval_judge(struct eval_judged *j, const struct eval_spec *spec,
                                 const struct eval_discriminant *d,
                                 const struct eval_scores *scores, struct kaon_msg *msg)
{
    struct sorted s = { 0 };
    *j = (struct eval_judged){ .of = d };
    const bool fits = sort_scores(&s, spec, d, scores);
    for (size_t c = 0; fits && c < spec->n_classes; c++) {
        j->n[c] = s.n[c];
        j->auc[c] = c == d->signal
                        ? NAN
                        : kaon_eval_auc(s.point[d->signal], s.n[d->signal], s.point[c], s.n[c]);
    }
    if (fits) {
        judge_points(j, spec, &s);
        judge_roc(j, spec, &s);
        judge_range(j, spec, &s);
    }
    close_sorted(&s);
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

enum kaon_status kaon_eval_histogram(struct eval_judged *j, const struct eval_spec *spec,
                                     const struct eval_scores *scores, double low, double high,
                                     size_t bins, struct kaon_msg *msg)
{
    double sum[EVAL_MOST_CLASSES] = { 0 };
    j->low = low, j->high = high, j->bins = bins;
    j->histogram = calloc(spec->n_classes * bins + 1, sizeof *j->histogram);
    if (!j->histogram)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < scores->n; i++) {
        const float *p = scores->probability + i * scores->n_probabilities;
        const double at =
            floor((kaon_eval_discriminant(spec, j->of, p) - low) / (high - low) * (double)bins);
        const size_t bin = at < 0 ? 0 : at >= (double)bins ? bins - 1 : (size_t)at;
        const double weight = scores->weight ? scores->weight[i] : 1;
        j->histogram[scores->class[i] * bins + bin] += weight;
        sum[scores->class[i]] += weight;
    }
    for (size_t c = 0; c < spec->n_classes; c++)
        for (size_t b = 0; sum[c] > 0 && b < bins; b++)
            j->histogram[c * bins + b] /= sum[c];
    return KAON_OK;
}

void kaon_eval_judged_close(struct eval_judged *j)
{
    free(j->histogram);
    j->histogram = NULL;
}
