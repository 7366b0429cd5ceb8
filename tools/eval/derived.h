/* Taggers made of others at evaluation: ensembles that combine what k models say of a jet, and cascades in
 * which a second model is asked only where the first is not sure. */
#ifndef KAON_TOOLS_EVAL_DERIVED_H
#define KAON_TOOLS_EVAL_DERIVED_H

#include "tools/eval/entry.h"

enum { EVAL_MOST_MEMBERS = 16, EVAL_CASCADE_POINTS = 41 };

enum eval_rule {
    EVAL_AVERAGE,       /* mean of the probabilities */
    EVAL_LOGIT_AVERAGE, /* softmax of the mean of their logarithms */
    /* CrossMax (S. Fort, B. Lakshminarayanan, arXiv:2408.05446, algorithm 1): of the logits each
     * model's largest is taken away, then each class's largest over the models, and the median over
     * the models is softmaxed */
    EVAL_CROSSMAX,
    EVAL_CASCADE, /* the first, or the second where the first's largest probability is too small */
};

/* A cascade at one confidence: what it costs and gains. */
struct eval_cascade_point {
    double confidence;
    double share;    /* of jets that the second model is asked for */
    double macs;     /* multiply-adds a jet, mean; NaN: a member was not run here */
    double accuracy; /* share of jets whose largest probability is their class's */
};

struct eval_derived {
    enum eval_rule rule;
    const char *text; /* "average of A, B" */
    const struct eval_entry *member[EVAL_MOST_MEMBERS];
    size_t n;
    /* of the entry's given probabilities in each member; -1: it has none */
    long index[EVAL_MOST_MEMBERS][EVAL_MOST_PROBABILITIES];
    double confidence;
    struct eval_cascade_point chosen; /* at `confidence` */
    struct eval_cascade_point *point; /* from never to always asking the second; NULL: no cascade */
};

/* Opens an entry from "NAME=average:A,B" (logit, crossmax) or, of a cascade, "NAME=A,B:0.9". Its members are
 * among the entries before it, which must be open. */
enum kaon_status kaon_eval_derived_open(struct evaluation *e, struct eval_entry *entry,
                                        const char *text, bool cascade, struct kaon_msg *msg);

/* Takes over data and sample, once its members are prepared. */
void kaon_eval_derived_prepare(struct eval_entry *entry);

/* Fills its scores from its members', on the jets that all of them have. */
enum kaon_status kaon_eval_derived_fill(struct eval_entry *entry, struct kaon_msg *msg);

#endif
