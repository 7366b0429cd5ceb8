/* From entries of a block to the values of an input. */
#ifndef KAON_TOOLS_EVAL_FILL_H
#define KAON_TOOLS_EVAL_FILL_H

#include "tools/eval/reader.h"
#include "tools/eval/spec.h"

/* Entries of row `row` that the input takes. */
size_t kaon_eval_fill_count(const struct eval_input *in, const struct eval_block *block,
                            size_t row);

/* Writes one jet with room for `length` entries: [length, F], or [F, length] if the layout is
 * EVAL_TURNED. */
void kaon_eval_fill_jet(const struct eval_input *in, const struct eval_query *query,
                        const struct eval_block *block, size_t row, size_t length, float *to);

#endif
