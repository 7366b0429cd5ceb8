/* Decoding of a model from inside: what its sources share. */
#ifndef KAON_ENGINE_ONNX_DECODE_H
#define KAON_ENGINE_ONNX_DECODE_H

#include "engine/onnx/names.h"
#include "engine/onnx/onnx.h"

#include <string.h>

/* A node that calls a function of the model, whose nodes are being decoded in its place. */
struct call {
    const struct call *outer;
    const KaonOnnx__Function *function;
    const KaonOnnx__Node *node;
    int depth;
};

struct decode {
    struct kaon_ir *ir;
    struct kaon_onnx_source *source;
    struct kaon_onnx_names names;
    struct kaon_msg *msg;
    struct kaon_arena *scratch;
    struct missing *missing; /* operators that kaon lacks, in order of appearance */
    const KaonOnnx__Model *file;
    const struct call *call; /* NULL: in no function */
    uint64_t called;         /* nodes that calls have made */
};

struct missing {
    struct missing *next;
    const char *domain, *type, *node; /* node: the first that needs it */
    int opset;                        /* of that node */
    size_t nodes;
};

static inline const char *kaon_onnx_domain(const char *domain)
{
    return !domain || !strcmp(domain, "ai.onnx") ? "" : domain;
}

/* A node, or several in an order in which each comes after what it reads. */
enum kaon_status kaon_onnx_decode_node(struct decode *d, const KaonOnnx__Node *f,
                                       struct kaon_graph *graph);
enum kaon_status kaon_onnx_decode_nodes(struct decode *d, KaonOnnx__Node *const *node, size_t n,
                                        struct kaon_graph *graph);

enum kaon_status kaon_onnx_decode_initializers(struct decode *d, const KaonOnnx__Graph *f);

/* A constant under a name of the innermost scope. */
enum kaon_status kaon_onnx_add_constant(struct decode *d, const char *name,
                                        const struct kaon_tensor *from);

enum kaon_status kaon_onnx_no_memory(struct decode *d);

/* ---- functions: decode_call.c ---------------------------------------------------------------- */

/* The attribute itself, or what the caller of the function, or the function, gives for the one that it refers
 * to; NULL if nobody does. */
const KaonOnnx__Attribute *kaon_onnx_resolve(const struct call *c, const KaonOnnx__Attribute *f);

/* Whether the function being decoded has an input of that name. */
bool kaon_onnx_is_formal(const struct call *c, const char *name);

/* NULL if the model defines no such function. */
const KaonOnnx__Function *kaon_onnx_find_function(const struct decode *d, const char *domain,
                                                  const char *type);

/* A call of a function of the model becomes its nodes. */
enum kaon_status kaon_onnx_decode_call(struct decode *d, const KaonOnnx__Node *node,
                                       const KaonOnnx__Function *f, struct kaon_graph *graph);

/* ---- FlexAttention: decode_flex.c ------------------------------------------------------------ */

bool kaon_onnx_is_flex(const char *domain, const char *type);

/* It becomes plain operators, with the nodes of its graphs between them. */
enum kaon_status kaon_onnx_decode_flex(struct decode *d, const KaonOnnx__Node *node,
                                       struct kaon_graph *graph);

#endif
