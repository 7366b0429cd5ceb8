#include "backends/own/product.h"

#define T double
#define WIDE double
#define NAME product_f64
#include "backends/own/product_body.inc"
#define T int8_t
#define WIDE uint64_t
#define NAME product_i8
#include "backends/own/product_body.inc"
#define T int16_t
#define WIDE uint64_t
#define NAME product_i16
#include "backends/own/product_body.inc"
#define T int32_t
#define WIDE uint64_t
#define NAME product_i32
#include "backends/own/product_body.inc"
#define T int64_t
#define WIDE uint64_t
#define NAME product_i64
#include "backends/own/product_body.inc"
#define T uint8_t
#define WIDE uint64_t
#define NAME product_u8
#include "backends/own/product_body.inc"
#define T uint16_t
#define WIDE uint64_t
#define NAME product_u16
#include "backends/own/product_body.inc"
#define T uint32_t
#define WIDE uint64_t
#define NAME product_u32
#include "backends/own/product_body.inc"
#define T uint64_t
#define WIDE uint64_t
#define NAME product_u64
#include "backends/own/product_body.inc"

kaon_product_fn *kaon_product_plain(enum kaon_type type)
{
    static kaon_product_fn *const by_type[KAON_OWN_TYPES] = {
        [KAON_F64] = product_f64, [KAON_I8] = product_i8,   [KAON_I16] = product_i16,
        [KAON_I32] = product_i32, [KAON_I64] = product_i64, [KAON_U8] = product_u8,
        [KAON_U16] = product_u16, [KAON_U32] = product_u32, [KAON_U64] = product_u64,
    };
    return (unsigned)type < KAON_OWN_TYPES ? by_type[type] : NULL;
}
