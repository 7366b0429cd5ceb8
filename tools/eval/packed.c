#include "tools/eval/packed.h"

#include "tools/eval/half.h"

#include <string.h>

enum { STRIP = 256 }; /* elements that stay in the nearest cache while their fields are taken */

/* ---- one field --------------------------------------------------------------------------------- */

#define TAKE(name, stored, wanted, value)                                                          \
    static void name(unsigned char *to, size_t to_step, const unsigned char *from,                 \
                     size_t from_step, size_t n)                                                   \
    {                                                                                              \
        for (size_t i = 0; i < n; i++, to += to_step, from += from_step) {                         \
            stored x;                                                                              \
            memcpy(&x, from, sizeof x);                                                            \
            const wanted y = (wanted)(value);                                                      \
            memcpy(to, &y, sizeof y);                                                              \
        }                                                                                          \
    }
TAKE(half_to_float, uint16_t, float, kaon_eval_half(x))
TAKE(u8_to_float, uint8_t, float, x)
TAKE(i8_to_float, int8_t, float, x)
TAKE(i32_to_float, int32_t, float, x)
TAKE(float_to_double, float, double, x)
TAKE(u8_to_double, uint8_t, double, x)
TAKE(i8_to_double, int8_t, double, x)
TAKE(i32_to_double, int32_t, double, x)
TAKE(same_1, uint8_t, uint8_t, x)
TAKE(same_2, uint16_t, uint16_t, x)
TAKE(same_4, uint32_t, uint32_t, x) /* bits: a NaN stays the one it is */
TAKE(same_8, uint64_t, uint64_t, x)

enum { F16, F32, F64, U8, I8, I32, KINDS };

static int kind_of(hid_t type)
{
    const hid_t half = kaon_eval_half_type(false);
    const hid_t known[KINDS] = {
        [F16] = half,        [F32] = H5T_IEEE_F32LE, [F64] = H5T_IEEE_F64LE,
        [U8] = H5T_STD_U8LE, [I8] = H5T_STD_I8LE,    [I32] = H5T_STD_I32LE
    };
    int kind = 0;
    while (kind < KINDS && H5Tequal(type, known[kind]) <= 0)
        kind++;
    if (half >= 0)
        H5Tclose(half);
    return kind;
}

eval_take_fn *kaon_eval_packed_take(hid_t from, hid_t to)
{
    static eval_take_fn *const take[KINDS][KINDS] = {
        [F16] = { [F32] = half_to_float },
        [F32] = { [F64] = float_to_double },
        [U8] = { [F32] = u8_to_float, [F64] = u8_to_double },
        [I8] = { [F32] = i8_to_float, [F64] = i8_to_double, [I8] = same_1 },
        [I32] = { [F32] = i32_to_float, [F64] = i32_to_double },
    };
    static eval_take_fn *const same[] = { [1] = same_1, [2] = same_2, [4] = same_4, [8] = same_8 };
    const size_t bytes = H5Tget_size(from);
    if (bytes < sizeof same / sizeof *same && same[bytes] && H5Tequal(from, to) > 0)
        return same[bytes];
    /* h5py's booleans are an enumeration of bytes */
    const hid_t base = H5Tget_class(from) == H5T_ENUM ? H5Tget_super(from) : -1;
    const int stored = kind_of(base >= 0 ? base : from), wanted = kind_of(to);
    if (base >= 0)
        H5Tclose(base);
    if (stored == KINDS || wanted == KINDS || (base >= 0 && wanted != I8))
        return NULL;
    return take[stored][wanted];
}

/* ---- whole elements ---------------------------------------------------------------------------- */

bool kaon_eval_packed_fits(const struct eval_array *array)
{
    const int n = H5Tget_nmembers(array->type);
    bool fits = n > 0;
    for (int i = 0; fits && i < n; i++) {
        const hid_t member = H5Tget_member_type(array->type, (unsigned)i);
        fits = member >= 0 && kaon_eval_type_is_number(member);
        if (member >= 0)
            H5Tclose(member);
    }
    return fits;
}

void kaon_eval_packed_unpack(unsigned char *to, size_t entry, const unsigned char *from,
                             size_t bytes, size_t n, const struct eval_packed_field *field,
                             size_t n_fields)
{
    for (size_t at = 0; at < n; at += STRIP) {
        const size_t here = n - at < STRIP ? n - at : STRIP;
        for (size_t i = 0; i < n_fields; i++)
            field[i].take(to + at * entry + field[i].to, entry, from + at * bytes + field[i].from,
                          bytes, here);
    }
}
