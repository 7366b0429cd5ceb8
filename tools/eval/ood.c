#include "tools/eval/ood.h"

#include "tools/eval/classify.h"
#include "tools/eval/mathd.h"
#include "tools/eval/sorted.h"

#include <math.h>
#include <stdlib.h>

const char *const kaon_eval_ood_scores[EVAL_OOD_SCORES] = {
    "largest_probability",
    "entropy",
    "mahalanobis",
};

static const double kept = 0.95; /* of the jets that are in */

static const float *of_jet(const struct eval_scores *s, size_t jet)
{
    return s->probability + jet * s->n_probabilities;
}

/* ---- distances -------------------------------------------------------------------------------- */

/* Means of classes and the factor of the common covariance, L L' lower triangular. */
struct gauss {
    size_t n; /* coordinates: one less than probabilities, since they sum to 1 */
    double mean[EVAL_MOST_CLASSES][EVAL_MOST_PROBABILITIES];
    double factor[EVAL_MOST_PROBABILITIES][EVAL_MOST_PROBABILITIES];
};

/* Centred logarithms; probabilities that are 0 count as the smallest that an f32 can be. */
static void coordinates(double *x, const float *p, size_t n)
{
    const double least = 0x1p-149;
    double sum = 0;
    for (size_t i = 0; i <= n; i++) {
        const double log = kaon_eval_log(p[i] > 0 ? (double)p[i] : least);
        sum += log;
        if (i < n)
            x[i] = log;
    }
    for (size_t i = 0; i < n; i++)
        x[i] -= sum / (double)(n + 1);
}

/* Cholesky's factor in place; false if the matrix is not positive definite. */
static bool factorise(struct gauss *g)
{
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k <= i; k++) {
            double sum = g->factor[i][k];
            for (size_t m = 0; m < k; m++)
                sum -= g->factor[i][m] * g->factor[k][m];
            if (i == k && !(sum > 0))
                return false;
            g->factor[i][k] = i == k ? sqrt(sum) : sum / g->factor[k][k];
        }
    return true;
}

static bool fit(struct gauss *g, const struct eval_spec *spec, const struct eval_scores *s,
                const bool *in)
{
    double x[EVAL_MOST_PROBABILITIES], weight[EVAL_MOST_CLASSES] = { 0 }, all = 0;
    g->n = spec->n_given - 1;
    for (int pass = 0; pass < 2; pass++) { /* sums, then deviations from the means */
        for (size_t jet = 0; jet < s->n; jet++) {
            const size_t c = s->class[jet];
            const double w = s->weight ? (double)s->weight[jet] : 1;
            if (!in[c])
                continue;
            coordinates(x, of_jet(s, jet), g->n);
            weight[c] += pass ? 0 : w;
            all += pass ? 0 : w;
            for (size_t i = 0; i < g->n; i++) {
                g->mean[c][i] += pass ? 0 : w * x[i];
                for (size_t k = 0; pass && k <= i; k++)
                    g->factor[i][k] += w * (x[i] - g->mean[c][i]) * (x[k] - g->mean[c][k]);
            }
        }
        for (size_t c = 0; !pass && c < spec->n_classes; c++)
            for (size_t i = 0; i < g->n; i++)
                g->mean[c][i] = weight[c] > 0 ? g->mean[c][i] / weight[c] : NAN;
    }
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k <= i; k++)
            g->factor[i][k] /= all;
    return all > 0 && g->n > 0 && factorise(g);
}

/* Squared distance to the nearest mean. */
static double distance(const struct gauss *g, size_t n_classes, const float *p)
{
    double x[EVAL_MOST_PROBABILITIES], y[EVAL_MOST_PROBABILITIES], nearest = INFINITY;
    coordinates(x, p, g->n);
    for (size_t c = 0; c < n_classes; c++) {
        double sum = 0;
        for (size_t i = 0; i < g->n; i++) { /* L y = x - mean */
            y[i] = x[i] - g->mean[c][i];
            for (size_t k = 0; k < i; k++)
                y[i] -= g->factor[i][k] * y[k];
            y[i] /= g->factor[i][i];
            sum += y[i] * y[i];
        }
        if (sum < nearest) /* never where a class without jets has no mean */
            nearest = sum;
    }
    return nearest;
}

/* ---- judging ---------------------------------------------------------------------------------- */

static bool score_all(double *value, enum eval_ood_score which, const struct eval_spec *spec,
                      const struct eval_scores *s, const bool *in)
{
    struct gauss *g = calloc(1, sizeof *g);
    if (!g)
        return false;
    const bool known = which != EVAL_OOD_MAHALANOBIS || fit(g, spec, s, in);
    for (size_t jet = 0; jet < s->n; jet++) {
        const float *p = of_jet(s, jet);
        float largest = 0;
        for (size_t i = 0; i < spec->n_given; i++)
            largest = p[i] > largest ? p[i] : largest;
        value[jet] = which == EVAL_OOD_PROBABILITY ? 1 - (double)largest
                     : which == EVAL_OOD_ENTROPY   ? kaon_eval_entropy(p, spec->n_given)
                     : known                       ? distance(g, spec->n_classes, p)
                                                   : NAN;
    }
    free(g);
    return true;
}

/* Jets of class 0 are in, of class 1 + c out. */
static void judge(struct eval_ood *ood, enum eval_ood_score which, const struct eval_sorted *sorted)
{
    const double cut = kaon_eval_sorted_cut(sorted, 0, 1 - kept);
    for (size_t i = 0; i < ood->n_against; i++) {
        struct eval_ood_against *a = &ood->against[i];
        const struct eval_passing p = kaon_eval_sorted_above(sorted, 1 + i, cut);
        a->auroc[which] =
            kaon_eval_auc(sorted->point[1 + i], sorted->n[1 + i], sorted->point[0], sorted->n[0]);
        a->fpr[which] = p.weight > 0 && sorted->n[0] ? 1 - p.weight_passed / p.weight : NAN;
    }
}

static void find_means(struct eval_ood *ood, enum eval_ood_score which, const double *value,
                       const struct eval_scores *s, size_t n_classes)
{
    double sum[EVAL_MOST_CLASSES] = { 0 }, weight[EVAL_MOST_CLASSES] = { 0 };
    for (size_t jet = 0; jet < s->n; jet++) {
        const double w = s->weight ? (double)s->weight[jet] : 1;
        sum[s->class[jet]] += w * value[jet];
        weight[s->class[jet]] += w;
    }
    for (size_t c = 0; c < n_classes; c++)
        ood->mean[which][c] = weight[c] > 0 ? sum[c] / weight[c] : NAN;
}

static void find_classes(struct eval_ood *ood, const struct eval_spec *spec,
                         const struct eval_scores *s)
{
    bool named = false;
    for (size_t c = 0; c < spec->n_classes; c++)
        named = named || spec->ood[c];
    for (size_t c = 0; c < spec->n_classes; c++) {
        ood->in[c] = !spec->ood[c] && spec->class[c].probability >= 0;
        const bool out = named ? spec->ood[c] : spec->class[c].probability < 0;
        if (ood->in[c])
            ood->n_in += s->class_count[c];
        if (out && s->class_count[c] > 0 && ood->n_against + 1 < EVAL_MOST_CLASSES)
            ood->against[ood->n_against++].class = c;
    }
}

/* Classes for the sorting: 0 in, 1 + i out; jets of neither are left out. */
static size_t gather(const struct eval_ood *ood, const struct eval_scores *s, const double *value,
                     double *kept_value, unsigned char *class, float *weight)
{
    size_t n = 0;
    for (size_t jet = 0; jet < s->n; jet++) {
        size_t to = ood->in[s->class[jet]] ? 0 : EVAL_NO_CLASS;
        for (size_t i = 0; i < ood->n_against; i++)
            if (ood->against[i].class == s->class[jet])
                to = 1 + i;
        if (to == EVAL_NO_CLASS || isnan(value[jet]))
            continue;
        kept_value[n] = value[jet];
        class[n] = (unsigned char)to;
        weight[n++] = s->weight ? s->weight[jet] : 1;
    }
    return n;
}

static bool judge_score(struct eval_ood *ood, enum eval_ood_score which,
                        const struct eval_spec *spec, const struct eval_scores *s)
{
    struct eval_sorted sorted = { 0 };
    double *value = malloc((s->n + 1) * sizeof *value);
    double *kept_value = malloc((s->n + 1) * sizeof *kept_value);
    unsigned char *class = malloc(s->n + 1);
    float *weight = malloc((s->n + 1) * sizeof *weight);
    bool fits = value && kept_value && class && weight && score_all(value, which, spec, s, ood->in);
    if (fits) {
        find_means(ood, which, value, s, spec->n_classes);
        const size_t n = gather(ood, s, value, kept_value, class, weight);
        fits = kaon_eval_sorted_open(&sorted, ood->n_against + 1, kept_value, class,
                                     s->weight ? weight : NULL, n);
    }
    if (fits)
        judge(ood, which, &sorted);
    kaon_eval_sorted_close(&sorted);
    free(value);
    free(kept_value);
    free(class);
    free(weight);
    return fits;
}

enum kaon_status kaon_eval_ood(struct eval_ood **out, const struct eval_spec *spec,
                               const struct eval_scores *scores, struct kaon_msg *msg)
{
    struct eval_ood *ood = calloc(1, sizeof *ood);
    *out = NULL;
    if (!ood)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    find_classes(ood, spec, scores);
    bool fits = true;
    for (int which = 0; fits && ood->n_against && which < EVAL_OOD_SCORES; which++)
        fits = judge_score(ood, (enum eval_ood_score)which, spec, scores);
    if (fits && ood->n_against)
        *out = ood;
    else
        free(ood);
    return fits ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}
