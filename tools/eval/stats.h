/* Statistics of scores: sums in double and in a fixed order, counts in integers. */
#ifndef KAON_TOOLS_EVAL_STATS_H
#define KAON_TOOLS_EVAL_STATS_H

#include <stddef.h>
#include <stdint.h>

/* A score with the weight of its jet. */
struct eval_point {
    double score, weight;
};

/* Sorts by score, rising; equal scores keep their order. Returns 0 without memory. */
int kaon_eval_sort(struct eval_point *points, size_t n);

/* What lies behind a background efficiency. */
struct eval_passing {
    uint64_t n, passed;           /* jets */
    double weight, weight_passed; /* sums of weights */
    double effective;             /* (sum w)^2 / sum w^2; n without weights */
};

/* The score below which `share` (0 to 1) of the sorted points lie, linear between the points:
 * NumPy's percentile, and with weights the one of atlas-ftag-tools (cumulated weight to the middle
 * of each point, scaled to [0, 1]). NaN if n is 0. `middle` from kaon_eval_cumulate, or NULL: all
 * weights are one. */
double kaon_eval_percentile(const struct eval_point *sorted, size_t n, const double *middle,
                            double share);

/* Cumulated weights as the percentile wants them. */
void kaon_eval_cumulate(const struct eval_point *sorted, size_t n, double *middle);

/* Counts of points with score > cut. */
struct eval_passing kaon_eval_above(const struct eval_point *sorted, size_t n, double cut);

/* Area under the curve: the share of pairs where the signal's score is larger, equal ones half.
 * NaN if a side is empty. */
double kaon_eval_auc(const struct eval_point *signal, size_t n_signal,
                     const struct eval_point *background, size_t n_background);

/* Share of `against` below each of `of`, equal ones half: DeLong's placements. Both sorted. */
void kaon_eval_placements(const struct eval_point *of, size_t n, const struct eval_point *against,
                          size_t m, double *share);

/* Mean, and the sample variance, of n values; NaN if there are too few. */
double kaon_eval_mean(const double *value, size_t n);
double kaon_eval_variance(const double *value, size_t n);

/* DeLong's standard error of the area, without weights. 0 without memory. */
int kaon_eval_auc_error(const struct eval_point *signal, size_t n_signal,
                        const struct eval_point *background, size_t n_background, double *error);

/* 1 / efficiency (inf if nothing passes), its binomial error r^2 sqrt((1/r)(1-1/r)/N) and the
 * interval of 68.27 % after Wilson. */
struct eval_rejection {
    double value, error, low, high;
};
struct eval_rejection kaon_eval_reject(const struct eval_passing *passing);

/* Wilson's interval for k of n at `z` standard deviations. */
void kaon_eval_wilson(double k, double n, double z, double *low, double *high);

/* Clopper and Pearson's interval for k of n at a coverage of 68.27 %. */
void kaon_eval_clopper_pearson(uint64_t k, uint64_t n, double *low, double *high);

/* To `digits` decimals, halves to even as NumPy does. */
double kaon_eval_round(double value, int digits);

#endif
