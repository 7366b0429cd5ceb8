/* What `kaon check` prints. */
#ifndef KAON_TOOLS_CHECK_REPORT_H
#define KAON_TOOLS_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/check/outcome.h"
#include "tools/cli/json.h"
#include "tools/cli/out.h"
#include "tools/cli/progress.h"
#include "tools/cli/say.h"

struct kaon_report {
    struct kaon_out *out;
    const struct kaon_say *say;
    struct kaon_progress progress;
    json_t *cases; /* NULL: lines of text */
    bool strict;   /* refused counts as failed */
    size_t count[KAON_N_VERDICTS];
};

void kaon_report_begin(struct kaon_report *report, struct kaon_out *out, const struct kaon_say *say,
                       bool json, bool progress, bool strict, size_t n_cases);

void kaon_report_add(struct kaon_report *report, const char *name,
                     const struct kaon_outcome *outcome);

/* Prints the sums, unless the run did not come to its end, and returns how many cases failed. */
size_t kaon_report_end(struct kaon_report *report, bool whole);

#endif
