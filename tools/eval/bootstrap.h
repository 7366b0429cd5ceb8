/* Errors by resampling: every jet counts as often as a Poisson variable of mean 1 says.
 *
 * The variable is a function of seed, replica and the jet's row, so that a replica is the same jets
 * for every model, whatever the order, and the same on every machine: ratios of two models within a
 * replica are paired. */
#ifndef KAON_TOOLS_EVAL_BOOTSTRAP_H
#define KAON_TOOLS_EVAL_BOOTSTRAP_H

#include "tools/eval/scores.h"

/* Of one discriminant of one model: what each replica gives. */
struct eval_bootstrap {
    size_t replicas, n_classes, n_points;
    double *cut;       /* replicas x n_points, rounded as that of a working point */
    double *rejection; /* replicas x n_points x n_classes */
    double *auc;       /* replicas x n_classes; NaN for the signal and empty classes */
};

/* How a figure spreads over the replicas in which it is finite. */
struct eval_spread {
    size_t finite;
    double deviation; /* NaN: of fewer than two */
    double low, high; /* 15.87 % and 84.13 % of them lie below */
};

/* Times that a jet counts in a replica. */
unsigned kaon_eval_bootstrap_count(uint64_t seed, uint64_t replica, uint64_t row);

/* To be closed in either case. */
enum kaon_status kaon_eval_bootstrap(struct eval_bootstrap *b, const struct eval_spec *spec,
                                     const struct eval_discriminant *d,
                                     const struct eval_scores *scores, size_t replicas,
                                     uint64_t seed, struct kaon_msg *msg);
void kaon_eval_bootstrap_close(struct eval_bootstrap *b);

/* Of values with this distance between replicas; with `over`, of the quotients value / over. false
 * without memory. */
bool kaon_eval_bootstrap_spread(struct eval_spread *spread, const double *value, const double *over,
                                size_t stride, size_t stride_over, size_t replicas);

#endif
