/* All jets of a reader through a model: one thread reads and takes the results, others infer. */
#ifndef KAON_TOOLS_EVAL_RUN_H
#define KAON_TOOLS_EVAL_RUN_H

#include "tools/cli/progress.h"
#include "tools/eval/infer.h"

/* Takes the results of one block; called in row order, by the thread that called kaon_eval_run. */
typedef enum kaon_status kaon_eval_take_fn(void *user, const struct eval_block *block,
                                           const struct eval_result *result, struct kaon_msg *msg);

struct eval_run {
    const struct kaon_model *const *models; /* several: one a fold */
    size_t n_models;
    const struct eval_spec *spec;
    struct eval_reader *reader;
    size_t threads, batch;
    struct kaon_progress *progress; /* or NULL */
    kaon_eval_take_fn *take;
    void *user;
    double prepare_seconds, run_seconds; /* out */
    uint64_t macs;                       /* out: multiply-adds of all runs */
};

/* What is taken, and in what order, does not depend on the number of threads. Ends early with an
 * error if the program is interrupted. */
enum kaon_status kaon_eval_run(struct eval_run *run, struct kaon_msg *msg);

#endif
