/* Values of options that take "A,B". */
#ifndef KAON_TOOLS_EVAL_SPLIT_H
#define KAON_TOOLS_EVAL_SPLIT_H

#include "tools/cli/option.h"
#include "tools/eval/pool.h"

#include <stdbool.h>

/* The words between commas, *n of them, from the pool; with `keep_empty` also those of no letters.
 * NULL without memory. */
const char **kaon_eval_split(struct eval_pool *pool, const struct kaon_words *given,
                             bool keep_empty, size_t *n);

#endif
