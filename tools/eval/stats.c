#include "tools/eval/stats.h"

#include "tools/eval/mathd.h"

#include <math.h>
#include <stdlib.h>

void kaon_eval_cumulate(const struct eval_point *sorted, size_t n, double *middle)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        middle[i] = sum + sorted[i].weight / 2;
        sum += sorted[i].weight;
    }
    const double first = n ? middle[0] : 0, range = n ? middle[n - 1] - first : 0;
    for (size_t i = 0; i < n; i++)
        middle[i] = range > 0 ? (middle[i] - first) / range : 0;
}

/* NumPy's order of operations, so that cuts agree to the last bit. */
static double between(double a, double b, double t)
{
    const double difference = b - a;
    return t >= 0.5 ? b - difference * (1 - t) : a + difference * t;
}

double kaon_eval_percentile(const struct eval_point *sorted, size_t n, const double *middle,
                            double share)
{
    if (n == 0)
        return NAN;
    if (share <= 0)
        return sorted[0].score;
    if (share >= 1)
        return sorted[n - 1].score;
    if (!middle) {
        const double at = share * (double)(n - 1);
        const size_t i = (size_t)at;
        return i + 1 < n ? between(sorted[i].score, sorted[i + 1].score, at - (double)i)
                         : sorted[i].score;
    }
    size_t low = 0, high = n - 1; /* middle[low] <= share < middle[high] */
    while (high - low > 1) {
        const size_t i = low + (high - low) / 2;
        if (middle[i] <= share)
            low = i;
        else
            high = i;
    }
    const double step = middle[high] - middle[low];
    return step > 0 ? between(sorted[low].score, sorted[high].score, (share - middle[low]) / step)
                    : sorted[low].score;
}

struct eval_passing kaon_eval_above(const struct eval_point *sorted, size_t n, double cut)
{
    struct eval_passing p = { .n = n };
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        const double w = sorted[i].weight;
        p.weight += w;
        squares += w * w;
        if (sorted[i].score > cut) {
            p.passed++;
            p.weight_passed += w;
        }
    }
    p.effective = squares > 0 ? p.weight * p.weight / squares : 0;
    return p;
}

double kaon_eval_auc(const struct eval_point *signal, size_t n_signal,
                     const struct eval_point *background, size_t n_background)
{
    double below = 0, won = 0, all_signal = 0;
    size_t b = 0;
    for (size_t s = 0; s < n_signal;) {
        const double score = signal[s].score;
        double here = 0, equal = 0;
        do /* whatever the score is: NaN equals nothing */
            here += signal[s++].weight;
        while (s < n_signal && signal[s].score == score);
        for (; b < n_background && background[b].score < score; b++)
            below += background[b].weight;
        for (; b < n_background && background[b].score == score; b++)
            equal += background[b].weight;
        won += here * (below + equal / 2);
        below += equal;
        all_signal += here;
    }
    for (; b < n_background; b++)
        below += background[b].weight;
    return all_signal > 0 && below > 0 ? won / (all_signal * below) : NAN;
}

void kaon_eval_placements(const struct eval_point *of, size_t n, const struct eval_point *against,
                          size_t m, double *share)
{
    size_t below = 0, up_to = 0;
    for (size_t i = 0; i < n; i++) {
        for (; below < m && against[below].score < of[i].score; below++)
            ;
        for (up_to = up_to < below ? below : up_to;
             up_to < m && against[up_to].score <= of[i].score; up_to++)
            ;
        share[i] = ((double)below + (double)(up_to - below) / 2) / (double)m;
    }
}

double kaon_eval_mean(const double *value, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += value[i];
    return n ? sum / (double)n : NAN;
}

double kaon_eval_variance(const double *value, size_t n)
{
    const double mean = kaon_eval_mean(value, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (value[i] - mean) * (value[i] - mean);
    return n > 1 ? sum / (double)(n - 1) : NAN;
}

int kaon_eval_auc_error(const struct eval_point *signal, size_t n_signal,
                        const struct eval_point *background, size_t n_background, double *error)
{
    double *share = malloc((n_signal + n_background + 1) * sizeof *share);
    if (!share)
        return 0;
    kaon_eval_placements(signal, n_signal, background, n_background, share);
    kaon_eval_placements(background, n_background, signal, n_signal, share + n_signal);
    *error = sqrt(kaon_eval_variance(share, n_signal) / (double)n_signal +
                  kaon_eval_variance(share + n_signal, n_background) / (double)n_background);
    free(share);
    return 1;
}

void kaon_eval_clopper_pearson(uint64_t k, uint64_t n, double *low, double *high)
{
    const double tail = 0.15865525393145707, a = (double)k, b = (double)(n - k);
    *low = k == 0 ? 0 : kaon_eval_beta_inverse(a, b + 1, tail);
    *high = k == n ? 1 : kaon_eval_beta_inverse(a + 1, b, 1 - tail);
}

void kaon_eval_wilson(double k, double n, double z, double *low, double *high)
{
    if (!(n > 0)) {
        *low = 0, *high = 1;
        return;
    }
    const double p = k / n, z2 = z * z, scale = 1 / (1 + z2 / n);
    const double centre = scale * (p + z2 / (2 * n));
    const double half = scale * z * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    *low = k <= 0 || centre < half ? 0 : centre - half;
    *high = k >= n || centre + half > 1 ? 1 : centre + half;
}

struct eval_rejection kaon_eval_reject(const struct eval_passing *p)
{
    struct eval_rejection r = { INFINITY, INFINITY, 0, INFINITY };
    const double share = p->weight > 0 ? p->weight_passed / p->weight : 0;
    double low, high;
    if (p->n == 0)
        return (struct eval_rejection){ NAN, NAN, NAN, NAN };
    if (share > 0) {
        r.value = 1 / share;
        r.error = r.value * r.value * sqrt(fmax(0, share * (1 - share)) / p->effective);
    }
    kaon_eval_wilson(share * p->effective, p->effective, 1, &low, &high);
    r.low = 1 / high;
    r.high = low > 0 ? 1 / low : INFINITY;
    return r;
}

double kaon_eval_round(double value, int digits)
{
    double scale = 1;
    for (int i = 0; i < digits; i++)
        scale *= 10;
    return isfinite(value) ? nearbyint(value * scale) / scale : value;
}
