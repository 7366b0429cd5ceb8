/* Index tensors: int64 or int32, negative ones count from the end, out of range is the input's fault. */
#ifndef KAON_BACKENDS_OWN_INDEX_H
#define KAON_BACKENDS_OWN_INDEX_H

#include "backends/own/own.h"

/* Entries at .. at + n - 1 of input `i` into out, made non-negative; each must be below `limit`. */
enum kaon_status kaon_index_read(const struct kaon_call *call, size_t i, size_t at, size_t n,
                                 int64_t limit, int64_t *out, struct kaon_msg *msg);

/* Tuple t of input `i`, indices into `depth` axes of lengths dims: the place that they name, counted over these
 * axes. */
enum kaon_status kaon_index_tuple(const struct kaon_call *call, size_t i, size_t t, int32_t depth,
                                  const int64_t *dims, size_t *place, struct kaon_msg *msg);

#endif
