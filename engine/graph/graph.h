/* The graph between decoding and planning: nodes and values, edited by passes, then frozen.
 *
 * Everything lives in the model's arena. Values are numbered through all nested graphs, so that a
 * plan can keep what it knows of them in one flat array. A value is made by one node, or is a graph
 * input, or a constant. Nodes stand in an order in which every value is made before it is read. */
#ifndef KAON_ENGINE_GRAPH_GRAPH_H
#define KAON_ENGINE_GRAPH_GRAPH_H

#include "engine/base/op.h"

#include <stdio.h>

struct kaon_node;
struct kaon_graph;

struct kaon_value {
    uint32_t id;
    const char *name;                   /* as in the file; "" for values that passes make */
    struct kaon_fact fact;              /* with symbols */
    const struct kaon_tensor *constant; /* its data, or NULL */
    struct kaon_node *producer;         /* NULL: input or constant */
    uint32_t readers;                   /* uses by nodes and as a graph output, nested graphs too */
};

struct kaon_node {
    const struct kaon_op *op;
    const char *name;
    int opset;
    const struct kaon_attr *attrs; /* as read */
    size_t n_attrs;
    void *attr; /* what op->read made of them */
    struct kaon_value **in;
    size_t n_in;
    struct kaon_value **out;
    size_t n_out;
    struct kaon_graph **sub;
    size_t n_sub;
    struct kaon_graph *graph; /* the one it stands in */
    struct kaon_node *prev, *next;
    const void *packed;        /* by own */
    const void *packed_chosen; /* by the chosen backend where that is another */
};

struct kaon_graph {
    const char *name;
    struct kaon_node *first, *last;
    struct kaon_value **in;
    const char **in_name;
    size_t n_in;
    struct kaon_value **out;
    const char **out_name;
    struct kaon_fact *out_declared; /* what the file says of the outputs; NULL: nothing */
    size_t n_out;
    struct kaon_node *parent; /* the node that holds it; NULL at the top */
};

struct kaon_opset {
    const char *domain;
    int64_t version;
};

/* A model's graph with what its parts share. */
struct kaon_ir {
    struct kaon_arena *arena;
    struct kaon_graph *top;
    uint32_t n_values, n_nodes; /* ids handed out; nodes in all graphs */
    const char **symbols;       /* names of symbolic axes */
    size_t n_symbols, room_symbols;
    struct kaon_opset *opsets;
    size_t n_opsets;
    uint64_t most_elements;
    uint64_t fold_bytes; /* that folding may still make */
};

struct kaon_value *kaon_value_new(struct kaon_ir *ir, const char *name);
struct kaon_value *kaon_value_constant(struct kaon_ir *ir, const char *name,
                                       const struct kaon_tensor *tensor);

/* A node without inputs and outputs set, not yet in a graph. */
struct kaon_node *kaon_node_new(struct kaon_ir *ir, const struct kaon_op *op, size_t n_in,
                                size_t n_out, size_t n_sub);

/* Puts a node before `before`, or at the end if that is NULL; counts its reads. */
void kaon_graph_insert(struct kaon_ir *ir, struct kaon_graph *graph, struct kaon_node *node,
                       struct kaon_node *before);

/* Takes a node out; nobody may read its outputs. Its nested graphs go with it. */
void kaon_graph_remove(struct kaon_ir *ir, struct kaon_node *node);

/* Index of a symbol of that name, made if new; the name is kept. */
enum kaon_status kaon_ir_symbol(struct kaon_ir *ir, const char *name, int32_t *index,
                                struct kaon_msg *msg);

/* Reads the node's attributes (node->attrs) into node->attr. */
enum kaon_status kaon_node_read(struct kaon_ir *ir, struct kaon_node *node, struct kaon_msg *msg);

/* Infers type and shape of all values; fails where the graph is definitely wrong. */
enum kaon_status kaon_graph_infer(struct kaon_ir *ir, struct kaon_graph *graph,
                                  struct kaon_msg *msg);
enum kaon_status kaon_node_infer(struct kaon_ir *ir, struct kaon_node *node, struct kaon_msg *msg);

/* Names the axes of graph inputs whose length is neither a number nor a symbol: "<input>.<axis>". */
enum kaon_status kaon_graph_name_axes(struct kaon_ir *ir, struct kaon_msg *msg);

/* Fills the symbolic contents of a node's outputs where they are shape arithmetic. */
void kaon_node_infer_symbolic(const struct kaon_node *node);

/* Puts "node 'name' (Op)" in front of a message. */
void kaon_node_prefix(const struct kaon_node *node, struct kaon_msg *msg);

/* Inputs of a node that stand for nothing are NULL. */
static inline bool kaon_value_is_constant(const struct kaon_value *value)
{
    return value && value->constant;
}

#endif
