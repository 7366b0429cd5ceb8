/* A tagger as a classifier: which class gets the largest probability, whether probabilities are
 * shares, and how well each pair of classes is told apart. */
#ifndef KAON_TOOLS_EVAL_CLASSIFY_H
#define KAON_TOOLS_EVAL_CLASSIFY_H

#include "tools/eval/scores.h"

enum { EVAL_CALIBRATION_BINS = 10, EVAL_ENTROPY_BINS = 40 };

/* Probabilities in bins of equal width on [0, 1]; the last holds 1. */
struct eval_calibration {
    uint64_t jets[EVAL_CALIBRATION_BINS];
    double weight[EVAL_CALIBRATION_BINS]; /* sums */
    double mean[EVAL_CALIBRATION_BINS];   /* of the probability; NaN: no jet */
    double share[EVAL_CALIBRATION_BINS];  /* of jets of the class */
    double error;                         /* expected calibration error: mean of |mean - share| */
};

/* ln of the number of probabilities is the largest that an entropy can be. */
struct eval_entropy {
    double mean, deviation;          /* in nats; NaN: no jet */
    double share[EVAL_ENTROPY_BINS]; /* of the class, in equal bins up to the largest */
};

/* Classes by their index in the specification; only those with `predicted` have a column. */
struct eval_classified {
    bool predicted[EVAL_MOST_CLASSES];                      /* the model has a probability of it */
    uint64_t count[EVAL_MOST_CLASSES][EVAL_MOST_CLASSES];   /* [true][predicted], jets */
    double confusion[EVAL_MOST_CLASSES][EVAL_MOST_CLASSES]; /* weights, rows sum to 1 */
    double precision[EVAL_MOST_CLASSES], recall[EVAL_MOST_CLASSES]; /* NaN: undefined */
    double accuracy;
    struct eval_calibration calibration[EVAL_MOST_CLASSES]; /* of each predicted class */
    struct eval_calibration confidence; /* of the largest probability, share: is right */
    struct eval_entropy entropy[EVAL_MOST_CLASSES];
    double largest_entropy;
    /* Area of p_i / (p_i + p_j) for classes i against j; and of p_i for i against all others. */
    double auc[EVAL_MOST_CLASSES][EVAL_MOST_CLASSES];
    double auc_rest[EVAL_MOST_CLASSES];
    double auc_mean; /* of all pairs of predicted classes */
};

/* *classified is for the caller to free. */
enum kaon_status kaon_eval_classify(struct eval_classified **classified,
                                    const struct eval_spec *spec, const struct eval_scores *scores,
                                    struct kaon_msg *msg);

/* - sum p ln p, in nats. */
double kaon_eval_entropy(const float *probability, size_t n);

#endif
