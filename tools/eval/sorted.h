/* The values of a discriminant, by class and sorted: what cuts and counts are found in. */
#ifndef KAON_TOOLS_EVAL_SORTED_H
#define KAON_TOOLS_EVAL_SORTED_H

#include "tools/eval/scores.h"
#include "tools/eval/stats.h"

struct eval_sorted {
    size_t n_classes;
    bool weighted;
    struct eval_point *point[EVAL_MOST_CLASSES];
    size_t n[EVAL_MOST_CLASSES];
    double *middle[EVAL_MOST_CLASSES]; /* kaon_eval_cumulate; NULL without weights */
    double weight[EVAL_MOST_CLASSES];  /* sums */
    double effective[EVAL_MOST_CLASSES];
};

/* Sorts `n` jets; `weight` may be NULL. false without memory; to be closed in either case. */
bool kaon_eval_sorted_open(struct eval_sorted *sorted, size_t n_classes, const double *value,
                           const unsigned char *class, const float *weight, size_t n);
void kaon_eval_sorted_close(struct eval_sorted *sorted);

/* One discriminant of all jets: in jet order, and sorted. */
struct eval_ranked {
    double *value;
    struct eval_sorted sorted;
};

/* false without memory; to be closed in either case. */
bool kaon_eval_rank(struct eval_ranked *ranked, const struct eval_spec *spec,
                    const struct eval_discriminant *d, const struct eval_scores *scores);
void kaon_eval_ranked_close(struct eval_ranked *ranked);

/* The value above which `share` of a class lies: linear between jets, not rounded; NaN if the class
 * is empty. */
double kaon_eval_sorted_cut(const struct eval_sorted *sorted, size_t class, double share);

/* The same for several classes together; false without memory. */
bool kaon_eval_sorted_cut_among(const struct eval_sorted *sorted, const bool *among, double share,
                                double *cut);

/* Jets of a class with a value > cut. */
struct eval_passing kaon_eval_sorted_above(const struct eval_sorted *sorted, size_t class,
                                           double cut);

#endif
