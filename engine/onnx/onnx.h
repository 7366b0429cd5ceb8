/* ONNX files: bytes in, graph out. */
#ifndef KAON_ENGINE_ONNX_ONNX_H
#define KAON_ENGINE_ONNX_ONNX_H

#include "engine/base/file.h"
#include "engine/graph/graph.h"
#include "onnx.pb-c.h" /* generated from third_party/onnx/onnx.proto */

/* Where a tensor's data may be. */
struct kaon_onnx_source {
    const char *path;          /* of the model, for external data; NULL: none allowed */
    const unsigned char *data; /* the file, where payloads stayed */
    size_t bytes;
    const struct kaon_limits *limits;
    struct kaon_onnx_external *external; /* files opened so far, kept in `arena` */
    struct kaon_arena *arena;            /* for what must be copied */
    kaon_log_fn log;                     /* NULL: silent */
    void *log_user;
    const char *const *also; /* values that become outputs too */
    size_t n_also;
};

struct kaon_onnx_external {
    struct kaon_onnx_external *next;
    const char *name;
    struct kaon_file file;
};

void kaon_onnx_external_close(struct kaon_onnx_external *first);

/* Copies a message without its large payloads, which are replaced by their place in `data`, and
 * without fields that kaon does not read; checks nesting and counts on the way. *out comes from
 * `arena`. */
enum kaon_status kaon_onnx_scan(const ProtobufCMessageDescriptor *message,
                                const unsigned char *data, size_t bytes,
                                const struct kaon_limits *limits, struct kaon_arena *arena,
                                const unsigned char **out, size_t *out_bytes, struct kaon_msg *msg);

/* A tensor's type, shape and data: in place where alignment allows, copied to the arena else. */
enum kaon_status kaon_onnx_tensor(struct kaon_tensor *tensor, const KaonOnnx__Tensor *file,
                                  struct kaon_onnx_source *source, struct kaon_msg *msg);

/* What a file says of itself. */
struct kaon_onnx_meta {
    const char **keys, **values; /* metadata_props, then those that begin with ':' */
    size_t n, n_props;
};

/* Decodes a whole model. */
enum kaon_status kaon_onnx_read(struct kaon_ir *ir, struct kaon_onnx_meta *meta,
                                struct kaon_onnx_source *source,
                                const struct kaon_allocator *allocator, struct kaon_msg *msg);

/* protobuf-c's allocator over ours. It remembers whether memory ran out, since protobuf-c does not tell
 * that from a message that it cannot decode. */
struct kaon_onnx_memory {
    const struct kaon_allocator *allocator;
    bool ran_out;
};
ProtobufCAllocator kaon_onnx_allocator(struct kaon_onnx_memory *memory);

/* Why protobuf-c returned no message: `what` is what the bytes are not. */
enum kaon_status kaon_onnx_undecoded(const struct kaon_onnx_memory *memory, const char *what,
                                     struct kaon_msg *msg);

#endif
