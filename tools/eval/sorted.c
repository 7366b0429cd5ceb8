#include "tools/eval/sorted.h"

#include <stdlib.h>

static bool finish_class(struct eval_sorted *s, size_t c)
{
    double squares = 0;
    if (!kaon_eval_sort(s->point[c], s->n[c]))
        return false;
    for (size_t i = 0; i < s->n[c]; i++) {
        const double w = s->point[c][i].weight;
        s->weight[c] += w;
        squares += w * w;
    }
    s->effective[c] = squares > 0 ? s->weight[c] * s->weight[c] / squares : 0;
    if (!s->weighted)
        return true;
    s->middle[c] = malloc((s->n[c] + 1) * sizeof *s->middle[c]);
    if (s->middle[c])
        kaon_eval_cumulate(s->point[c], s->n[c], s->middle[c]);
    return s->middle[c] != NULL;
}

bool kaon_eval_sorted_open(struct eval_sorted *s, size_t n_classes, const double *value,
                           const unsigned char *class, const float *weight, size_t n)
{
    size_t count[EVAL_MOST_CLASSES] = { 0 };
    *s = (struct eval_sorted){ .n_classes = n_classes, .weighted = weight != NULL };
    for (size_t i = 0; i < n; i++)
        count[class[i]]++;
    for (size_t c = 0; c < n_classes; c++)
        if (!(s->point[c] = malloc((count[c] + 1) * sizeof *s->point[c])))
            return false;
    for (size_t i = 0; i < n; i++) {
        const size_t c = class[i];
        s->point[c][s->n[c]++] = (struct eval_point){ value[i], weight ? weight[i] : 1 };
    }
    for (size_t c = 0; c < n_classes; c++)
        if (!finish_class(s, c))
            return false;
    return true;
}

void kaon_eval_sorted_close(struct eval_sorted *s)
{
    for (size_t c = 0; c < EVAL_MOST_CLASSES; c++) {
        free(s->point[c]);
        free(s->middle[c]);
    }
    *s = (struct eval_sorted){ 0 };
}

bool kaon_eval_rank(struct eval_ranked *r, const struct eval_spec *spec,
                    const struct eval_discriminant *d, const struct eval_scores *scores)
{
    *r = (struct eval_ranked){ .value = kaon_eval_discriminants(spec, d, scores) };
    return r->value && kaon_eval_sorted_open(&r->sorted, spec->n_classes, r->value, scores->class,
                                             scores->weight, scores->n);
}

void kaon_eval_ranked_close(struct eval_ranked *r)
{
    kaon_eval_sorted_close(&r->sorted);
    free(r->value);
    r->value = NULL;
}

double kaon_eval_sorted_cut(const struct eval_sorted *s, size_t c, double share)
{
    return kaon_eval_percentile(s->point[c], s->n[c], s->middle[c], 1 - share);
}

bool kaon_eval_sorted_cut_among(const struct eval_sorted *s, const bool *among, double share,
                                double *cut)
{
    size_t n = 0;
    for (size_t c = 0; c < s->n_classes; c++)
        n += among[c] ? s->n[c] : 0;
    struct eval_point *point = malloc((n + 1) * sizeof *point);
    double *middle = malloc((n + 1) * sizeof *middle);
    n = 0;
    for (size_t c = 0; point && c < s->n_classes; c++)
        for (size_t i = 0; among[c] && i < s->n[c]; i++)
            point[n++] = s->point[c][i];
    const bool fits = point && middle && kaon_eval_sort(point, n);
    if (fits && s->weighted)
        kaon_eval_cumulate(point, n, middle);
    if (fits)
        *cut = kaon_eval_percentile(point, n, s->weighted ? middle : NULL, 1 - share);
    free(point);
    free(middle);
    return fits;
}

/* Places below the first value above the cut. */
static size_t below(const struct eval_point *point, size_t n, double cut)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (point[middle].score > cut)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct eval_passing kaon_eval_sorted_above(const struct eval_sorted *s, size_t c, double cut)
{
    const size_t first = cut == cut ? below(s->point[c], s->n[c], cut) : s->n[c];
    struct eval_passing p = { .n = s->n[c],
                              .passed = s->n[c] - first,
                              .weight = s->weight[c],
                              .effective = s->effective[c] };
    if (!s->weighted)
        p.weight_passed = (double)p.passed;
    for (size_t i = first; s->weighted && i < s->n[c]; i++)
        p.weight_passed += s->point[c][i].weight;
    return p;
}
