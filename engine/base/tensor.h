/* Tensors inside the library: struct kaon_tensor with helpers. */
#ifndef KAON_BASE_TENSOR_H
#define KAON_BASE_TENSOR_H

#include "engine/kaon.h"

#include <stdbool.h>

/* Number of elements and bytes with overflow checked; false if they do not fit or exceed `limit`
 * elements (0: no limit beyond 2^48). */
bool kaon_tensor_size(enum kaon_type type, int32_t rank, const int64_t *dims, uint64_t limit,
                      int64_t *count, size_t *bytes);

bool kaon_type_is_float(enum kaon_type type);   /* any width */
bool kaon_type_is_integer(enum kaon_type type); /* signed or unsigned, not bool */
bool kaon_type_is_signed(enum kaon_type type);

/* Bits of an element where files hold several in a byte, the first in the lowest bits; else 0. */
int kaon_type_packed_bits(enum kaon_type type);

/* One element as double or int64 (floats truncate, out of range saturates). */
double kaon_element_double(enum kaon_type type, const void *data, int64_t index);
int64_t kaon_element_int(enum kaon_type type, const void *data, int64_t index);

/* Element i of a tensor of strings. */
static inline const char *kaon_text_at(const struct kaon_tensor *t, size_t i)
{
    const char *text = ((const char *const *)t->data)[i];
    return text ? text : "";
}

bool kaon_same_shape(const struct kaon_tensor *a, const struct kaon_tensor *b);

#endif
