#include "engine/graph/graph.h"

#include "engine/base/size.h"

#include <string.h>

struct kaon_value *kaon_value_new(struct kaon_ir *ir, const char *name)
{
    struct kaon_value *v = kaon_arena_push_zero(ir->arena, 1, sizeof *v);
    if (!v)
        return NULL;
    v->id = ir->n_values++;
    v->name = name;
    v->fact = (struct kaon_fact)KAON_FACT_NONE;
    return v;
}

struct kaon_value *kaon_value_constant(struct kaon_ir *ir, const char *name,
                                       const struct kaon_tensor *tensor)
{
    struct kaon_value *v = kaon_value_new(ir, name);
    if (!v)
        return NULL;
    v->constant = tensor;
    v->fact.type = tensor->type;
    v->fact.rank = tensor->rank;
    memcpy(v->fact.dims, tensor->dims, sizeof v->fact.dims);
    v->fact.value = tensor->data;
    return v;
}

struct kaon_node *kaon_node_new(struct kaon_ir *ir, const struct kaon_op *op, size_t n_in,
                                size_t n_out, size_t n_sub)
{
    struct kaon_node *n = kaon_arena_push_zero(ir->arena, 1, sizeof *n);
    if (!n)
        return NULL;
    n->op = op;
    n->name = "";
    n->n_in = n_in;
    n->n_out = n_out;
    n->n_sub = n_sub;
    n->in = kaon_arena_push_zero(ir->arena, n_in, sizeof *n->in);
    n->out = kaon_arena_push_zero(ir->arena, n_out, sizeof *n->out);
    n->sub = kaon_arena_push_zero(ir->arena, n_sub, sizeof(struct kaon_graph *));
    return n->in && n->out && n->sub ? n : NULL;
}

void kaon_graph_insert(struct kaon_ir *ir, struct kaon_graph *graph, struct kaon_node *node,
                       struct kaon_node *before)
{
    node->graph = graph;
    node->next = before;
    node->prev = before ? before->prev : graph->last;
    if (node->prev)
        node->prev->next = node;
    else
        graph->first = node;
    if (before)
        before->prev = node;
    else
        graph->last = node;
    for (size_t i = 0; i < node->n_in; i++)
        if (node->in[i])
            node->in[i]->readers++;
    for (size_t i = 0; i < node->n_out; i++)
        if (node->out[i])
            node->out[i]->producer = node;
    ir->n_nodes++;
}

static void drop_graph(struct kaon_ir *ir, struct kaon_graph *graph)
{
    for (size_t i = 0; i < graph->n_out; i++)
        graph->out[i]->readers--;
    while (graph->last)
        kaon_graph_remove(ir, graph->last);
}

void kaon_graph_remove(struct kaon_ir *ir, struct kaon_node *node)
{
    struct kaon_graph *graph = node->graph;
    for (size_t i = 0; i < node->n_sub; i++)
        drop_graph(ir, node->sub[i]);
    for (size_t i = 0; i < node->n_in; i++)
        if (node->in[i])
            node->in[i]->readers--;
    if (node->prev)
        node->prev->next = node->next;
    else
        graph->first = node->next;
    if (node->next)
        node->next->prev = node->prev;
    else
        graph->last = node->prev;
    ir->n_nodes--;
}

enum kaon_status kaon_ir_symbol(struct kaon_ir *ir, const char *name, int32_t *index,
                                struct kaon_msg *msg)
{
    for (size_t i = 0; i < ir->n_symbols; i++)
        if (!strcmp(ir->symbols[i], name)) {
            *index = (int32_t)i;
            return KAON_OK;
        }
    if (ir->n_symbols == KAON_DIM_SYMBOLS)
        return kaon_fail(msg, KAON_OVER_LIMIT, "more than %d symbolic axes", KAON_DIM_SYMBOLS);
    if (ir->n_symbols == ir->room_symbols) {
        const size_t room = ir->room_symbols ? 2 * ir->room_symbols : 16;
        const char **grown = kaon_arena_push_zero(ir->arena, room, sizeof *grown);
        if (!grown)
            return kaon_fail(msg, KAON_NO_MEMORY, "no memory for symbolic axes");
        if (ir->n_symbols)
            memcpy(grown, ir->symbols, ir->n_symbols * sizeof *grown);
        ir->symbols = grown;
        ir->room_symbols = room;
    }
    const char *kept = kaon_arena_push_text(ir->arena, name, strlen(name));
    if (!kept)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for symbolic axes");
    ir->symbols[ir->n_symbols] = kept;
    *index = (int32_t)ir->n_symbols++;
    return KAON_OK;
}

void kaon_node_prefix(const struct kaon_node *node, struct kaon_msg *msg)
{
    char prefix[200];
    if (node->name[0])
        snprintf(prefix, sizeof prefix, "node '%.120s' (%s)", node->name, node->op->name);
    else if (node->n_out && node->out[0])
        snprintf(prefix, sizeof prefix, "node of '%.120s' (%s)", node->out[0]->name,
                 node->op->name);
    else
        snprintf(prefix, sizeof prefix, "a node (%s)", node->op->name);
    kaon_msg_prefix(msg, prefix);
}

enum kaon_status kaon_node_read(struct kaon_ir *ir, struct kaon_node *node, struct kaon_msg *msg)
{
    const struct kaon_op *op = node->op;
    struct kaon_attr_reader r = {
        .attr = node->attrs,
        .n = node->n_attrs,
        .opset = node->opset,
        .n_in = node->n_in,
        .n_out = node->n_out,
        .arena = ir->arena,
        .msg = msg,
    };
    if (op->attr_size && !(node->attr = kaon_arena_push_zero(ir->arena, 1, op->attr_size)))
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for attributes");
    if (op->read)
        op->read(&r, node->attr);
    for (size_t i = 0; i < r.n && r.status == KAON_OK; i++)
        if (!(r.used >> i & 1) && r.attr[i].type != KAON_ATTR_GRAPH)
            kaon_attr_fail(&r, KAON_UNSUPPORTED, "attribute '%s' is not known to %s",
                           r.attr[i].name, op->name);
    if (r.status != KAON_OK)
        kaon_node_prefix(node, msg);
    return r.status;
}

enum kaon_status kaon_graph_name_axes(struct kaon_ir *ir, struct kaon_msg *msg)
{
    for (size_t i = 0; i < ir->top->n_in; i++) {
        struct kaon_fact *f = &ir->top->in[i]->fact;
        for (int32_t k = 0; k < f->rank; k++) {
            char text[200];
            if (f->dims[k] != KAON_DIM_UNKNOWN)
                continue;
            snprintf(text, sizeof text, "%.180s.%d", ir->top->in_name[i], k);
            int32_t s;
            const enum kaon_status st = kaon_ir_symbol(ir, text, &s, msg);
            if (st != KAON_OK)
                return st;
            f->dims[k] = KAON_DIM_SYMBOL(s);
        }
    }
    return KAON_OK;
}
