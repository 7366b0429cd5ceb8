/* The evaluation as lines with TABs, for programs that read columns. */
#ifndef KAON_TOOLS_EVAL_PLAIN_H
#define KAON_TOOLS_EVAL_PLAIN_H

#include "tools/cli/out.h"
#include "tools/eval/entry.h"

/* A line of column names, then one number a line: counts of jets, warnings, areas, working points.
 * docs/eval.md has the columns; new ones come last. */
void kaon_eval_plain(struct kaon_out *out, const struct evaluation *e);

#endif
