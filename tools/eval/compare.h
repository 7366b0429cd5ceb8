/* Two taggers on the same jets: jets that pass for one and not the other carry the difference, and
 * its error is smaller than errors of the two apart suggest. */
#ifndef KAON_TOOLS_EVAL_COMPARE_H
#define KAON_TOOLS_EVAL_COMPARE_H

#include "tools/eval/metrics.h"

/* One class at one working point; each tagger at its own cut. */
struct eval_pair_class {
    uint64_t both, reference_only, model_only, neither; /* jets that pass */
    double ratio; /* rejection of the model over that of the reference; NaN: nothing passes */
    double error; /* of the ratio, the cuts taken as given */
    double p;     /* McNemar's exact test: chance of so unequal numbers if the taggers are equal */
};

struct eval_pair_point {
    double wanted, cut_reference, cut_model;
    struct eval_pair_class class[EVAL_MOST_CLASSES];
};

/* Classes by their index in the specification of the reference. */
struct eval_pair {
    size_t jets;                              /* that both have */
    double auc_difference[EVAL_MOST_CLASSES]; /* model - reference; NaN for the signal */
    double auc_error[EVAL_MOST_CLASSES];      /* DeLong's, paired; NaN with weights */
    double auc_p[EVAL_MOST_CLASSES];          /* two-sided, normal */
    struct eval_pair_point *point;            /* working points that both have */
    size_t n_points;
};

/* What is compared: one discriminant of one model. */
struct eval_side {
    const struct eval_spec *spec;
    const struct eval_scores *scores;
    const struct eval_judged *judged;
};

/* To be closed in either case. */
enum kaon_status kaon_eval_compare(struct eval_pair *pair, const struct eval_side *reference,
                                   const struct eval_side *model, struct kaon_msg *msg);
void kaon_eval_pair_close(struct eval_pair *pair);

/* McNemar's exact test for b and c jets that only one lets pass. */
double kaon_eval_mcnemar(uint64_t b, uint64_t c);

#endif
