/* The evaluation as tables for a person. */
#ifndef KAON_TOOLS_EVAL_PRINT_H
#define KAON_TOOLS_EVAL_PRINT_H

#include "tools/cli/out.h"
#include "tools/eval/entry.h"

void kaon_eval_print(struct kaon_out *out, const struct evaluation *e);

#endif
