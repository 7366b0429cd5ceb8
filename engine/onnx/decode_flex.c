/* FlexAttention of ai.onnx.preview: scores = score_mod(scale q k^T), weights = prob_mod(softmax(scores)), y = weights v,
 * as MatMul and Softmax with the nodes of its two graphs between them. Without those it is what passes recognise
 * as attention. Heads of keys and values that several heads of queries share get an axis of their own. */
#include "engine/onnx/decode.h"

#include "engine/base/size.h"
#include "engine/base/tensor.h"

#include <math.h>

struct flex {
    struct decode *d;
    const KaonOnnx__Node *node;
    struct kaon_graph *graph;
    int64_t heads, kv_heads, queries, keys, value_size; /* -1: not known */
    bool shared;                                        /* heads > kv_heads, both known */
};

bool kaon_onnx_is_flex(const char *domain, const char *type)
{
    return !strcmp(domain, "ai.onnx.preview") && !strcmp(type, "FlexAttention");
}

static const KaonOnnx__Attribute *attribute(const struct flex *f, const char *name)
{
    for (size_t i = 0; i < f->node->n_attribute; i++)
        if (f->node->attribute[i]->name && !strcmp(f->node->attribute[i]->name, name))
            return kaon_onnx_resolve(f->d->call, f->node->attribute[i]);
    return NULL;
}

/* y = op(a, b), b NULL if there is none. Names of its own hold a blank, so they meet no others. */
static enum kaon_status emit(struct flex *f, const char *op, const char *a, const char *b,
                             const char *y, KaonOnnx__Attribute *attr)
{
    char *in[] = { (char *)(uintptr_t)a, (char *)(uintptr_t)b }, *out[] = { (char *)(uintptr_t)y };
    KaonOnnx__Node node = KAON_ONNX__NODE__INIT;
    node.name = f->node->name;
    node.op_type = (char *)(uintptr_t)op;
    node.input = in;
    node.n_input = b ? 2 : 1;
    node.output = out;
    node.n_output = 1;
    node.attribute = &attr;
    node.n_attribute = attr != NULL;
    return kaon_onnx_decode_node(f->d, &node, f->graph);
}

static enum kaon_status constant(struct flex *f, const char *name, enum kaon_type type, int32_t n,
                                 const void *data)
{
    struct kaon_tensor t = { .type = type, .rank = n > 0, .dims = { n } };
    t.bytes = (size_t)(n > 0 ? n : 1) * kaon_type_bytes(type);
    t.data = kaon_arena_push(f->d->ir->arena, t.bytes);
    if (!t.data)
        return kaon_onnx_no_memory(f->d);
    memcpy(t.data, data, t.bytes);
    return kaon_onnx_add_constant(f->d, name, &t);
}

static enum kaon_status reshape(struct flex *f, const char *x, const char *y, int32_t n,
                                const int64_t *dims)
{
    char name[32];
    snprintf(name, sizeof name, "%.20s shape", y);
    const enum kaon_status st = constant(f, name, KAON_I64, n, dims);
    return st == KAON_OK ? emit(f, "Reshape", x, name, y, NULL) : st;
}

static int64_t length(const struct kaon_value *v, int32_t axis)
{
    if (!v || v->fact.rank != 4 || !kaon_dim_known(v->fact.dims[axis]))
        return -1;
    return v->fact.dims[axis];
}

static enum kaon_status look(struct flex *f, int64_t *size)
{
    const struct kaon_value *v[3] = { NULL };
    if (f->node->n_input != 3 || f->node->n_output != 1)
        return kaon_fail(f->d->msg, KAON_BAD_MODEL, "%zu inputs and %zu outputs, wanted 3 and 1",
                         f->node->n_input, f->node->n_output);
    for (size_t i = 0; i < 3; i++)
        if (!(v[i] = kaon_onnx_names_find(&f->d->names, f->node->input[i])))
            return kaon_fail(f->d->msg, KAON_BAD_MODEL, "input '%s' is made by nothing before it",
                             f->node->input[i]);
    f->heads = length(v[0], 1);
    f->queries = length(v[0], 2);
    *size = length(v[0], 3);
    f->kv_heads = length(v[1], 1);
    f->keys = length(v[1], 2);
    f->value_size = length(v[2], 3);
    f->shared = f->heads >= 0 && f->kv_heads >= 0 && f->heads != f->kv_heads;
    if (f->shared && (f->kv_heads == 0 || f->heads % f->kv_heads))
        return kaon_fail(f->d->msg, KAON_BAD_MODEL, "%lld heads of queries, %lld of keys",
                         (long long)f->heads, (long long)f->kv_heads);
    if (f->shared && (f->queries < 0 || f->keys < 0 || f->value_size < 0 || *size < 0))
        return kaon_fail(f->d->msg, KAON_UNSUPPORTED,
                         "heads of keys that are shared, with lengths that are not numbers");
    return KAON_OK;
}

/* " scores" = scale q k^T */
static enum kaon_status scores(struct flex *f, int64_t size)
{
    const char *q = f->node->input[0];
    const KaonOnnx__Attribute *given = attribute(f, "scale");
    int64_t perm[] = { 0, 1, 3, 2 };
    const int64_t axis = 2, group = f->shared ? f->heads / f->kv_heads : 1;
    KaonOnnx__Attribute order = KAON_ONNX__ATTRIBUTE__INIT;
    order.name = (char *)(uintptr_t) "perm";
    order.ints = perm;
    order.n_ints = 4;
    if (!given && size < 1)
        return kaon_fail(f->d->msg, KAON_UNSUPPORTED, "neither a scale nor a known head size");
    const double scale = given ? (double)given->f : 1.0 / sqrt((double)size);
    enum kaon_status st = emit(f, "Transpose", f->node->input[1], NULL, " keys", &order);
    if (st == KAON_OK)
        st = constant(f, " axis", KAON_I64, 1, &axis);
    if (st == KAON_OK && f->shared)
        st = emit(f, "Unsqueeze", " keys", " axis", " each keys", NULL);
    if (st == KAON_OK && f->shared)
        st = reshape(f, q, " grouped", 5, (int64_t[]){ 0, f->kv_heads, group, f->queries, size });
    if (st == KAON_OK)
        st = emit(f, "MatMul", f->shared ? " grouped" : q, f->shared ? " each keys" : " keys",
                  " products", NULL);
    if (st == KAON_OK && f->shared)
        st = reshape(f, " products", " flat", 4, (int64_t[]){ 0, f->heads, f->queries, f->keys });
    if (st == KAON_OK)
        st = constant(f, " factor", KAON_F64, 0, &scale);
    if (st == KAON_OK)
        st = emit(f, "CastLike", " factor", q, " scale", NULL);
    return st == KAON_OK
               ? emit(f, "Mul", f->shared ? " flat" : " products", " scale", " scores", NULL)
               : st;
}

/* The nodes of a graph of one input and one output; y becomes a name of that output, or of x if there is no graph. */
static enum kaon_status apply(struct flex *f, const char *name, const char *x, const char *y)
{
    struct decode *d = f->d;
    const KaonOnnx__Attribute *a = attribute(f, name);
    struct kaon_value *v = kaon_onnx_names_find(&d->names, x);
    if (!a || !a->g)
        return kaon_onnx_names_add(&d->names, y, v, d->msg);
    const KaonOnnx__Graph *g = a->g;
    if (g->n_input != 1 || g->n_output != 1 || !g->input[0]->name || !g->output[0]->name)
        return kaon_fail(d->msg, KAON_BAD_MODEL,
                         "%s has %zu inputs and %zu outputs, wanted 1 and 1", name, g->n_input,
                         g->n_output);
    kaon_onnx_names_enter(&d->names);
    enum kaon_status st = kaon_onnx_names_add(&d->names, g->input[0]->name, v, d->msg);
    if (st == KAON_OK)
        st = kaon_onnx_decode_initializers(d, g);
    if (st == KAON_OK)
        st = kaon_onnx_decode_nodes(d, g->node, g->n_node, f->graph);
    v = kaon_onnx_names_find(&d->names, g->output[0]->name);
    kaon_onnx_names_leave(&d->names);
    if (st == KAON_OK && !v)
        st = kaon_fail(d->msg, KAON_BAD_MODEL, "output '%s' of %s is made by no node",
                       g->output[0]->name, name);
    return st == KAON_OK ? kaon_onnx_names_add(&d->names, y, v, d->msg) : st;
}

/* " weights", in the precision that is asked for. */
static enum kaon_status soften(struct flex *f)
{
    const KaonOnnx__Attribute *precision = attribute(f, "softmax_precision");
    KaonOnnx__Attribute to = KAON_ONNX__ATTRIBUTE__INIT;
    to.name = (char *)(uintptr_t) "to";
    to.has_i = 1;
    to.i = precision ? precision->i : 0;
    if (!precision)
        return emit(f, "Softmax", " changed", NULL, " weights", NULL);
    enum kaon_status st = emit(f, "Cast", " changed", NULL, " precise", &to);
    if (st == KAON_OK)
        st = emit(f, "Softmax", " precise", NULL, " soft", NULL);
    return st == KAON_OK ? emit(f, "CastLike", " soft", f->node->input[0], " weights", NULL) : st;
}

static enum kaon_status values(struct flex *f)
{
    const char *v = f->node->input[2];
    if (!f->shared)
        return emit(f, "MatMul", " final", v, " result", NULL);
    enum kaon_status st =
        reshape(f, " final", " final groups", 5,
                (int64_t[]){ 0, f->kv_heads, f->heads / f->kv_heads, f->queries, f->keys });
    if (st == KAON_OK)
        st = emit(f, "Unsqueeze", v, " axis", " each values", NULL);
    if (st == KAON_OK)
        st = emit(f, "MatMul", " final groups", " each values", " result groups", NULL);
    return st == KAON_OK ? reshape(f, " result groups", " result", 4,
                                   (int64_t[]){ 0, f->heads, f->queries, f->value_size })
                         : st;
}

enum kaon_status kaon_onnx_decode_flex(struct decode *d, const KaonOnnx__Node *node,
                                       struct kaon_graph *graph)
{
    struct flex f = { .d = d, .node = node, .graph = graph };
    int64_t size = -1;
    enum kaon_status st = look(&f, &size);
    kaon_onnx_names_enter(&d->names);
    if (st == KAON_OK)
        st = scores(&f, size);
    if (st == KAON_OK)
        st = apply(&f, "score_mod", " scores", " changed");
    if (st == KAON_OK)
        st = soften(&f);
    if (st == KAON_OK)
        st = apply(&f, "prob_mod", " weights", " final");
    if (st == KAON_OK)
        st = values(&f);
    struct kaon_value *result = st == KAON_OK ? kaon_onnx_names_find(&d->names, " result") : NULL;
    kaon_onnx_names_leave(&d->names);
    return st == KAON_OK ? kaon_onnx_names_add(&d->names, node->output[0], result, d->msg) : st;
}
