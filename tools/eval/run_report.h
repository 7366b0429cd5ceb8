/* How, where and when an evaluation was made, as one JSON object: run.json. */
#ifndef KAON_TOOLS_EVAL_RUN_REPORT_H
#define KAON_TOOLS_EVAL_RUN_REPORT_H

#include <jansson.h>

#include "tools/eval/entry.h"

/* NULL without memory. */
json_t *kaon_eval_run_report(const struct evaluation *e);

/* Now, in UTC: "2026-01-31T12:00:00Z". */
void kaon_eval_time_text(char text[32]);

/* Options that environment and files have set: a list of {"option", "values", "from"}. */
json_t *kaon_eval_configured(const struct eval_settings *settings);

#endif
