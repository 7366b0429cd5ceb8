/* Half precision from HDF5 files. libhdf5 converts it bit by bit, which is most of what reading tracks costs;
 * this does it in a few operations, to the same values. */
#ifndef KAON_TOOLS_EVAL_HALF_H
#define KAON_TOOLS_EVAL_HALF_H

#include "tools/cli/fail.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Makes libhdf5 use it for IEEE binary16, little endian, into native floats; more than once is fine. */
enum kaon_status kaon_eval_half_register(struct kaon_msg *msg);

/* IEEE binary16, as NumPy's float16 lies in files of h5py; for the caller to close, negative on failure. */
hid_t kaon_eval_half_type(bool big_endian);

/* The value of a binary16, exactly. */
static inline float kaon_eval_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31,
                   fraction = half & 0x3ff;
    uint32_t bits = sign | (exponent + 112) << 23 | fraction << 13;
    float value;
    if (exponent == 31) {
        bits = sign | 0x7f800000 | fraction << 13;
    } else if (exponent == 0) { /* subnormal there, not here */
        value = (float)fraction * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
        bits |= sign;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
