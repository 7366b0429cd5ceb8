/* Fields of a compound without libhdf5's conversion: it moves every field of every element by a call of
 * its own. Whole elements are read as they are stored, and the wanted fields are taken out in loops. */
#ifndef KAON_TOOLS_EVAL_PACKED_H
#define KAON_TOOLS_EVAL_PACKED_H

#include "tools/eval/array.h"

/* Takes n values out of one byte stream with steps of bytes and puts them into another. */
typedef void eval_take_fn(unsigned char *to, size_t to_step, const unsigned char *from,
                          size_t from_step, size_t n);

/* How a field that is stored as `from` becomes `to`, with the values that libhdf5 gives; NULL: only
 * libhdf5 knows. */
eval_take_fn *kaon_eval_packed_take(hid_t from, hid_t to);

/* Whether elements of the array's type can be read as they are stored: no field of them owns memory. */
bool kaon_eval_packed_fits(const struct eval_array *array);

/* One field of a stored element, and where it goes in an entry. */
struct eval_packed_field {
    eval_take_fn *take;
    size_t from, to;
};

/* Takes fields out of n elements of `bytes` bytes into entries of `entry` bytes. */
void kaon_eval_packed_unpack(unsigned char *to, size_t entry, const unsigned char *from,
                             size_t bytes, size_t n, const struct eval_packed_field *field,
                             size_t n_fields);

#endif
