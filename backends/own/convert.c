/* Conversion by way of int64 or double, which hold every other type's values exactly but uint64's:
 * those keep their 64 bits and are marked. */
#include "backends/own/convert.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 128 };

/* Every type has: load into doubles or int64, store from doubles, store from int64. */
typedef void load_fn(void *wide, const void *x, size_t n);
typedef void store_fn(void *y, const void *wide, size_t n, bool saturate);

/* Towards zero; what does not fit into `bits` bits, and NaN, is what x86 gives: the least integer. */
static int64_t truncated(double v, int bits)
{
    const double end = bits == 64 ? 0x1p63 : bits == 32 ? 0x1p31 : 0x1p32;
    const int64_t none = bits == 64 ? INT64_MIN : bits == 32 ? INT32_MIN : 0;
    return v > -end - 1.0 && v < end && v >= -0x1p63 ? (int64_t)v : none;
}

/* By way of int32 for types of up to 32 bits, of int64 for the rest; uint32 takes 33 bits. */
enum { BY_32 = 32, BY_33 = 33, BY_64 = 64 };

#define T int8_t
#define NAME(f) f##_i8
#define WAY BY_32
#include "backends/own/convert_body.inc"
#define T int16_t
#define NAME(f) f##_i16
#define WAY BY_32
#include "backends/own/convert_body.inc"
#define T int32_t
#define NAME(f) f##_i32
#define WAY BY_32
#include "backends/own/convert_body.inc"
#define T int64_t
#define NAME(f) f##_i64
#define WAY BY_64
#include "backends/own/convert_body.inc"
#define T uint8_t
#define NAME(f) f##_u8
#define WAY BY_32
#include "backends/own/convert_body.inc"
#define T uint16_t
#define NAME(f) f##_u16
#define WAY BY_32
#include "backends/own/convert_body.inc"
#define T uint32_t
#define NAME(f) f##_u32
#define WAY BY_33
#include "backends/own/convert_body.inc"

/* Integers narrower than a byte keep their low bits, of signed ones the upper bits as well. */
#define NARROW(name, T, bits)                                                                      \
    static T low_##name(int64_t v)                                                                 \
    {                                                                                              \
        return (T)((T)((uint64_t)v << (8 - bits)) >> (8 - bits));                                  \
    }                                                                                              \
    static void real_##name(void *y, const void *wide, size_t n, bool saturate)                    \
    {                                                                                              \
        (void)saturate;                                                                            \
        for (size_t i = 0; i < n; i++)                                                             \
            ((T *)y)[i] = low_##name(truncated(((const double *)wide)[i], BY_32));                 \
    }                                                                                              \
    static void whole_##name(void *y, const void *wide, size_t n, bool saturate)                   \
    {                                                                                              \
        (void)saturate;                                                                            \
        for (size_t i = 0; i < n; i++)                                                             \
            ((T *)y)[i] = low_##name(((const int64_t *)wide)[i]);                                  \
    }
NARROW(u4, uint8_t, 4)
NARROW(i4, int8_t, 4)
NARROW(u2, uint8_t, 2)
NARROW(i2, int8_t, 2)

static void load_u64(void *wide, const void *x, size_t n)
{
    memcpy(wide, x, n * sizeof(uint64_t));
}

static void real_u64(void *y, const void *wide, size_t n, bool saturate)
{
    const double *v = wide;
    (void)saturate;
    for (size_t i = 0; i < n; i++)
        ((uint64_t *)y)[i] =
            v[i] >= 0x1p63 && v[i] < 0x1p64 ? (uint64_t)v[i] : (uint64_t)truncated(v[i], BY_64);
}

static void whole_u64(void *y, const void *wide, size_t n, bool saturate)
{
    (void)saturate;
    memcpy(y, wide, n * sizeof(uint64_t));
}

static void real_bool(void *y, const void *wide, size_t n, bool saturate)
{
    (void)saturate;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)y)[i] = ((const double *)wide)[i] != 0.0;
}

static void whole_bool(void *y, const void *wide, size_t n, bool saturate)
{
    (void)saturate;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)y)[i] = ((const int64_t *)wide)[i] != 0;
}

#define T float
#define NAME(f) f##_f32
#define FROM(x) ((double)(x))
#define TO(v) ((float)(v))
#include "backends/own/convert_real_body.inc"
#define T double
#define NAME(f) f##_f64
#define FROM(x) (x)
#define TO(v) ((double)(v))
#include "backends/own/convert_real_body.inc"
#define T uint16_t
#define NAME(f) f##_f16
#define FROM(x) ((double)kaon_f32_from_f16(x))
#define TO(v) kaon_f16_from_f32((float)(v))
#include "backends/own/convert_real_body.inc"
#define T uint16_t
#define NAME(f) f##_bf16
#define FROM(x) ((double)kaon_f32_from_bf16(x))
#define TO(v) kaon_bf16_from_f32((float)(v))
#include "backends/own/convert_real_body.inc"
#define T uint8_t
#define NAME(f) f##_e4m3fn
#define FROM(x) ((double)kaon_f32_from_f8(KAON_F8E4M3FN, x))
#define TO(v) kaon_f8_from_f32(KAON_F8E4M3FN, (float)(v), saturate)
#include "backends/own/convert_real_body.inc"
#define T uint8_t
#define NAME(f) f##_e4m3fnuz
#define FROM(x) ((double)kaon_f32_from_f8(KAON_F8E4M3FNUZ, x))
#define TO(v) kaon_f8_from_f32(KAON_F8E4M3FNUZ, (float)(v), saturate)
#include "backends/own/convert_real_body.inc"
#define T uint8_t
#define NAME(f) f##_e5m2
#define FROM(x) ((double)kaon_f32_from_f8(KAON_F8E5M2, x))
#define TO(v) kaon_f8_from_f32(KAON_F8E5M2, (float)(v), saturate)
#include "backends/own/convert_real_body.inc"
#define T uint8_t
#define NAME(f) f##_e5m2fnuz
#define FROM(x) ((double)kaon_f32_from_f8(KAON_F8E5M2FNUZ, x))
#define TO(v) kaon_f8_from_f32(KAON_F8E5M2FNUZ, (float)(v), saturate)
#include "backends/own/convert_real_body.inc"

#define T uint8_t
#define NAME(f) f##_e2m1
#define FROM(x) ((double)kaon_f32_from_f8(KAON_F4E2M1, x))
#define TO(v) kaon_f8_from_f32(KAON_F4E2M1, (float)(v), saturate)
#include "backends/own/convert_real_body.inc"
#define T uint8_t
#define NAME(f) f##_e8m0
#define FROM(x) ((double)kaon_f32_from_f8(KAON_F8E8M0, x))
#define TO(v) kaon_f8_from_f32(KAON_F8E8M0, (float)(v), saturate)
#include "backends/own/convert_real_body.inc"

static const struct form {
    load_fn *load;
    bool is_real; /* load gives doubles */
    store_fn *from_real, *from_whole;
} forms[KAON_OWN_TYPES] = {
    [KAON_F32] = { load_f32, true, real_f32, whole_f32 },
    [KAON_F64] = { load_f64, true, real_f64, whole_f64 },
    [KAON_F16] = { load_f16, true, real_f16, whole_f16 },
    [KAON_BF16] = { load_bf16, true, real_bf16, whole_bf16 },
    [KAON_F8E4M3FN] = { load_e4m3fn, true, real_e4m3fn, whole_e4m3fn },
    [KAON_F8E4M3FNUZ] = { load_e4m3fnuz, true, real_e4m3fnuz, whole_e4m3fnuz },
    [KAON_F8E5M2] = { load_e5m2, true, real_e5m2, whole_e5m2 },
    [KAON_F8E5M2FNUZ] = { load_e5m2fnuz, true, real_e5m2fnuz, whole_e5m2fnuz },
    [KAON_F4E2M1] = { load_e2m1, true, real_e2m1, whole_e2m1 },
    [KAON_F8E8M0] = { load_e8m0, true, real_e8m0, whole_e8m0 },
    [KAON_U4] = { load_u8, false, real_u4, whole_u4 },
    [KAON_I4] = { load_i8, false, real_i4, whole_i4 },
    [KAON_U2] = { load_u8, false, real_u2, whole_u2 },
    [KAON_I2] = { load_i8, false, real_i2, whole_i2 },
    [KAON_I8] = { load_i8, false, real_i8, whole_i8 },
    [KAON_I16] = { load_i16, false, real_i16, whole_i16 },
    [KAON_I32] = { load_i32, false, real_i32, whole_i32 },
    [KAON_I64] = { load_i64, false, real_i64, whole_i64 },
    [KAON_U8] = { load_u8, false, real_u8, whole_u8 },
    [KAON_U16] = { load_u16, false, real_u16, whole_u16 },
    [KAON_U32] = { load_u32, false, real_u32, whole_u32 },
    [KAON_U64] = { load_u64, false, real_u64, whole_u64 },
    [KAON_BOOL] = { load_u8, false, real_bool, whole_bool },
};

bool kaon_convert_can(enum kaon_type to, enum kaon_type from)
{
    return (unsigned)to < KAON_OWN_TYPES && (unsigned)from < KAON_OWN_TYPES && forms[to].load &&
           forms[from].load;
}

/* uint64 to a float: as doubles, which rounds twice where 53 bits do not do. */
static bool as_doubles(void *wide, enum kaon_type to, enum kaon_type from, size_t n)
{
    if (from != KAON_U64 || !forms[to].is_real)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint64_t v;
        memcpy(&v, (char *)wide + i * 8, 8);
        memcpy((char *)wide + i * 8, &(double){ (double)v }, 8);
    }
    return true;
}

void kaon_convert(enum kaon_type to, void *y, enum kaon_type from, const void *x, size_t n,
                  bool saturate)
{
    const struct form *f = &forms[from], *t = &forms[to];
    const size_t in = kaon_type_bytes(from), out = kaon_type_bytes(to);
    union {
        double real[CHUNK];
        int64_t whole[CHUNK];
    } wide;
    if (to == from) {
        memmove(y, x, n * in);
        return;
    }
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t m = n - i < CHUNK ? n - i : CHUNK;
        f->load(&wide, (const char *)x + i * in, m);
        const bool real = f->is_real || as_doubles(&wide, to, from, m);
        (real ? t->from_real : t->from_whole)((char *)y + i * out, &wide, m, saturate);
    }
}

void kaon_put_double(enum kaon_type type, void *data, size_t index, double value)
{
    forms[type].from_real((char *)data + index * kaon_type_bytes(type), &value, 1, true);
}

void kaon_put_int(enum kaon_type type, void *data, size_t index, int64_t value)
{
    forms[type].from_whole((char *)data + index * kaon_type_bytes(type), &value, 1, true);
}
