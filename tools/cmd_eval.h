/* What kaon eval and kaon merge share: an evaluation, from its options to its exit status. */
#ifndef KAON_TOOLS_CMD_EVAL_H
#define KAON_TOOLS_CMD_EVAL_H

#include "tools/eval/merge.h"
#include "tools/eval/options.h"

/* Runs it, or with `merge` takes the scores from there. */
int kaon_eval_evaluate(const struct eval_options *o, struct kaon_words *words,
                       const struct eval_merge *merge, int argc, char **argv,
                       const struct kaon_say *say);

#endif
