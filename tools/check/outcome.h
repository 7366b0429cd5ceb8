/* What came of a case. Small enough to pass through a pipe in one piece. */
#ifndef KAON_TOOLS_CHECK_OUTCOME_H
#define KAON_TOOLS_CHECK_OUTCOME_H

#include <limits.h>

enum kaon_verdict {
    KAON_FAILED, /* first: an outcome that nobody filled in is a failure */
    KAON_PASSED,
    KAON_SKIPPED,
    KAON_REFUSED, /* the model needs what kaon lacks */
    KAON_N_VERDICTS
};

struct kaon_outcome {
    enum kaon_verdict verdict;
    char text[1500];
};
_Static_assert(sizeof(struct kaon_outcome) <= PIPE_BUF, "an outcome is written in one piece");

/* Fills the outcome. */
void kaon_outcome_set(struct kaon_outcome *outcome, enum kaon_verdict verdict, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

#endif
