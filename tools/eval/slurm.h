/* A shell script that submits an evaluation in parts, and their merge, to Slurm. */
#ifndef KAON_TOOLS_EVAL_SLURM_H
#define KAON_TOOLS_EVAL_SLURM_H

#include "tools/eval/options.h"

/* `argv` is the command, "eval" first, with --out; `--slurm-script` is left out of it. What it says of
 * figures and pages, the merge gets. */
void kaon_eval_slurm_print(struct kaon_out *out, int argc, char **argv,
                           const struct eval_options *o);

#endif
