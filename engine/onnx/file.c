/* ONNX tensor files: kaon_tensor_decode. */
#include "engine/onnx/onnx.h"

#include "engine/base/size.h"

#include <string.h>

/* One block holds the tensor's data, or the items of a sequence and then their data. */
static enum kaon_status pack_block(struct kaon_tensor *t, const struct kaon_allocator *a,
                                   struct kaon_msg *msg)
{
    const bool sequence = t->type == KAON_SEQUENCE;
    const size_t n = sequence ? (size_t)t->dims[0] : 0;
    const struct kaon_tensor *items = t->data;
    size_t whole = (t->bytes + 63) & ~(size_t)63;
    for (size_t i = 0; i < n; i++)
        whole += (items[i].bytes + 63) & ~(size_t)63;
    char *block = a->alloc(a->user, whole + 64, 64);
    if (!block)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a tensor");
    if (t->bytes)
        memcpy(block, t->data, t->bytes);
    t->data = block;
    size_t at = (t->bytes + 63) & ~(size_t)63;
    for (size_t i = 0; i < n; i++) {
        struct kaon_tensor *item = (struct kaon_tensor *)block + i;
        if (item->bytes)
            memcpy(block + at, item->data, item->bytes);
        item->data = block + at;
        at += (item->bytes + 63) & ~(size_t)63;
    }
    return KAON_OK;
}

static enum kaon_status read_tensor(struct kaon_tensor *t, struct kaon_onnx_source *s,
                                    const unsigned char *data, size_t n,
                                    struct kaon_onnx_memory *memory, struct kaon_msg *msg)
{
    ProtobufCAllocator decoder = kaon_onnx_allocator(memory);
    KaonOnnx__Tensor *file = kaon_onnx__tensor__unpack(&decoder, n, data);
    if (!file)
        return kaon_onnx_undecoded(memory, "TensorProto", msg);
    const enum kaon_status st = kaon_onnx_tensor(t, file, s, msg);
    kaon_onnx__tensor__free_unpacked(file, &decoder);
    return st;
}

static enum kaon_status of_sequence(struct kaon_tensor *t, const KaonOnnx__Sequence *file,
                                    struct kaon_onnx_source *s, struct kaon_msg *msg)
{
    enum { TENSORS = 1 };
    enum kaon_status st = KAON_OK;
    struct kaon_tensor *items =
        kaon_arena_push_zero(s->arena, file->n_tensor_values, sizeof *items);
    if (file->elem_type != TENSORS && file->elem_type != 0)
        st = kaon_fail(msg, KAON_UNSUPPORTED, "a sequence of other things than tensors");
    else if (!items)
        st = kaon_fail(msg, KAON_NO_MEMORY, "no memory for a sequence");
    for (size_t i = 0; st == KAON_OK && i < file->n_tensor_values; i++)
        st = kaon_onnx_tensor(&items[i], file->tensor_values[i], s, msg);
    *t = (struct kaon_tensor){
        .type = KAON_SEQUENCE,
        .rank = 1,
        .dims = { (int64_t)file->n_tensor_values },
        .data = items,
        .bytes = file->n_tensor_values * sizeof *items,
    };
    return st;
}

static enum kaon_status read_sequence(struct kaon_tensor *t, struct kaon_onnx_source *s,
                                      const unsigned char *data, size_t n,
                                      struct kaon_onnx_memory *memory, struct kaon_msg *msg)
{
    ProtobufCAllocator decoder = kaon_onnx_allocator(memory);
    KaonOnnx__Sequence *file = kaon_onnx__sequence__unpack(&decoder, n, data);
    if (!file)
        return kaon_onnx_undecoded(memory, "SequenceProto", msg);
    const enum kaon_status st = of_sequence(t, file, s, msg);
    kaon_onnx__sequence__free_unpacked(file, &decoder);
    return st;
}

/* What the optional holds, or a value of type KAON_NONE. */
static enum kaon_status read_optional(struct kaon_tensor *t, struct kaon_onnx_source *s,
                                      const unsigned char *data, size_t n,
                                      struct kaon_onnx_memory *memory, struct kaon_msg *msg)
{
    ProtobufCAllocator decoder = kaon_onnx_allocator(memory);
    KaonOnnx__Optional *file = kaon_onnx__optional__unpack(&decoder, n, data);
    if (!file)
        return kaon_onnx_undecoded(memory, "OptionalProto", msg);
    enum kaon_status st = KAON_OK;
    *t = (struct kaon_tensor){ .type = KAON_NONE };
    if (file->tensor_value)
        st = kaon_onnx_tensor(t, file->tensor_value, s, msg);
    else if (file->sequence_value)
        st = of_sequence(t, file->sequence_value, s, msg);
    kaon_onnx__optional__free_unpacked(file, &decoder);
    return st;
}

enum kaon_status kaon_tensor_decode(struct kaon_tensor *tensor, enum kaon_type wanted,
                                    const void *data, size_t bytes,
                                    const struct kaon_allocator *allocator, struct kaon_msg *msg)
{
    const struct kaon_limits limits = {
        .file_bytes = SIZE_MAX,
        .nodes = 1000,
        .nesting = 4,
        .elements = (uint64_t)1 << 31,
    };
    if (!tensor || (!data && bytes))
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "kaon_tensor_decode: a null pointer");
    const struct kaon_allocator *a = allocator ? allocator : &kaon_allocator_default;
    static const struct {
        enum kaon_type wanted;
        const ProtobufCMessageDescriptor *form;
        enum kaon_status (*read)(struct kaon_tensor *t, struct kaon_onnx_source *s,
                                 const unsigned char *data, size_t n,
                                 struct kaon_onnx_memory *memory, struct kaon_msg *msg);
    } files[] = {
        { KAON_SEQUENCE, &kaon_onnx__sequence__descriptor, read_sequence },
        { KAON_OPTIONAL, &kaon_onnx__optional__descriptor, read_optional },
        { KAON_UNDEFINED, &kaon_onnx__tensor__descriptor, read_tensor },
    };
    size_t file = 0;
    while (files[file].wanted != wanted && files[file].wanted != KAON_UNDEFINED)
        file++;
    struct kaon_arena arena;
    struct kaon_tensor t = { 0 };
    const unsigned char *small;
    size_t n;
    kaon_arena_open(&arena, a, 1 << 12);
    struct kaon_onnx_source source = {
        .data = data,
        .bytes = bytes,
        .limits = &limits,
        .arena = &arena,
    };
    struct kaon_onnx_memory memory = { a, false };
    enum kaon_status st =
        kaon_onnx_scan(files[file].form, data, bytes, &limits, &arena, &small, &n, msg);
    if (st == KAON_OK)
        st = files[file].read(&t, &source, small, n, &memory, msg);
    if (st == KAON_OK)
        st = pack_block(&t, a, msg);
    kaon_arena_close(&arena);
    if (st == KAON_OK)
        *tensor = t;
    return st;
}

void kaon_tensor_free(struct kaon_tensor *tensor, const struct kaon_allocator *allocator)
{
    const struct kaon_allocator *a = allocator ? allocator : &kaon_allocator_default;
    if (!tensor)
        return;
    a->free(a->user, tensor->data);
    tensor->data = NULL;
}
