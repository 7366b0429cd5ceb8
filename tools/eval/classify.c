#include "tools/eval/classify.h"

#include "tools/eval/mathd.h"
#include "tools/eval/sorted.h"

#include <math.h>
#include <stdlib.h>

double kaon_eval_entropy(const float *probability, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if (probability[i] > 0)
            sum -= (double)probability[i] * kaon_eval_log((double)probability[i]);
    return sum;
}

static const float *of_jet(const struct eval_scores *s, size_t jet)
{
    return s->probability + jet * s->n_probabilities;
}

static double weight_of(const struct eval_scores *s, size_t jet)
{
    return s->weight ? (double)s->weight[jet] : 1;
}

/* The class of the largest probability, the first of equal ones. */
static size_t predict(const struct eval_spec *spec, const float *probability)
{
    size_t best = EVAL_NO_CLASS;
    for (size_t c = 0; c < spec->n_classes; c++) {
        const long p = spec->class[c].probability;
        if (p >= 0 &&
            (best == EVAL_NO_CLASS || probability[p] > probability[spec->class[best].probability]))
            best = c;
    }
    return best;
}

/* ---- confusion ------------------------------------------------------------------------------- */

static void finish_confusion(struct eval_classified *r, size_t n)
{
    double all = 0, right = 0;
    for (size_t c = 0; c < n; c++) {
        double row = 0, column = 0;
        for (size_t k = 0; k < n; k++) {
            row += r->confusion[c][k];
            column += r->confusion[k][c];
        }
        r->recall[c] = row > 0 && r->predicted[c] ? r->confusion[c][c] / row : NAN;
        r->precision[c] = column > 0 && r->predicted[c] ? r->confusion[c][c] / column : NAN;
        right += r->confusion[c][c];
        all += row;
    }
    r->accuracy = all > 0 ? right / all : NAN;
    for (size_t c = 0; c < n; c++) {
        double row = 0;
        for (size_t k = 0; k < n; k++)
            row += r->confusion[c][k];
        for (size_t k = 0; k < n; k++)
            r->confusion[c][k] = row > 0 ? r->confusion[c][k] / row : NAN;
    }
}

/* ---- calibration ----------------------------------------------------------------------------- */

static void add_calibration(struct eval_calibration *c, double probability, bool right,
                            double weight)
{
    const double at = probability * EVAL_CALIBRATION_BINS;
    const size_t bin = at >= EVAL_CALIBRATION_BINS ? EVAL_CALIBRATION_BINS - 1
                       : at > 0                    ? (size_t)at
                                                   : 0;
    c->jets[bin]++;
    c->weight[bin] += weight;
    c->mean[bin] += weight * probability;
    c->share[bin] += right ? weight : 0;
}

static void finish_calibration(struct eval_calibration *c)
{
    double all = 0, off = 0;
    for (size_t b = 0; b < EVAL_CALIBRATION_BINS; b++) {
        off += fabs(c->mean[b] - c->share[b]); /* sums still: the weight cancels */
        all += c->weight[b];
        c->mean[b] = c->weight[b] > 0 ? c->mean[b] / c->weight[b] : NAN;
        c->share[b] = c->weight[b] > 0 ? c->share[b] / c->weight[b] : NAN;
    }
    c->error = all > 0 ? off / all : NAN;
}

/* ---- entropy --------------------------------------------------------------------------------- */

static void add_entropy(struct eval_classified *r, size_t class, double entropy, double weight)
{
    struct eval_entropy *e = &r->entropy[class];
    const double at = entropy / r->largest_entropy * EVAL_ENTROPY_BINS;
    const size_t bin = at >= EVAL_ENTROPY_BINS ? EVAL_ENTROPY_BINS - 1 : at > 0 ? (size_t)at : 0;
    e->mean += weight * entropy;
    e->deviation += weight * entropy * entropy;
    e->share[bin] += weight;
}

static void finish_entropy(struct eval_entropy *e)
{
    double all = 0;
    for (size_t b = 0; b < EVAL_ENTROPY_BINS; b++)
        all += e->share[b];
    e->mean = all > 0 ? e->mean / all : NAN;
    e->deviation = all > 0 ? sqrt(fmax(0, e->deviation / all - e->mean * e->mean)) : NAN;
    for (size_t b = 0; b < EVAL_ENTROPY_BINS; b++)
        e->share[b] = all > 0 ? e->share[b] / all : NAN;
}

/* ---- areas ----------------------------------------------------------------------------------- */

static double area(const struct eval_sorted *s, size_t a, size_t b)
{
    return kaon_eval_auc(s->point[a], s->n[a], s->point[b], s->n[b]);
}

/* Class i against the rest: all other jets are of one class, 1, and its own of class 0. */
static bool area_of_rest(double *auc, const struct eval_spec *spec, const struct eval_scores *s,
                         size_t i, double *value)
{
    struct eval_sorted sorted;
    unsigned char *class = malloc(s->n + 1);
    bool fits = class != NULL;
    for (size_t jet = 0; fits && jet < s->n; jet++) {
        class[jet] = s->class[jet] != i;
        value[jet] = (double)of_jet(s, jet)[spec->class[i].probability];
    }
    if (fits) {
        fits = kaon_eval_sorted_open(&sorted, 2, value, class, s->weight, s->n);
        *auc = fits ? area(&sorted, 0, 1) : NAN;
        kaon_eval_sorted_close(&sorted);
    }
    free(class);
    return fits;
}

/* Jets of the two classes alone are looked at, as classes 0 and 1. */
static bool area_of_pair(double *auc, const struct eval_spec *spec, const struct eval_scores *s,
                         size_t i, size_t j, double *value)
{
    const long pi = spec->class[i].probability, pj = spec->class[j].probability;
    struct eval_sorted sorted = { 0 };
    unsigned char *class = malloc(s->n + 1);
    float *weight = malloc((s->n + 1) * sizeof *weight);
    size_t n = 0;
    bool fits = class && weight;
    for (size_t jet = 0; fits && jet < s->n; jet++) {
        if (s->class[jet] != i && s->class[jet] != j)
            continue;
        const double a = of_jet(s, jet)[pi], b = of_jet(s, jet)[pj];
        value[n] = a + b > 0 ? a / (a + b) : 0.5;
        weight[n] = s->weight ? s->weight[jet] : 1;
        class[n++] = s->class[jet] != i;
    }
    fits = fits && kaon_eval_sorted_open(&sorted, 2, value, class, s->weight ? weight : NULL, n);
    *auc = fits ? area(&sorted, 0, 1) : NAN;
    kaon_eval_sorted_close(&sorted);
    free(class);
    free(weight);
    return fits;
}

static bool areas(struct eval_classified *r, const struct eval_spec *spec,
                  const struct eval_scores *s)
{
    double *value = malloc((s->n + 1) * sizeof *value), sum = 0;
    size_t pairs = 0;
    bool fits = value != NULL;
    for (size_t i = 0; i < spec->n_classes; i++) {
        r->auc_rest[i] = NAN;
        for (size_t j = 0; j < spec->n_classes; j++)
            r->auc[i][j] = NAN;
    }
    for (size_t i = 0; fits && i < spec->n_classes; i++) {
        if (!r->predicted[i])
            continue;
        fits = area_of_rest(&r->auc_rest[i], spec, s, i, value);
        for (size_t j = 0; fits && j < spec->n_classes; j++) {
            if (j == i || !r->predicted[j])
                continue;
            fits = area_of_pair(&r->auc[i][j], spec, s, i, j, value);
            if (!isnan(r->auc[i][j]))
                sum += r->auc[i][j], pairs++;
        }
    }
    r->auc_mean = pairs ? sum / (double)pairs : NAN;
    free(value);
    return fits;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void add_jet(struct eval_classified *r, const struct eval_spec *spec,
                    const struct eval_scores *s, size_t jet)
{
    const float *p = of_jet(s, jet);
    const size_t class = s->class[jet], best = predict(spec, p);
    const double weight = weight_of(s, jet);
    r->count[class][best]++;
    r->confusion[class][best] += weight;
    add_calibration(&r->confidence, (double)p[spec->class[best].probability], best == class,
                    weight);
    for (size_t c = 0; c < spec->n_classes; c++)
        if (r->predicted[c])
            add_calibration(&r->calibration[c], (double)p[spec->class[c].probability], c == class,
                            weight);
    add_entropy(r, class, kaon_eval_entropy(p, spec->n_given), weight);
}

enum kaon_status kaon_eval_classify(struct eval_classified **classified,
                                    const struct eval_spec *spec, const struct eval_scores *scores,
                                    struct kaon_msg *msg)
{
    struct eval_classified *r = *classified = calloc(1, sizeof *r);
    size_t predicted = 0;
    if (!r)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t c = 0; c < spec->n_classes; c++)
        predicted += r->predicted[c] = spec->class[c].probability >= 0;
    r->largest_entropy = kaon_eval_log((double)(spec->n_given + (spec->n_given < 2)));
    for (size_t jet = 0; predicted && jet < scores->n; jet++)
        add_jet(r, spec, scores, jet);
    finish_confusion(r, spec->n_classes);
    finish_calibration(&r->confidence);
    for (size_t c = 0; c < spec->n_classes; c++) {
        finish_calibration(&r->calibration[c]);
        finish_entropy(&r->entropy[c]);
    }
    return areas(r, spec, scores) ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}
