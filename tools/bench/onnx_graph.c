/* Protocol buffers by hand: a field is its number and wire type, then a number (wire type 0), four
 * bytes (5), or a length and bytes (2). Field numbers are those of onnx.proto. */
#include "tools/bench/onnx_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER = 0, BYTES = 2, FOUR_BYTES = 5 };

static void put_varint(struct kaon_buffer *b, uint64_t v)
{
    char text[10];
    size_t n = 0;
    do {
        text[n++] = (char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v);
    kaon_buffer_write(b, text, n);
}

static void put_key(struct kaon_buffer *b, unsigned field, unsigned wire)
{
    put_varint(b, field << 3 | wire);
}

static void put_int(struct kaon_buffer *b, unsigned field, int64_t v)
{
    put_key(b, field, NUMBER);
    put_varint(b, (uint64_t)v);
}

static void put_bytes(struct kaon_buffer *b, unsigned field, const void *data, size_t bytes)
{
    put_key(b, field, BYTES);
    put_varint(b, bytes);
    kaon_buffer_write(b, data, bytes);
}

static void put_text(struct kaon_buffer *b, unsigned field, const char *text)
{
    put_bytes(b, field, text, strlen(text));
}

/* Appends a nested message and frees it. */
static void put_message(struct kaon_buffer *b, unsigned field, struct kaon_buffer *message)
{
    put_bytes(b, field, message->at, message->bytes);
    b->failed |= message->failed;
    free(message->at);
    *message = (struct kaon_buffer){ 0 };
}

/* TensorProto */
static void put_initializer(struct kaon_buffer *graph, const char *name,
                            const struct kaon_tensor *t)
{
    struct kaon_buffer m = { 0 };
    for (int32_t i = 0; i < t->rank; i++)
        put_int(&m, 1, t->dims[i]);
    put_int(&m, 2, t->type);
    put_text(&m, 8, name);
    put_bytes(&m, 9, t->data, t->bytes);
    put_message(graph, 5, &m);
}

/* ValueInfoProto */
static void put_value(struct kaon_buffer *graph, unsigned field, const char *name,
                      const struct kaon_tensor *t)
{
    struct kaon_buffer shape = { 0 }, tensor = { 0 }, type = { 0 }, value = { 0 };
    for (int32_t i = 0; i < t->rank; i++) {
        struct kaon_buffer dim = { 0 };
        put_int(&dim, 1, t->dims[i]);
        put_message(&shape, 1, &dim);
    }
    put_int(&tensor, 1, t->type);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&value, 1, name);
    put_message(&value, 2, &type);
    put_message(graph, field, &value);
}

/* AttributeProto */
static void put_attribute(struct kaon_buffer *node, const struct kaon_bench_attr *a)
{
    enum { FLOAT = 1, INT = 2, STRING = 3, INTS = 7 };
    struct kaon_buffer m = { 0 };
    put_text(&m, 1, a->name);
    if (a->type == 'i') {
        put_int(&m, 3, a->i);
        put_int(&m, 20, INT);
    } else if (a->type == 'f') {
        put_key(&m, 2, FOUR_BYTES);
        kaon_buffer_write(&m, (const char *)&a->f, sizeof a->f);
        put_int(&m, 20, FLOAT);
    } else if (a->type == 's') {
        put_text(&m, 4, a->s);
        put_int(&m, 20, STRING);
    } else {
        put_int(&m, 8, a->i);
        put_int(&m, 20, INTS);
    }
    put_message(node, 5, &m);
}

static void put_nodes(struct kaon_buffer *graph, const struct kaon_bench_case *c)
{
    const struct kaon_bench_node *n = &c->node;
    struct kaon_buffer node = { 0 };
    for (size_t i = 0; i < KAON_BENCH_INPUTS; i++)
        if (c->in[i].data)
            put_text(&node, 1, kaon_bench_onnx_input(i));
    put_text(&node, 2, n->then ? "t" : "y");
    put_text(&node, 4, n->op);
    if (n->domain)
        put_text(&node, 7, n->domain);
    for (size_t i = 0; i < sizeof n->attr / sizeof *n->attr && n->attr[i].name; i++)
        put_attribute(&node, &n->attr[i]);
    put_message(graph, 1, &node);
    if (!n->then)
        return;
    if (n->then_x)
        put_text(&node, 1, "x");
    put_text(&node, 1, "t");
    put_text(&node, 2, "y");
    put_text(&node, 4, n->then);
    put_message(graph, 1, &node);
}

/* ---- attention in plain operators -------------------------------------------------------------- */

/* A tensor that is made for the node which reads it. */
static void put_numbers(struct kaon_buffer *graph, const char *name, enum kaon_type type,
                        void *data, int32_t rank, int64_t n)
{
    const size_t bytes = (size_t)n * (type == KAON_I64 ? sizeof(int64_t) : sizeof(float));
    const struct kaon_tensor t = {
        .type = type, .rank = rank, .dims = { n }, .data = data, .bytes = bytes
    };
    put_initializer(graph, name, &t);
}

static void put_node(struct kaon_buffer *graph, const char *op, const char *a, const char *b,
                     const char *out, const int64_t *perm, size_t n_perm)
{
    enum { INTS = 7 };
    struct kaon_buffer node = { 0 }, attr = { 0 };
    put_text(&node, 1, a);
    if (b)
        put_text(&node, 1, b);
    put_text(&node, 2, out);
    put_text(&node, 4, op);
    if (n_perm) {
        put_text(&attr, 1, "perm");
        for (size_t i = 0; i < n_perm; i++)
            put_int(&attr, 8, perm[i]);
        put_int(&attr, 20, INTS);
        put_message(&node, 5, &attr);
    }
    put_message(graph, 1, &node);
}

/* Reshape to heads, Transpose, MatMul, Mul, Softmax, MatMul, and back. */
static void put_plain_attention(struct kaon_buffer *graph, const struct kaon_bench_case *c)
{
    static const int64_t heads_first[] = { 0, 2, 1, 3 }, columns[] = { 0, 2, 3, 1 };
    int64_t split[] = { 1, -1, (int64_t)c->shape.h, (int64_t)c->shape.k };
    int64_t joined[] = { 1, -1, (int64_t)(c->shape.h * c->shape.k) };
    float scale = 1.0f / sqrtf((float)c->shape.k);
    put_numbers(graph, "split", KAON_I64, split, 1, 4);
    put_numbers(graph, "joined", KAON_I64, joined, 1, 3);
    put_numbers(graph, "scale", KAON_F32, &scale, 0, 1);
    put_node(graph, "Reshape", "x", "split", "x4", NULL, 0);
    put_node(graph, "Reshape", "w", "split", "w4", NULL, 0);
    put_node(graph, "Reshape", "b", "split", "b4", NULL, 0);
    put_node(graph, "Transpose", "x4", NULL, "q", heads_first, 4);
    put_node(graph, "Transpose", "w4", NULL, "k", columns, 4);
    put_node(graph, "Transpose", "b4", NULL, "v", heads_first, 4);
    put_node(graph, "MatMul", "q", "k", "scores", NULL, 0);
    put_node(graph, "Mul", "scores", "scale", "scaled", NULL, 0);
    put_node(graph, "Softmax", "scaled", NULL, "weights", NULL, 0);
    put_node(graph, "MatMul", "weights", "v", "heads", NULL, 0);
    put_node(graph, "Transpose", "heads", NULL, "rows", heads_first, 4);
    put_node(graph, "Reshape", "rows", "joined", "y", NULL, 0);
}

const char *const kaon_bench_way_names[KAON_BENCH_WAYS] = { "Attention", "MultiHeadAttention",
                                                            "plain" };

const char *kaon_bench_onnx_input(size_t i)
{
    static const char *const names[KAON_BENCH_INPUTS] = { "x", "w", "b" };
    return names[i];
}

static bool put_model(const struct kaon_bench_case *c, bool plain, struct kaon_buffer *model)
{
    enum { IR_VERSION = 10 };
    struct kaon_buffer graph = { 0 }, opset = { 0 };
    *model = (struct kaon_buffer){ 0 };
    if (!c->node.op)
        return false;
    if (plain)
        put_plain_attention(&graph, c);
    else
        put_nodes(&graph, c);
    put_text(&graph, 2, c->name);
    for (size_t i = 0; i < KAON_BENCH_INPUTS; i++) {
        if (c->in[i].data && c->constant[i])
            put_initializer(&graph, kaon_bench_onnx_input(i), &c->in[i]);
        else if (c->in[i].data)
            put_value(&graph, 11, kaon_bench_onnx_input(i), &c->in[i]);
    }
    put_value(&graph, 12, "y", &c->out);
    put_int(model, 1, IR_VERSION);
    put_text(&opset, 1, "");
    put_int(&opset, 2, c->node.opset ? c->node.opset : 20);
    put_message(model, 7, &graph);
    put_message(model, 8, &opset);
    if (c->node.domain) {
        put_text(&opset, 1, c->node.domain);
        put_int(&opset, 2, 1);
        put_message(model, 8, &opset);
    }
    if (model->failed)
        free(model->at);
    return !model->failed;
}

bool kaon_bench_onnx(const struct kaon_bench_case *c, struct kaon_buffer *model)
{
    return put_model(c, false, model);
}

bool kaon_bench_onnx_way(const struct kaon_bench_case *c, enum kaon_bench_way way,
                         struct kaon_buffer *model)
{
    struct kaon_bench_case other = *c;
    if (c->kind != KAON_BENCH_ATTENTION || !c->node.op || (way == KAON_BENCH_PLAIN && c->causal))
        return false;
    if (way != KAON_BENCH_AS_IT_IS)
        other.node = (struct kaon_bench_node){ .op = "MultiHeadAttention",
                                               .attr = { { "num_heads", 'i', (int64_t)c->shape.h },
                                                         { "unidirectional", 'i', c->causal } },
                                               .opset = 20,
                                               .domain = "com.microsoft" };
    if (way == KAON_BENCH_PLAIN)
        other.node.domain = NULL;
    return put_model(&other, way == KAON_BENCH_PLAIN, model);
}
