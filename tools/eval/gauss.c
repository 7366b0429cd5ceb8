#include "tools/eval/gauss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool finite_at(const struct eval_gauss *g, double *x, const struct eval_scores *s,
                      size_t jet)
{
    g->at(x, s, jet, g->n);
    for (size_t i = 0; i < g->n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static double weight_of(const struct eval_scores *s, size_t jet)
{
    return s->weight ? (double)s->weight[jet] : 1;
}

/* The sum of weights of all classes. */
static double find_means(struct eval_gauss *g, const struct eval_scores *s, const bool *in)
{
    double weight[EVAL_MOST_CLASSES] = { 0 }, all = 0, *x = g->scratch;
    for (size_t jet = 0; jet < s->n; jet++) {
        const size_t c = s->class[jet];
        if (!in[c] || !finite_at(g, x, s, jet))
            continue;
        const double w = weight_of(s, jet);
        weight[c] += w;
        all += w;
        for (size_t i = 0; i < g->n; i++)
            g->mean[c * g->n + i] += w * x[i];
    }
    for (size_t c = 0; c < g->n_classes; c++)
        for (size_t i = 0; i < g->n; i++)
            g->mean[c * g->n + i] = weight[c] > 0 ? g->mean[c * g->n + i] / weight[c] : NAN;
    return all;
}

static void find_covariance(struct eval_gauss *g, const struct eval_scores *s, const bool *in,
                            double all)
{
    double *x = g->scratch;
    for (size_t jet = 0; jet < s->n; jet++) {
        const double *mean = g->mean + s->class[jet] * g->n;
        if (!in[s->class[jet]] || !finite_at(g, x, s, jet))
            continue;
        const double w = weight_of(s, jet);
        for (size_t i = 0; i < g->n; i++)
            x[i] -= mean[i];
        for (size_t i = 0; i < g->n; i++)
            for (size_t k = 0; k <= i; k++)
                g->factor[i * g->n + k] += w * x[i] * x[k];
    }
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k <= i; k++)
            g->factor[i * g->n + k] /= all;
}

/* Cholesky's factor in place; false if the matrix is singular. */
static bool factorise(struct eval_gauss *g, double least)
{
    for (size_t i = 0; i < g->n; i++) {
        double *row = g->factor + i * g->n;
        const double diagonal = row[i];
        for (size_t k = 0; k <= i; k++) {
            const double *other = g->factor + k * g->n;
            double sum = row[k];
            for (size_t m = 0; m < k; m++)
                sum -= row[m] * other[m];
            if (i == k && !(sum > least * diagonal))
                return false;
            row[k] = i == k ? sqrt(sum) : sum / other[k];
        }
    }
    return true;
}

/* With a second try on a raised diagonal, from a copy of the matrix; false without memory. */
static bool factorise_raised(struct eval_gauss *g, double least, double ridge)
{
    const size_t bytes = g->n * g->n * sizeof *g->factor;
    double *copy = ridge > 0 ? malloc(bytes) : NULL, sum = 0;
    if (ridge > 0 && !copy)
        return false;
    if (copy)
        memcpy(copy, g->factor, bytes);
    g->known = factorise(g, least);
    if (!g->known && copy) {
        memcpy(g->factor, copy, bytes);
        for (size_t i = 0; i < g->n; i++)
            sum += g->factor[i * g->n + i];
        g->ridge = ridge * (sum / (double)g->n);
        for (size_t i = 0; i < g->n; i++)
            g->factor[i * g->n + i] += g->ridge;
        g->known = factorise(g, 0);
    }
    free(copy);
    return true;
}

bool kaon_eval_gauss_fit(struct eval_gauss *g, const struct eval_scores *s, const bool *in,
                         double least, double ridge)
{
    g->mean = calloc(g->n_classes * g->n + 1, sizeof *g->mean);
    g->factor = calloc(g->n * g->n + 1, sizeof *g->factor);
    g->scratch = calloc(2 * g->n + 1, sizeof *g->scratch);
    g->known = false;
    g->ridge = 0;
    if (!g->mean || !g->factor || !g->scratch)
        return false;
    const double all = find_means(g, s, in);
    if (!(all > 0) || g->n == 0)
        return true;
    find_covariance(g, s, in, all);
    return factorise_raised(g, least, ridge);
}

double kaon_eval_gauss_distance(const struct eval_gauss *g, const struct eval_scores *s, size_t jet)
{
    double *x = g->scratch, *y = x + g->n, nearest = INFINITY;
    if (!g->known || !finite_at(g, x, s, jet))
        return NAN;
    for (size_t c = 0; c < g->n_classes; c++) {
        const double *mean = g->mean + c * g->n;
        double sum = 0;
        for (size_t i = 0; i < g->n; i++) { /* L y = x - mean */
            const double *row = g->factor + i * g->n;
            y[i] = x[i] - mean[i];
            for (size_t k = 0; k < i; k++)
                y[i] -= row[k] * y[k];
            y[i] /= row[i];
            sum += y[i] * y[i];
        }
        if (sum < nearest) /* never where a class without jets has no mean */
            nearest = sum;
    }
    return nearest;
}

void kaon_eval_gauss_close(struct eval_gauss *g)
{
    free(g->mean);
    free(g->factor);
    free(g->scratch);
    *g = (struct eval_gauss){ 0 };
}
