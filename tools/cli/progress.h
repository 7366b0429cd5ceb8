/* How far a long run is: rate, items done and time left, on one line of stderr. */
#ifndef KAON_TOOLS_CLI_PROGRESS_H
#define KAON_TOOLS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/cli/say.h"

struct kaon_progress {
    FILE *to; /* NULL: silent */
    const char *unit;
    uint64_t total;
    double began, shown; /* seconds */
};

/* Silent unless `wanted`, stderr is a terminal (not a dumb one) and the person did not ask for quiet. `unit` is a
 * plural, "jets"; total 0: not known. */
struct kaon_progress kaon_progress_begin(const struct kaon_say *say, bool wanted, const char *unit,
                                         uint64_t total);

/* Shows the line if the run has lasted over a second and the line is older than a fifth of one.
 * Cheap enough to call per item. */
void kaon_progress_update(struct kaon_progress *progress, uint64_t done);

/* Wipes the line; call before writing anything else to the terminal, too. */
void kaon_progress_clear(struct kaon_progress *progress);

#endif
