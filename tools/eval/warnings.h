/* What was counted while an evaluation ran and a reader of its figures must know. */
#ifndef KAON_TOOLS_EVAL_WARNINGS_H
#define KAON_TOOLS_EVAL_WARNINGS_H

#include "tools/eval/entry.h"

struct eval_warning {
    const char *kind; /* stable, for programs */
    uint64_t count;
    char text[320]; /* one sentence */
};

/* The k-th warning of an entry; false past the last. */
bool kaon_eval_warning(const struct eval_entry *entry, size_t k, struct eval_warning *warning);

#endif
