/* How far a point lies from the nearest of several classes, in units of what is common to their
 * spreads: Mahalanobis's distance. Sums run in jet order and in double, with a Cholesky factor of our
 * own: the same bits everywhere. */
#ifndef KAON_TOOLS_EVAL_GAUSS_H
#define KAON_TOOLS_EVAL_GAUSS_H

#include "tools/eval/scores.h"

/* Writes the n coordinates of a jet. A jet with one that is not finite is left out of a fit, and its
 * distance is not a number. */
typedef void eval_coordinates_fn(double *x, const struct eval_scores *scores, size_t jet, size_t n);

struct eval_gauss {
    eval_coordinates_fn *at;
    size_t n, n_classes;
    double *mean;    /* n_classes x n; NaN: of a class without jets */
    double *factor;  /* n x n, lower triangle: L of the covariance L L' */
    double *scratch; /* 2 x n */
    double ridge;    /* what the diagonal was raised by */
    bool known;      /* false: there are no jets, or the covariance is singular */
};

/* Means (one a class) and covariance (of all classes together) of the jets whose class is `in`, with
 * their weights. The matrix is singular where a pivot is at most `least` of its diagonal's element;
 * then every diagonal element is raised by `ridge` times their mean, once; ridge 0: not at all. false
 * without memory; to be closed in either case. */
bool kaon_eval_gauss_fit(struct eval_gauss *gauss, const struct eval_scores *scores, const bool *in,
                         double least, double ridge);

/* The squared distance of a jet to the nearest mean. */
double kaon_eval_gauss_distance(const struct eval_gauss *gauss, const struct eval_scores *scores,
                                size_t jet);
void kaon_eval_gauss_close(struct eval_gauss *gauss);

#endif
