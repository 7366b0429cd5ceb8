/* Whether two values agree. */
#ifndef KAON_TOOLS_CHECK_COMPARE_H
#define KAON_TOOLS_CHECK_COMPARE_H

#include <stdbool.h>

#include "engine/kaon.h"
#include "tools/check/tolerance.h"

struct kaon_mismatch {
    char text[512]; /* "[1, 0]: got 2, wanted 3, ..."; follows the value's name */
};

/* Type and shape must be equal, each element within the tolerance after widening to double; NaN
 * equals NaN, an infinity the same infinity. Sequences: equal lengths, element by element. */
bool kaon_values_agree(const struct kaon_tensor *got, const struct kaon_tensor *want,
                       const struct kaon_tolerance *tolerance, struct kaon_mismatch *mismatch);

#endif
