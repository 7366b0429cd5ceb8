/* From scores to what a physicist reads: areas, working points, curves and histograms. */
#ifndef KAON_TOOLS_EVAL_METRICS_H
#define KAON_TOOLS_EVAL_METRICS_H

#include "tools/eval/puma.h"
#include "tools/eval/scores.h"
#include "tools/eval/sorted.h"

enum { EVAL_ROC_POINTS = 201 };

struct eval_working_point {
    double wanted; /* signal efficiency; of a special point its value */
    double cut;    /* passing is D > cut; rounded to three decimals for a signal efficiency */
    struct eval_passing passing[EVAL_MOST_CLASSES];
    struct eval_rejection rejection[EVAL_MOST_CLASSES];
};

struct eval_roc {
    double efficiency[EVAL_ROC_POINTS], cut[EVAL_ROC_POINTS]; /* not rounded */
    struct eval_rejection rejection[EVAL_MOST_CLASSES][EVAL_ROC_POINTS];
};

/* One discriminant of one model. */
struct eval_judged {
    const struct eval_discriminant *of;
    uint64_t n[EVAL_MOST_CLASSES];
    double
        auc[EVAL_MOST_CLASSES]; /* signal against each class; NaN for itself and for empty ones */
    double auc_error[EVAL_MOST_CLASSES]; /* DeLong's; NaN with weights */
    struct eval_working_point point[EVAL_MOST_POINTS];
    struct eval_working_point special[EVAL_MOST_SPECIALS]; /* as of->special */
    struct eval_puma_roc *puma;                            /* with --puma, else NULL */
    struct eval_roc roc;
    double low, high; /* range that holds all but the extremes of every class */
    size_t bins;
    double *histogram; /* n_classes x bins, shares of each class; filled by kaon_eval_histogram */
};

/* Judges one discriminant, which is ranked. Everything in *judged is overwritten. */
enum kaon_status kaon_eval_judge(struct eval_judged *judged, const struct eval_spec *spec,
                                 const struct eval_discriminant *d,
                                 const struct eval_ranked *ranked, const struct eval_scores *scores,
                                 struct kaon_msg *msg);

/* Whether a class is one that the signal is told from, and has jets. */
bool kaon_eval_judged_background(const struct eval_judged *judged, size_t class);

/* Shares of each class in bins of [low, high); what lies outside counts in the outer ones. */
enum kaon_status kaon_eval_histogram(struct eval_judged *judged, const struct eval_spec *spec,
                                     const struct eval_scores *scores, double low, double high,
                                     size_t bins, struct kaon_msg *msg);
void kaon_eval_judged_close(struct eval_judged *judged);

#endif
