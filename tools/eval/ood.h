/* Whether a tagger notices jets that it was not made for: scores that say how strange a jet is, and
 * how well they tell jets of other classes from those of its own.
 *
 * Three come from the probabilities of the classes. The energy -ln sum exp(logit) does not: what a
 * softmax gives sums to 1 whatever the energy was, so it is there only where the logits are named.
 * Mahalanobis's distance is taken in the space of centred logarithms of probabilities, which are
 * logits but for a constant of the jet, and where one is named in that of a hidden value; its means (a
 * class each) and its covariance (of all together) are those of the judged jets that are in. */
#ifndef KAON_TOOLS_EVAL_OOD_H
#define KAON_TOOLS_EVAL_OOD_H

#include "tools/eval/scores.h"

enum eval_ood_score {
    EVAL_OOD_PROBABILITY, /* 1 - the largest probability */
    EVAL_OOD_ENTROPY,
    EVAL_OOD_MAHALANOBIS, /* squared, to the nearest class */
    EVAL_OOD_ENERGY,      /* of the logits, where they are named */
    EVAL_OOD_HIDDEN,      /* as Mahalanobis's, of the hidden value, where one is named */
    EVAL_OOD_SCORES,
};

extern const char *const kaon_eval_ood_scores[EVAL_OOD_SCORES];

struct eval_ood_against {
    size_t class;                  /* that is out */
    double auroc[EVAL_OOD_SCORES]; /* pairs in the right order, ties half; NaN: undefined */
    double fpr[EVAL_OOD_SCORES];   /* share of jets that are out and pass where 95 % of those
                                        that are in do */
};

struct eval_ood {
    bool in[EVAL_MOST_CLASSES]; /* classes that the tagger is made for */
    uint64_t n_in;
    bool has[EVAL_OOD_SCORES]; /* what is below is defined for these */
    double ridge;              /* of EVAL_OOD_HIDDEN: added to the diagonal of its covariance */
    double mean[EVAL_OOD_SCORES][EVAL_MOST_CLASSES]; /* of each class */
    struct eval_ood_against against[EVAL_MOST_CLASSES];
    size_t n_against; /* 0: no class is out */
};

/* Out are the classes of spec->ood or, if it names none, those that the tagger has no probability
 * of; *ood is for the caller to free, NULL if there are none. */
enum kaon_status kaon_eval_ood(struct eval_ood **ood, const struct eval_spec *spec,
                               const struct eval_scores *scores, struct kaon_msg *msg);

#endif
