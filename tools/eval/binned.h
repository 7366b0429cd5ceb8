/* Efficiencies and rejections against variables of a jet, as puma counts them: bins [edge, next
 * edge), a jet passes if D > cut, the cut is a percentile that is not rounded. */
#ifndef KAON_TOOLS_EVAL_BINNED_H
#define KAON_TOOLS_EVAL_BINNED_H

#include "tools/eval/sorted.h"

/* Where the cut of a series comes from: the value above which `share` of the classes lies. */
struct eval_target {
    const char *name; /* of a special point; NULL: a signal efficiency, `share` */
    bool among[EVAL_MOST_CLASSES];
    double share;
    bool fixed_cut; /* `cut` instead */
    double cut;
};

/* One discriminant at one working point against one variable. */
struct eval_bin_series {
    struct eval_target target;
    bool flat;                    /* a cut of its own for each bin, from the jets of that bin */
    double *cut;                  /* one a bin; NaN where the bin has no jet to find it with */
    struct eval_passing *passing; /* n_classes x bins */
};

struct eval_binned {
    const struct eval_variable *variable;
    const double *edge; /* those of the variable, or chosen from the data */
    size_t n_bins;      /* 0: the data has no values of it */
    double *chosen;     /* owns the edges if they were chosen */
    uint64_t outside;   /* jets in no bin, or without a value */
    struct eval_bin_series *series;
    size_t n_series;
};

/* Fills binned[0 .. n_variables) of the specification for one discriminant, which is ranked. To be
 * closed in either case. */
enum kaon_status kaon_eval_binned(struct eval_binned *binned, const struct eval_spec *spec,
                                  const struct eval_discriminant *d,
                                  const struct eval_ranked *ranked,
                                  const struct eval_scores *scores, struct kaon_msg *msg);
void kaon_eval_binned_close(struct eval_binned *binned, size_t n);

#endif
