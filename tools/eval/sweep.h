/* One model under several attention variants: what each changes against the model's own. */
#ifndef KAON_TOOLS_EVAL_SWEEP_H
#define KAON_TOOLS_EVAL_SWEEP_H

#include <jansson.h>

#include "tools/cli/out.h"
#include "tools/eval/options.h"
#include "tools/eval/wanted.h"

/* Adds to each model of *w one for each variant of --attention-sweep, behind it. */
enum kaon_status kaon_eval_sweep_expand(struct evaluation *e, const struct eval_options *o,
                                        struct eval_wanted *w, struct kaon_msg *msg);

/* A variant as part of a name: "softpick", "relu_gamma_0.5"; NULL without memory. */
const char *kaon_eval_sweep_name(struct eval_pool *pool, const char *attention);

/* How scores of jets that both have differ. */
struct eval_change {
    size_t jets;
    double mean, most; /* of |p - p of the model's own|, over jets and classes */
    double other_best; /* share of jets whose most probable class is another */
};
struct eval_change kaon_eval_change(const struct eval_scores *own, const struct eval_scores *other);

/* Prints a table and gives an array of objects; nothing, and NULL, without a sweep. */
void kaon_eval_print_sweep(struct kaon_out *out, const struct evaluation *e);
json_t *kaon_eval_report_sweep(const struct evaluation *e);

#endif
