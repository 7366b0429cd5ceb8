/* Measured values as a person writes them. */
#ifndef KAON_TOOLS_EVAL_MEASURED_H
#define KAON_TOOLS_EVAL_MEASURED_H

#include "tools/eval/stats.h"

#include <stddef.h>

/* Decimals that show two digits of the error and three of the value, 6 at most. */
int kaon_eval_decimals(double value, double error);

/* "26.8 ± 2.2  [24.6, 29.1]"; "inf  [120, inf]" where nothing passes. */
void kaon_eval_measured_text(char *text, size_t room, const struct eval_rejection *r);

#endif
