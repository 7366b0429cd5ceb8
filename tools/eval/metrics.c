#include "tools/eval/metrics.h"

#include "tools/eval/puma.h"

#include <math.h>
#include <stdlib.h>

static void judge_cut(struct eval_working_point *w, const struct eval_sorted *s)
{
    for (size_t c = 0; c < s->n_classes; c++) {
        w->passing[c] = kaon_eval_sorted_above(s, c, w->cut);
        w->rejection[c] = kaon_eval_reject(&w->passing[c]);
    }
}

static bool judge_points(struct eval_judged *j, const struct eval_sorted *s)
{
    for (size_t i = 0; i < j->of->n_points; i++) {
        struct eval_working_point *w = &j->point[i];
        w->wanted = j->of->point[i];
        w->cut = kaon_eval_round(kaon_eval_sorted_cut(s, j->of->signal, w->wanted), 3);
        judge_cut(w, s);
    }
    for (size_t i = 0; i < j->of->n_specials; i++) {
        const struct eval_special *special = &j->of->special[i];
        struct eval_working_point *w = &j->special[i];
        w->wanted = special->value;
        w->cut = special->value;
        if (special->kind == EVAL_AT_REJECTION &&
            !kaon_eval_sorted_cut_among(s, special->among, 1 / special->value, &w->cut))
            return false;
        judge_cut(w, s);
    }
    return true;
}

static void judge_roc(struct eval_judged *j, const struct eval_sorted *s)
{
    const double step = (j->of->roc_to - j->of->roc_from) / (EVAL_ROC_POINTS - 1);
    for (size_t i = 0; i < EVAL_ROC_POINTS; i++) {
        j->roc.efficiency[i] = j->of->roc_from + step * (double)i;
        j->roc.cut[i] = kaon_eval_sorted_cut(s, j->of->signal, j->roc.efficiency[i]);
        for (size_t c = 0; c < s->n_classes; c++) {
            const struct eval_passing p = kaon_eval_sorted_above(s, c, j->roc.cut[i]);
            j->roc.rejection[c][i] = kaon_eval_reject(&p);
        }
    }
}

static bool judge_areas(struct eval_judged *j, const struct eval_sorted *s)
{
    const size_t signal = j->of->signal;
    for (size_t c = 0; c < s->n_classes; c++) {
        j->n[c] = s->n[c];
        j->auc[c] = j->auc_error[c] = NAN;
        if (c == signal)
            continue;
        j->auc[c] = kaon_eval_auc(s->point[signal], s->n[signal], s->point[c], s->n[c]);
        if (!s->weighted && !kaon_eval_auc_error(s->point[signal], s->n[signal], s->point[c],
                                                 s->n[c], &j->auc_error[c]))
            return false;
    }
    return true;
}

static void judge_range(struct eval_judged *j, const struct eval_sorted *s)
{
    const double tail = 0.001;
    j->low = INFINITY, j->high = -INFINITY;
    for (size_t c = 0; c < s->n_classes; c++) {
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
                                 const struct eval_ranked *ranked, const struct eval_scores *scores,
                                 struct kaon_msg *msg)
{
    const struct eval_sorted *s = &ranked->sorted;
    *j = (struct eval_judged){ .of = d };
    bool fits = judge_areas(j, s) && judge_points(j, s);
    if (fits) {
        judge_roc(j, s);
        judge_range(j, s);
    }
    if (fits && spec->puma)
        fits = kaon_eval_puma_roc(&j->puma, spec, d, scores);
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

bool kaon_eval_judged_background(const struct eval_judged *j, size_t c)
{
    return c != j->of->signal && j->n[c] > 0;
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
    free(j->puma);
    j->histogram = NULL;
    j->puma = NULL;
}
