/* Changes of a model that leave it a model: other operators, wires, attributes, lengths, types, nodes. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/op.h"
#include "onnx.pb-c.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/targets.h"

enum { MEMORY = 4 << 20 };

/* What protobuf-c decodes into; nothing is freed before all of it. */
struct memory {
    char *at;
    size_t used;
};

static void *allocate(void *user, size_t bytes)
{
    struct memory *m = user;
    const size_t at = (m->used + 15) & ~(size_t)15;
    if (bytes > MEMORY - at)
        return NULL;
    m->used = at + bytes;
    return m->at + at;
}

static void release(void *user, void *at)
{
    (void)user, (void)at;
}

struct change {
    KaonOnnx__Model *model;
    struct memory *memory;
    uint64_t state;
};

static size_t below(struct change *c, size_t n)
{
    return n ? (size_t)(kaon_fuzz_next(&c->state) % n) : 0;
}

static int64_t edge(struct change *c)
{
    static const int64_t edges[] = { 0,
                                     1,
                                     2,
                                     3,
                                     -1,
                                     -2,
                                     7,
                                     16,
                                     64,
                                     255,
                                     1 << 16,
                                     INT32_MAX,
                                     INT32_MIN,
                                     INT64_MAX,
                                     INT64_MIN,
                                     (int64_t)1 << 40,
                                     -((int64_t)1 << 40),
                                     5 };
    return edges[below(c, sizeof edges / sizeof *edges)];
}

/* A graph: the model's, or one nested in a node of it, or NULL. */
static KaonOnnx__Graph *pick_graph(struct change *c)
{
    KaonOnnx__Graph *g = c->model->graph;
    for (int depth = 0; g && g->n_node && depth < 4 && below(c, 2); depth++) {
        const KaonOnnx__Node *n = g->node[below(c, g->n_node)];
        const KaonOnnx__Attribute *a =
            n->n_attribute ? n->attribute[below(c, n->n_attribute)] : NULL;
        if (!a || !a->g)
            break;
        g = a->g;
    }
    return g;
}

static KaonOnnx__Node *pick_node(struct change *c, const KaonOnnx__Graph *g)
{
    if (c->model->n_functions && !below(c, 4)) {
        const KaonOnnx__Function *f = c->model->functions[below(c, c->model->n_functions)];
        return f->n_node ? f->node[below(c, f->n_node)] : NULL;
    }
    return g->n_node ? g->node[below(c, g->n_node)] : NULL;
}

/* Some name of a value, NULL for none. */
static char *find_name(struct change *c, const KaonOnnx__Graph *g)
{
    switch (below(c, 4)) {
    case 0:
        return g->n_input ? g->input[below(c, g->n_input)]->name : NULL;
    case 1:
        return g->n_initializer ? g->initializer[below(c, g->n_initializer)]->name : NULL;
    case 2: {
        const KaonOnnx__Node *n = g->n_node ? g->node[below(c, g->n_node)] : NULL;
        return n && n->n_output ? n->output[below(c, n->n_output)] : NULL;
    }
    default:
        return NULL;
    }
}

/* The same, or the empty one: what a file leaves out has none, and lists of names cannot hold that. */
static char *pick_name(struct change *c, const KaonOnnx__Graph *g)
{
    static char none[] = "";
    char *name = find_name(c, g);
    return name ? name : none;
}

static void other_operator(struct change *c, KaonOnnx__Node *n)
{
    const struct kaon_op *op =
        kaon_op_of((enum kaon_op_kind)(1 + below(c, (size_t)KAON_OP_COUNT - 1)));
    n->op_type = (char *)(uintptr_t)op->name;
    n->domain = (char *)(uintptr_t)op->domain;
}

static void other_attribute(struct change *c, const KaonOnnx__Node *n)
{
    static const float floats[] = { 0.0f, -1.0f, 1e30f, 0.5f, 1e-40f };
    KaonOnnx__Attribute *a = n->n_attribute ? n->attribute[below(c, n->n_attribute)] : NULL;
    if (!a)
        return;
    switch (below(c, 6)) {
    case 0:
        a->has_i = 1;
        a->i = edge(c);
        break;
    case 1:
        a->has_f = 1;
        a->f = floats[below(c, sizeof floats / sizeof *floats)];
        break;
    case 2:
        if (a->n_ints)
            a->ints[below(c, a->n_ints)] = edge(c);
        break;
    case 3:
        a->n_ints = below(c, a->n_ints + 1);
        break;
    case 4:
        a->name = n->attribute[below(c, n->n_attribute)]->name;
        break;
    default:
        a->has_type = 1;
        a->type = (int32_t)below(c, 16);
        break;
    }
}

static void other_tensor(struct change *c, KaonOnnx__Tensor *t)
{
    switch (below(c, 4)) {
    case 0:
        if (t->n_dims)
            t->dims[below(c, t->n_dims)] = edge(c);
        break;
    case 1:
        t->has_data_type = 1;
        t->data_type = (int32_t)below(c, 28);
        break;
    case 2:
        t->n_dims = below(c, t->n_dims + 1);
        break;
    default:
        if (t->has_raw_data && t->raw_data.len)
            t->raw_data.data[below(c, t->raw_data.len)] = (uint8_t)edge(c);
        break;
    }
}

static void other_input(struct change *c, const KaonOnnx__Graph *g)
{
    const KaonOnnx__ValueInfo *v = g->n_input ? g->input[below(c, g->n_input)] : NULL;
    KaonOnnx__TensorType *t = v && v->type ? v->type->tensor_type : NULL;
    if (!t)
        return;
    if (below(c, 2) || !t->shape || !t->shape->n_dim) {
        t->has_elem_type = 1;
        t->elem_type = (int32_t)below(c, 28);
        return;
    }
    KaonOnnx__Dim *d = t->shape->dim[below(c, t->shape->n_dim)];
    d->has_dim_value = (protobuf_c_boolean)below(c, 2);
    d->dim_value = edge(c);
}

/* A node once more, in another place, or none in its place. */
static void other_nodes(struct change *c, KaonOnnx__Graph *g)
{
    if (!g->n_node)
        return;
    if (below(c, 2)) {
        g->node[below(c, g->n_node)] = g->node[below(c, g->n_node)];
        return;
    }
    KaonOnnx__Node **more = allocate(c->memory, (g->n_node + 1) * sizeof *more);
    if (!more)
        return;
    memcpy(more, g->node, g->n_node * sizeof *more);
    more[g->n_node] = g->node[below(c, g->n_node)];
    g->node = more;
    g->n_node++;
}

static void edit(struct change *c)
{
    KaonOnnx__Graph *g = pick_graph(c);
    KaonOnnx__Node *n = g ? pick_node(c, g) : NULL;
    if (!g || !n)
        return;
    switch (below(c, 8)) {
    case 0:
        other_operator(c, n);
        break;
    case 1:
    case 2:
        other_attribute(c, n);
        break;
    case 3:
        if (n->n_input)
            n->input[below(c, n->n_input)] = pick_name(c, g);
        break;
    case 4:
        if (g->n_initializer)
            other_tensor(c, g->initializer[below(c, g->n_initializer)]);
        else
            n->n_input = below(c, n->n_input + 1);
        break;
    case 5:
        other_input(c, g);
        break;
    case 6:
        other_nodes(c, g);
        break;
    default:
        if (c->model->n_opset_import)
            c->model->opset_import[below(c, c->model->n_opset_import)]->version =
                (int64_t)below(c, 30);
        break;
    }
}

size_t kaon_fuzz_reshape_onnx(uint8_t *data, size_t size, size_t room, uint64_t seed)
{
    struct memory memory = { malloc(MEMORY), 0 };
    ProtobufCAllocator allocator = { allocate, release, &memory };
    struct change c = { .memory = &memory, .state = seed };
    if (memory.at)
        c.model = kaon_onnx__model__unpack(&allocator, size, data);
    if (c.model) {
        for (size_t left = 1 + below(&c, 3); left > 0; left--)
            edit(&c);
        if (kaon_onnx__model__get_packed_size(c.model) <= room)
            size = kaon_onnx__model__pack(c.model, data);
    }
    free(memory.at);
    return size;
}
