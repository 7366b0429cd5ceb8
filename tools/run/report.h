/* What `kaon run` says of the outputs and the times. */
#ifndef KAON_TOOLS_RUN_REPORT_H
#define KAON_TOOLS_RUN_REPORT_H

#include <stdbool.h>

#include "engine/kaon.h"
#include "tools/cli/out.h"

struct kaon_run_result {
    const char *path;
    const struct kaon_model *model;
    const struct kaon_tensor *outputs;
    double *seconds; /* of each timed run; sorted by the report */
    size_t n_runs;
};

enum kaon_status kaon_run_report(const struct kaon_run_result *result, bool json,
                                 struct kaon_out *out, struct kaon_msg *msg);

#endif
