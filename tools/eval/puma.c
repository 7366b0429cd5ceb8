#include "tools/eval/puma.h"

#include "tools/eval/mathd.h"
#include "tools/eval/stats.h"

#include <math.h>
#include <stdlib.h>

/* Scores are stored in f32, so ftag computes in f32: discriminant, weights and their sums. */
static double discriminant(const struct eval_spec *spec, const struct eval_discriminant *d,
                           const float *probability)
{
    return d->formula == EVAL_LOG ? kaon_eval_discriminant_ftag(spec, d, probability)
                                  : kaon_eval_discriminant(spec, d, probability);
}

/* The jets of one class by rising discriminant. */
struct list {
    struct eval_point *point;
    size_t n;
    bool weighted;
};

static bool list_class(struct list *list, const struct eval_spec *spec,
                       const struct eval_discriminant *d, const struct eval_scores *scores,
                       size_t c)
{
    *list = (struct list){ .weighted = scores->weight != NULL };
    list->point = malloc((scores->class_count[c] + 1) * sizeof *list->point);
    if (!list->point)
        return false;
    for (size_t i = 0; i < scores->n; i++)
        if (scores->class[i] == c)
            list->point[list->n++] = (struct eval_point){
                discriminant(spec, d, scores->probability + i * scores->n_probabilities),
                scores->weight ? scores->weight[i] : 1
            };
    return kaon_eval_sort(list->point, list->n);
}

/* weighted_percentile: cumulated weights in f32, or in double beyond a sum of 10^6. */
static void cumulate(const struct list *list, double *middle)
{
    double total = 0, wide = 0;
    float narrow = 0;
    for (size_t i = 0; i < list->n; i++)
        total += list->point[i].weight;
    for (size_t i = 0; i < list->n; i++) {
        const float w = (float)list->point[i].weight;
        narrow += w;
        wide += w;
        middle[i] = total > 1e6 ? wide - (double)(0.5f * w) : (double)(narrow - 0.5f * w);
    }
    const double first = list->n ? middle[0] : 0;
    for (size_t i = 0; i < list->n; i++)
        middle[i] = total > 1e6 ? middle[i] - first : (double)((float)middle[i] - (float)first);
    const double last = list->n ? middle[list->n - 1] : 0;
    for (size_t i = 0; i < list->n; i++)
        middle[i] = total > 1e6 ? middle[i] / last : (double)((float)middle[i] / (float)last);
}

/* numpy.interp */
static double percentile(const struct list *list, const double *middle, double share)
{
    size_t low = 0, high = list->n;
    if (list->n == 0 || !(share >= middle[0]))
        return list->n ? list->point[0].score : NAN;
    while (high - low > 1) { /* middle[low] <= share */
        const size_t i = low + (high - low) / 2;
        if (middle[i] <= share)
            low = i;
        else
            high = i;
    }
    if (low + 1 == list->n || middle[low] == share)
        return list->point[low].score;
    const double slope =
        (list->point[low + 1].score - list->point[low].score) / (middle[low + 1] - middle[low]);
    return slope * (share - middle[low]) + list->point[low].score;
}

/* numpy.sum of f32: eight sums side by side. */
static float pairwise(const float *value, size_t n)
{
    float sum[8], all;
    size_t i = 8;
    for (size_t k = 0; k < 8; k++)
        sum[k] = value[k];
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            sum[k] += value[i + k];
    all = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
    for (; i < n; i++)
        all += value[i];
    return all;
}

/* First place with a score >= cut. */
static size_t at_least(const struct list *list, double cut)
{
    size_t low = 0, high = list->n;
    while (low < high) {
        const size_t i = low + (high - low) / 2;
        if (list->point[i].score < cut)
            low = i + 1;
        else
            high = i;
    }
    return low;
}

/* Efficiencies of D >= cut as numpy.histogram and cumsum give them; cuts fall. */
static bool weighted_efficiencies(const struct list *list, const double *cut, double *efficiency)
{
    enum { BINS = EVAL_PUMA_POINTS + 1 };
    float *sum = malloc((list->n + 1) * sizeof *sum), bin[BINS], before = 0, passed = 0;
    if (!sum)
        return false;
    sum[0] = 0;
    for (size_t i = 0; i < list->n; i++)
        sum[i + 1] = sum[i] + (float)list->point[i].weight;
    for (size_t b = 0; b < BINS; b++) {
        const size_t end = b + 1 < BINS ? at_least(list, cut[EVAL_PUMA_POINTS - 1 - b]) : list->n;
        bin[b] = sum[end] - before;
        before = sum[end];
    }
    free(sum);
    const float total = pairwise(bin, BINS);
    for (size_t i = 0; i < EVAL_PUMA_POINTS; i++) {
        passed += bin[BINS - 1 - i];
        efficiency[i] = (double)(passed / total);
    }
    return true;
}

static bool rejections(const struct list *list, const double *cut, double *rejection)
{
    double efficiency[EVAL_PUMA_POINTS];
    if (list->weighted && !weighted_efficiencies(list, cut, efficiency))
        return false;
    for (size_t i = 0; i < EVAL_PUMA_POINTS; i++) {
        if (!list->weighted)
            efficiency[i] = (double)(list->n - at_least(list, cut[i])) / (double)list->n;
        rejection[i] = list->weighted ? (double)(1 / (float)efficiency[i]) : 1 / efficiency[i];
    }
    return true;
}

/* scipy.ndimage.gaussian_filter1d(sigma = 1, radius = 2, mode = "nearest") */
static void smooth(const double *from, double *to)
{
    enum { RADIUS = 2 };
    double weight[RADIUS + 1], sum = 0;
    for (int k = 0; k <= RADIUS; k++) {
        weight[k] = kaon_eval_exp(-0.5 * k * k);
        sum += k ? 2 * weight[k] : weight[k];
    }
    for (int i = 0; i < EVAL_PUMA_POINTS; i++) {
        to[i] = from[i] * (weight[0] / sum);
        for (int k = RADIUS; k > 0; k--) {
            const int left = i - k < 0 ? 0 : i - k;
            const int right = i + k < EVAL_PUMA_POINTS ? i + k : EVAL_PUMA_POINTS - 1;
            to[i] += (from[left] + from[right]) * (weight[k] / sum);
        }
    }
}

static bool find_cuts(const struct list *signal, const double *efficiency, double *cut)
{
    double *middle = malloc((signal->n + 1) * sizeof *middle);
    if (!middle)
        return false;
    cumulate(signal, middle);
    for (size_t i = 0; i < EVAL_PUMA_POINTS; i++)
        cut[i] = percentile(signal, middle, 1 - efficiency[i]);
    free(middle);
    return true;
}

bool kaon_eval_puma_roc(struct eval_puma_roc **roc, const struct eval_spec *spec,
                        const struct eval_discriminant *d, const struct eval_scores *scores)
{
    struct eval_puma_roc *r = *roc = calloc(1, sizeof *r);
    const double step = (d->roc_to - d->roc_from) / (EVAL_PUMA_POINTS - 1);
    double cut[EVAL_PUMA_POINTS];
    struct list list = { 0 };
    if (!r)
        return false;
    for (size_t i = 0; i < EVAL_PUMA_POINTS; i++)
        r->efficiency[i] = i + 1 < EVAL_PUMA_POINTS ? d->roc_from + step * (double)i : d->roc_to;
    bool fits =
        list_class(&list, spec, d, scores, d->signal) && find_cuts(&list, r->efficiency, cut);
    free(list.point);
    for (size_t c = 0; fits && c < spec->n_classes; c++) {
        if (c == d->signal)
            continue;
        fits = list_class(&list, spec, d, scores, c) && rejections(&list, cut, r->exact[c]);
        smooth(r->exact[c], r->smooth[c]);
        free(list.point);
    }
    return fits;
}
