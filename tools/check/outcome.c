#include "tools/check/outcome.h"

#include <stdarg.h>
#include <stdio.h>

void kaon_outcome_set(struct kaon_outcome *outcome, enum kaon_verdict verdict, const char *format,
                      ...)
{
    va_list args;
    outcome->verdict = verdict;
    va_start(args, format);
    vsnprintf(outcome->text, sizeof outcome->text, format, args);
    va_end(args);
}
