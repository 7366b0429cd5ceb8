/* Parts of metrics.json. Each returns a new reference, NULL without memory. */
#ifndef KAON_TOOLS_EVAL_REPORT_PART_H
#define KAON_TOOLS_EVAL_REPORT_PART_H

#include <jansson.h>

#include "tools/cli/json.h"
#include "tools/eval/entry.h"

json_t *kaon_eval_report_count(uint64_t value);
json_t *kaon_eval_report_numbers(const double *value, size_t n);

/* A discriminant against its variables. */
json_t *kaon_eval_report_binned(const struct eval_spec *spec, const struct eval_binned *binned,
                                size_t n);

/* Confusion, calibration, entropy, areas of pairs. */
json_t *kaon_eval_report_classified(const struct eval_spec *spec,
                                    const struct eval_classified *classified);

/* What the model says of tracks. */
json_t *kaon_eval_report_tasks(const struct eval_spec *spec, const struct eval_tasks *tasks);

/* Jets that the tagger is not made for. */
json_t *kaon_eval_report_ood(const struct eval_spec *spec, const struct eval_ood *ood);

/* Of one discriminant, on request. */
json_t *kaon_eval_report_bootstrap(const struct eval_spec *spec, const struct eval_discriminant *d,
                                   const struct eval_bootstrap *b);
json_t *kaon_eval_report_scan(const struct eval_spec *spec, const struct eval_scan *scan);

/* Of the whole evaluation. */
json_t *kaon_eval_report_comparisons(const struct evaluation *e);
json_t *kaon_eval_report_requirements(const struct evaluation *e);

/* Of an ensemble or a cascade. */
json_t *kaon_eval_report_derived(const struct eval_derived *derived);

#endif
