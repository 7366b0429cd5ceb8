/* Half precision from HDF5 files. libhdf5 converts it bit by bit, which is most of what reading tracks costs;
 * this does it in a few operations, to the same values. */
#ifndef KAON_TOOLS_EVAL_HALF_H
#define KAON_TOOLS_EVAL_HALF_H

#include "tools/cli/fail.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Makes libhdf5 use it for IEEE binary16, little endian, into native floats; more than once is fine. */
enum kaon_status kaon_eval_half_register(struct kaon_msg *msg);

/* IEEE binary16, as NumPy's float16 lies in files of h5py; for the caller to close, negative on failure. */
hid_t kaon_eval_half_type(bool big_endian);

/* The value of a binary16, exactly. */
float kaon_eval_half(uint16_t half);

#endif
