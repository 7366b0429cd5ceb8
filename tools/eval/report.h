/* The figures of an evaluation as one JSON object: metrics.json. Nothing in it depends on the machine,
 * on threads, batch or shards, or on where files lie: that is in run.json (run_report.h). */
#ifndef KAON_TOOLS_EVAL_REPORT_H
#define KAON_TOOLS_EVAL_REPORT_H

#include <jansson.h>

#include "tools/eval/entry.h"

/* NULL without memory. */
json_t *kaon_eval_report(const struct evaluation *e);

/* Its member "settings" alone. */
json_t *kaon_eval_report_settings(const struct eval_settings *settings);

#endif
