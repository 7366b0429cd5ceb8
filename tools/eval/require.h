/* Requirements on the figures of an evaluation:
 *
 *     [MODEL:][D.]QUANTITY OPERATOR NUMBER        "rej_c@0.70 > 10", "GN2:D_c.auc_b >= 0.75"
 *
 * Quantities, of the class or letter after '_': rej_, eff_ at a signal efficiency "@0.70"; auc_;
 * precision_, recall_, ece_ (expected calibration error); accuracy, ece (of the largest
 * probability). Operators > >= < <=. Without a model, of every model; without D, of the first
 * discriminant. What is not defined meets nothing. */
#ifndef KAON_TOOLS_EVAL_REQUIRE_H
#define KAON_TOOLS_EVAL_REQUIRE_H

#include "tools/eval/entry.h"

enum eval_quantity {
    EVAL_REJECTION,
    EVAL_EFFICIENCY,
    EVAL_AUC,
    EVAL_PRECISION,
    EVAL_RECALL,
    EVAL_CALIBRATION_ERROR,
    EVAL_ACCURACY,
};

struct eval_requirement {
    const char *text;
    char model[80], discriminant[80], class[80]; /* "": not named */
    enum eval_quantity quantity;
    double at; /* signal efficiency */
    bool greater, equal;
    double bound;
};

/* Parses one, before anything is run. */
enum kaon_status kaon_eval_require_parse(struct eval_requirement *r, const char *text,
                                         struct kaon_msg *msg);

/* Whether models and classes that it names are there. */
enum kaon_status kaon_eval_require_check(const struct eval_requirement *r,
                                         const struct evaluation *e, struct kaon_msg *msg);

/* The value for one judged model. */
enum kaon_status kaon_eval_require_value(const struct eval_requirement *r,
                                         const struct eval_entry *entry, double *value,
                                         struct kaon_msg *msg);

/* Whether it is about this model; and whether a value meets it. */
bool kaon_eval_require_concerns(const struct eval_requirement *r, const struct eval_entry *entry);
bool kaon_eval_require_met(const struct eval_requirement *r, double value);

#endif
