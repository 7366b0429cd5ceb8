/* Where everything comes from that an evaluation would use: --explain. */
#ifndef KAON_TOOLS_EVAL_EXPLAIN_H
#define KAON_TOOLS_EVAL_EXPLAIN_H

#include <jansson.h>

#include "tools/cli/out.h"
#include "tools/eval/entry.h"

/* After the entries were opened, and prepared where there is data. NULL without memory. */
json_t *kaon_eval_explain(const struct evaluation *e);

/* The same for a person. */
void kaon_eval_explain_print(struct kaon_out *out, const json_t *all);

#endif
