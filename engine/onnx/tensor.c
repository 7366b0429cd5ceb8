/* TensorProto to struct kaon_tensor. */
#include "engine/onnx/onnx.h"

#include "engine/base/size.h"
#include "engine/base/tensor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_LOCATION_EXTERNAL = 1 };

void kaon_onnx_external_close(struct kaon_onnx_external *first)
{
    for (; first; first = first->next)
        kaon_file_unmap(&first->file);
}

static enum kaon_status open_external(struct kaon_onnx_source *s, const char *name,
                                      const struct kaon_file **file, struct kaon_msg *msg)
{
    for (struct kaon_onnx_external *e = s->external; e; e = e->next)
        if (!strcmp(e->name, name)) {
            *file = &e->file;
            return KAON_OK;
        }
    if (!s->path)
        return kaon_fail(msg, KAON_UNSUPPORTED,
                         "external data '%s' in a model that is not opened from a file", name);
    struct kaon_onnx_external *e = kaon_arena_push_zero(s->arena, 1, sizeof *e);
    if (!e || !(e->name = kaon_arena_push_text(s->arena, name, strlen(name))))
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for external data");
    const enum kaon_status st =
        kaon_file_map_beside(&e->file, s->path, name, s->limits->file_bytes, msg);
    if (st != KAON_OK)
        return st;
    e->next = s->external;
    s->external = e;
    *file = &e->file;
    return KAON_OK;
}

static bool read_size(const char *text, uint64_t *value)
{
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    *value = strtoull(text, &end, 10);
    return *end == 0;
}

/* Finds the bytes of an external tensor; `wanted` is what its shape needs. */
static enum kaon_status find_external(const KaonOnnx__Tensor *t, struct kaon_onnx_source *s,
                                      size_t wanted, const unsigned char **data,
                                      struct kaon_msg *msg)
{
    const char *location = NULL;
    uint64_t offset = 0, length = wanted;
    for (size_t i = 0; i < t->n_external_data; i++) {
        const KaonOnnx__StringEntry *e = t->external_data[i];
        const char *key = e->key ? e->key : "", *value = e->value ? e->value : "";
        if (!strcmp(key, "location"))
            location = value;
        else if ((!strcmp(key, "offset") && !read_size(value, &offset)) ||
                 (!strcmp(key, "length") && !read_size(value, &length)))
            return kaon_fail(msg, KAON_BAD_MODEL, "external data: %s is '%s', wanted a number", key,
                             value);
    }
    if (!location)
        return kaon_fail(msg, KAON_BAD_MODEL, "external data without a location");
    const struct kaon_file *file = NULL;
    const enum kaon_status st = open_external(s, location, &file, msg);
    if (st != KAON_OK)
        return st;
    if (length != wanted)
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "external data '%s': length %" PRIu64 ", the shape needs %zu bytes",
                         location, length, wanted);
    if (offset > file->bytes || wanted > file->bytes - offset)
        return kaon_fail(msg, KAON_BAD_MODEL,
                         "external data '%s': bytes %" PRIu64 " to %" PRIu64
                         " are outside its %zu bytes",
                         location, offset, offset + wanted, file->bytes);
    *data = file->data + offset;
    return KAON_OK;
}

/* Bytes that a tensor takes in a file. */
static size_t file_bytes(const struct kaon_tensor *tensor)
{
    const size_t bits = (size_t)kaon_type_packed_bits(tensor->type);
    return bits ? tensor->bytes / (8 / bits) + (tensor->bytes % (8 / bits) != 0) : tensor->bytes;
}

/* Elements of a few bits each, `step` bytes of the file hold 8 bits of them. */
static enum kaon_status unpack(struct kaon_tensor *tensor, const unsigned char *data, size_t step,
                               struct kaon_arena *arena, struct kaon_msg *msg)
{
    const int bits = kaon_type_packed_bits(tensor->type), in_byte = 8 / bits;
    unsigned char *to = kaon_arena_push(arena, tensor->bytes);
    if (!to)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a tensor of %zu bytes", tensor->bytes);
    for (size_t i = 0; i < tensor->bytes; i++) {
        const int shift = (int)(i % (size_t)in_byte) * bits;
        const int v = data[i / (size_t)in_byte * step] >> shift & ((1 << bits) - 1);
        const bool negative =
            tensor->type != KAON_F4E2M1 && kaon_type_is_signed(tensor->type) && v >> (bits - 1);
        to[i] = (unsigned char)(negative ? v - (1 << bits) : v);
    }
    tensor->data = to;
    return KAON_OK;
}

/* Texts end in a zero byte, so they may hold none. */
static enum kaon_status place_texts(struct kaon_tensor *tensor, const KaonOnnx__Tensor *t,
                                    int64_t count, struct kaon_arena *arena, struct kaon_msg *msg)
{
    if (t->n_string_data != (size_t)count)
        return kaon_fail(msg, KAON_BAD_MODEL, "%zu strings, the shape needs %lld", t->n_string_data,
                         (long long)count);
    const char **texts = kaon_arena_push_zero(arena, (size_t)count, sizeof *texts);
    tensor->data = texts;
    for (size_t i = 0; texts && i < (size_t)count; i++) {
        const ProtobufCBinaryData *s = &t->string_data[i];
        if (s->len && memchr(s->data, 0, s->len))
            return kaon_fail(msg, KAON_UNSUPPORTED, "string %zu holds a zero byte", i);
        if (!(texts[i] = kaon_arena_push_text(arena, s->len ? (const char *)s->data : "", s->len)))
            return kaon_fail(msg, KAON_NO_MEMORY, "no memory for strings");
    }
    return texts ? KAON_OK : kaon_fail(msg, KAON_NO_MEMORY, "no memory for strings");
}

static bool is_clean_bool(const unsigned char *data, size_t n)
{
    unsigned char any = 0;
    for (size_t i = 0; i < n; i++)
        any |= data[i];
    return any <= 1;
}

/* Uses bytes where they are, or copies them where alignment or values ask for it. */
static enum kaon_status place_bytes(struct kaon_tensor *tensor, const unsigned char *data,
                                    struct kaon_arena *arena, struct kaon_msg *msg)
{
    const size_t align = kaon_type_bytes(tensor->type);
    if (kaon_type_packed_bits(tensor->type))
        return unpack(tensor, data, 1, arena, msg);
    const bool clean = tensor->type != KAON_BOOL || is_clean_bool(data, tensor->bytes);
    if ((uintptr_t)data % align == 0 && clean) {
        tensor->data = (void *)(uintptr_t)data; /* constants are never written */
        return KAON_OK;
    }
    unsigned char *copy = kaon_arena_push(arena, tensor->bytes);
    if (!copy)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a tensor of %zu bytes", tensor->bytes);
    memcpy(copy, data, tensor->bytes);
    for (size_t i = 0; !clean && i < tensor->bytes; i++)
        copy[i] = copy[i] != 0;
    tensor->data = copy;
    return KAON_OK;
}

/* Typed fields of a TensorProto: which types use which, and their element's size there. */
static enum kaon_status place_typed(struct kaon_tensor *tensor, const KaonOnnx__Tensor *t,
                                    int64_t count, struct kaon_arena *arena, struct kaon_msg *msg)
{
    const enum kaon_type type = tensor->type;
    const size_t size = kaon_type_bytes(type);
    const bool packed = kaon_type_packed_bits(type) != 0;
    const size_t wanted = packed ? file_bytes(tensor) : (size_t)count;
    const void *from = NULL;
    size_t n = 0, from_size = 8;
    if (type == KAON_F32)
        from = t->float_data, n = t->n_float_data, from_size = 4;
    else if (type == KAON_F64)
        from = t->double_data, n = t->n_double_data;
    else if (type == KAON_I64)
        from = t->int64_data, n = t->n_int64_data;
    else if (type == KAON_U64 || type == KAON_U32)
        from = t->uint64_data, n = t->n_uint64_data;
    else
        from = t->int32_data, n = t->n_int32_data, from_size = 4;
    if (n != wanted)
        return kaon_fail(msg, KAON_BAD_MODEL, "%zu elements of data, the shape needs %zu", n,
                         wanted);
    if (packed)
        return unpack(tensor, from, from_size, arena, msg);
    unsigned char *copy = kaon_arena_push(arena, tensor->bytes);
    if (!copy)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a tensor of %zu bytes", tensor->bytes);
    for (size_t i = 0; i < n; i++) /* little-endian: the low bytes come first */
        memcpy(copy + i * size, (const unsigned char *)from + i * from_size, size);
    for (size_t i = 0; type == KAON_BOOL && i < n; i++)
        copy[i] = copy[i] != 0;
    tensor->data = copy;
    return KAON_OK;
}

static enum kaon_status place_raw(struct kaon_tensor *tensor, const unsigned char *data,
                                  size_t bytes, struct kaon_onnx_source *s, struct kaon_msg *msg)
{
    if (bytes != file_bytes(tensor))
        return kaon_fail(msg, KAON_BAD_MODEL, "%zu bytes of data, the shape needs %zu", bytes,
                         file_bytes(tensor));
    return place_bytes(tensor, data, s->arena, msg);
}

enum kaon_status kaon_onnx_tensor(struct kaon_tensor *tensor, const KaonOnnx__Tensor *t,
                                  struct kaon_onnx_source *s, struct kaon_msg *msg)
{
    *tensor = (struct kaon_tensor){ .type = (enum kaon_type)t->data_type };
    int64_t count;
    if (kaon_type_bytes(tensor->type) == 0 || tensor->type == KAON_SEQUENCE)
        return kaon_fail(msg, KAON_UNSUPPORTED, "element type %s (%d) is not supported",
                         kaon_type_name(tensor->type), t->data_type);
    if (t->n_dims > KAON_MAX_RANK)
        return kaon_fail(msg, KAON_UNSUPPORTED, "rank %zu, at most %d is supported", t->n_dims,
                         KAON_MAX_RANK);
    tensor->rank = (int32_t)t->n_dims;
    if (t->n_dims)
        memcpy(tensor->dims, t->dims, t->n_dims * sizeof *t->dims);
    if (!kaon_tensor_size(tensor->type, tensor->rank, tensor->dims, s->limits->elements, &count,
                          &tensor->bytes))
        return kaon_fail(msg, KAON_OVER_LIMIT,
                         "dims are negative or make more than %" PRIu64 " elements",
                         s->limits->elements);
    if (tensor->type == KAON_STRING)
        return place_texts(tensor, t, count, s->arena, msg);
    if (t->has_data_location && t->data_location == DATA_LOCATION_EXTERNAL) {
        const unsigned char *data = NULL;
        const enum kaon_status st = find_external(t, s, file_bytes(tensor), &data, msg);
        return st == KAON_OK && count ? place_bytes(tensor, data, s->arena, msg) : st;
    }
    if (count == 0) {
        tensor->data = kaon_arena_push(s->arena, 0);
        return tensor->data ? KAON_OK : kaon_fail(msg, KAON_NO_MEMORY, "no memory for a tensor");
    }
    if (t->has_raw_offset && t->has_raw_bytes) /* put there by the scanner, so inside the file */
        return place_raw(tensor, s->data + t->raw_offset, (size_t)t->raw_bytes, s, msg);
    if (t->has_raw_data) { /* small: in the decoded message, which does not live long */
        unsigned char *copy = kaon_arena_push(s->arena, t->raw_data.len);
        if (!copy)
            return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a tensor");
        if (t->raw_data.len)
            memcpy(copy, t->raw_data.data, t->raw_data.len);
        return place_raw(tensor, copy, t->raw_data.len, s, msg);
    }
    return place_typed(tensor, t, count, s->arena, msg);
}
