#include "engine/base/tensor.h"

#include "engine/base/half.h"
#include "engine/base/size.h"

#include <math.h>
#include <string.h>

enum { INTEGER = 1, SIGNED = 2, FLOAT = 4 };

static const struct type_row {
    enum kaon_type type;
    const char *name;
    uint8_t bytes, kind;
} types[] = {
    { KAON_F32, "float", 4, FLOAT | SIGNED },
    { KAON_U8, "uint8", 1, INTEGER },
    { KAON_I8, "int8", 1, INTEGER | SIGNED },
    { KAON_U16, "uint16", 2, INTEGER },
    { KAON_I16, "int16", 2, INTEGER | SIGNED },
    { KAON_I32, "int32", 4, INTEGER | SIGNED },
    { KAON_I64, "int64", 8, INTEGER | SIGNED },
    { KAON_STRING, "string", sizeof(char *), 0 },
    { KAON_BOOL, "bool", 1, 0 },
    { KAON_F16, "float16", 2, FLOAT | SIGNED },
    { KAON_F64, "double", 8, FLOAT | SIGNED },
    { KAON_U32, "uint32", 4, INTEGER },
    { KAON_U64, "uint64", 8, INTEGER },
    { 14, "complex64", 0, 0 },
    { 15, "complex128", 0, 0 },
    { KAON_BF16, "bfloat16", 2, FLOAT | SIGNED },
    { KAON_F8E4M3FN, "float8e4m3fn", 1, FLOAT | SIGNED },
    { KAON_F8E4M3FNUZ, "float8e4m3fnuz", 1, FLOAT | SIGNED },
    { KAON_F8E5M2, "float8e5m2", 1, FLOAT | SIGNED },
    { KAON_F8E5M2FNUZ, "float8e5m2fnuz", 1, FLOAT | SIGNED },
    { KAON_U4, "uint4", 1, INTEGER },
    { KAON_I4, "int4", 1, INTEGER | SIGNED },
    { KAON_F4E2M1, "float4e2m1", 1, FLOAT | SIGNED },
    { KAON_F8E8M0, "float8e8m0", 1, FLOAT },
    { KAON_U2, "uint2", 1, INTEGER },
    { KAON_I2, "int2", 1, INTEGER | SIGNED },
    { KAON_SEQUENCE, "sequence", sizeof(struct kaon_tensor), 0 },
    { KAON_OPTIONAL, "optional", 0, 0 },
    { KAON_NONE, "none", 0, 0 },
};

static const struct type_row *row(enum kaon_type type)
{
    static const struct type_row none = { KAON_UNDEFINED, "undefined", 0, 0 };
    for (size_t i = 0; i < KAON_COUNT(types); i++)
        if (types[i].type == type)
            return &types[i];
    return &none;
}

size_t kaon_type_bytes(enum kaon_type type)
{
    return row(type)->bytes;
}

const char *kaon_type_name(enum kaon_type type)
{
    return row(type)->name;
}

int kaon_type_packed_bits(enum kaon_type type)
{
    switch (type) {
    case KAON_U4:
    case KAON_I4:
    case KAON_F4E2M1:
        return 4;
    case KAON_U2:
    case KAON_I2:
        return 2;
    default:
        return 0;
    }
}

bool kaon_type_is_float(enum kaon_type type)
{
    return row(type)->kind & FLOAT;
}

bool kaon_type_is_integer(enum kaon_type type)
{
    return row(type)->kind & INTEGER;
}

bool kaon_type_is_signed(enum kaon_type type)
{
    return row(type)->kind & SIGNED;
}

int64_t kaon_tensor_count(const struct kaon_tensor *tensor)
{
    int64_t n = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        n *= tensor->dims[i];
    return n;
}

bool kaon_tensor_size(enum kaon_type type, int32_t rank, const int64_t *dims, uint64_t limit,
                      int64_t *count, size_t *bytes)
{
    const uint64_t most = limit ? limit : (uint64_t)1 << 48;
    size_t n = 1;
    bool empty =
        false; /* a length of 0 makes the product 0; the others' is held to the limit all the same */
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return false;
        if (dims[i] == 0)
            empty = true;
        else if (!kaon_mul(&n, n, (size_t)dims[i]) || n > most)
            return false;
    }
    n = empty ? 0 : n;
    *count = (int64_t)n;
    return kaon_mul(bytes, n, kaon_type_bytes(type));
}

bool kaon_same_shape(const struct kaon_tensor *a, const struct kaon_tensor *b)
{
    if (a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

double kaon_element_double(enum kaon_type type, const void *data, int64_t index)
{
    switch (type) {
    case KAON_F32:
        return ((const float *)data)[index];
    case KAON_F64:
        return ((const double *)data)[index];
    case KAON_F16:
        return kaon_f32_from_f16(((const uint16_t *)data)[index]);
    case KAON_BF16:
        return kaon_f32_from_bf16(((const uint16_t *)data)[index]);
    case KAON_F8E4M3FN:
    case KAON_F8E4M3FNUZ:
    case KAON_F8E5M2:
    case KAON_F8E5M2FNUZ:
    case KAON_F4E2M1:
    case KAON_F8E8M0:
        return kaon_f32_from_f8(type, ((const uint8_t *)data)[index]);
    case KAON_U64:
        return (double)((const uint64_t *)data)[index];
    default:
        return (double)kaon_element_int(type, data, index);
    }
}

int64_t kaon_element_int(enum kaon_type type, const void *data, int64_t index)
{
    switch (type) {
    case KAON_I64:
        return ((const int64_t *)data)[index];
    case KAON_I32:
        return ((const int32_t *)data)[index];
    case KAON_I16:
        return ((const int16_t *)data)[index];
    case KAON_I8:
    case KAON_I4:
    case KAON_I2:
        return ((const int8_t *)data)[index];
    case KAON_U64: {
        const uint64_t v = ((const uint64_t *)data)[index];
        return v > INT64_MAX ? INT64_MAX : (int64_t)v;
    }
    case KAON_U32:
        return ((const uint32_t *)data)[index];
    case KAON_U16:
        return ((const uint16_t *)data)[index];
    case KAON_U8:
    case KAON_U4:
    case KAON_U2:
    case KAON_BOOL:
        return ((const uint8_t *)data)[index];
    default:
        break;
    }
    if (!kaon_type_is_float(type))
        return 0;
    const double v = kaon_element_double(type, data, index);
    if (!(v > -9.2e18))
        return isnan(v) ? 0 : INT64_MIN;
    return v < 9.2e18 ? (int64_t)v : INT64_MAX;
}
