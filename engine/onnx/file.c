/* ONNX tensor files: kaon_tensor_decode. */
#include "engine/onnx/onnx.h"

#include "engine/base/size.h"
#include "engine/base/tensor.h"

#include <string.h>

static size_t rounded(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

/* What the texts of a tensor of strings take behind its elements. */
static size_t text_bytes(const struct kaon_tensor *t)
{
    size_t bytes = 0;
    for (size_t i = 0; t->type == KAON_STRING && i < (size_t)kaon_tensor_count(t); i++)
        bytes += strlen(kaon_text_at(t, i)) + 1;
    return bytes;
}

/* The elements to `at`, texts behind them; returns the bytes that took. */
static size_t move_data(struct kaon_tensor *t, char *at)
{
    char *text = at + t->bytes;
    if (t->bytes)
        memcpy(at, t->data, t->bytes);
    t->data = at;
    for (size_t i = 0; t->type == KAON_STRING && i < (size_t)kaon_tensor_count(t); i++) {
        const size_t n = strlen(kaon_text_at(t, i)) + 1;
        memcpy(text, kaon_text_at(t, i), n);
        ((const char **)t->data)[i] = text;
        text += n;
    }
    return rounded((size_t)(text - at));
}

/* One block holds the tensor's data, or the items of a sequence and then their data. */
static enum kaon_status pack_block(struct kaon_tensor *t, const struct kaon_allocator *a,
                                   struct kaon_msg *msg)
{
    const size_t n = t->type == KAON_SEQUENCE ? (size_t)t->dims[0] : 0;
    const struct kaon_tensor *items = t->data;
    size_t whole = rounded(t->bytes + text_bytes(t));
    for (size_t i = 0; i < n; i++)
        whole += rounded(items[i].bytes + text_bytes(&items[i]));
    char *block = a->alloc(a->user, whole + 64, 64);
    if (!block)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a tensor");
    size_t at = move_data(t, block);
    for (size_t i = 0; i < n; i++)
        at += move_data((struct kaon_tensor *)block + i, block + at);
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
