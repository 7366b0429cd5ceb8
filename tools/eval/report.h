/* The evaluation as one JSON object. */
#ifndef KAON_TOOLS_EVAL_REPORT_H
#define KAON_TOOLS_EVAL_REPORT_H

#include <jansson.h>

#include "tools/eval/entry.h"

/* NULL without memory. */
json_t *kaon_eval_report(const struct evaluation *e);

#endif
