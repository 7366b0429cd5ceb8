/* Inference over a graph: each node's outputs from its inputs, nested graphs first. */
#include "engine/graph/graph.h"

#include "engine/base/fact.h"
#include "engine/base/size.h"

#include <string.h>

enum { MOST_IO = 64 };

/* Facts of a node's values as arrays of pointers: on the stack for ordinary nodes. */
struct facts {
    const struct kaon_fact *in_small[MOST_IO];
    struct kaon_fact *out_small[MOST_IO];
    const struct kaon_fact **in;
    struct kaon_fact **out;
};

static bool gather_facts(struct kaon_ir *ir, const struct kaon_node *node, struct facts *f)
{
    f->in = node->n_in <= MOST_IO ? f->in_small
                                  : kaon_arena_push_zero(ir->arena, node->n_in, sizeof(void *));
    f->out = node->n_out <= MOST_IO ? f->out_small
                                    : kaon_arena_push_zero(ir->arena, node->n_out, sizeof(void *));
    if (!f->in || !f->out)
        return false;
    for (size_t i = 0; i < node->n_in; i++)
        f->in[i] = node->in[i] ? &node->in[i]->fact : NULL;
    for (size_t i = 0; i < node->n_out; i++) {
        f->out[i] = &node->out[i]->fact;
        *f->out[i] = (struct kaon_fact)KAON_FACT_NONE;
    }
    return true;
}

/* What both facts agree on. */
static struct kaon_fact common(const struct kaon_fact *a, const struct kaon_fact *b)
{
    struct kaon_fact f = KAON_FACT_NONE;
    f.type = a->type == b->type ? a->type : KAON_UNDEFINED;
    if (a->rank != b->rank || a->rank < 0)
        return f;
    f.rank = a->rank;
    for (int32_t i = 0; i < f.rank; i++)
        f.dims[i] = a->dims[i] == b->dims[i] ? a->dims[i] : KAON_DIM_UNKNOWN;
    return f;
}

static void forget_shape(struct kaon_fact *fact)
{
    kaon_fact_unknown(fact, fact->type);
}

static enum kaon_status infer_if(struct kaon_node *node)
{
    const struct kaon_graph *a = node->sub[0], *b = node->sub[1];
    for (size_t i = 0; i < node->n_out; i++)
        node->out[i]->fact = common(&a->out[i]->fact, &b->out[i]->fact);
    return KAON_OK;
}

/* Inputs of a body: of Loop the iteration, the condition and what is carried; carried values may
 * change shape from one iteration to the next. */
static void seed_loop(struct kaon_node *node)
{
    struct kaon_graph *body = node->sub[0];
    kaon_fact_set(&body->in[0]->fact, KAON_I64, 0, NULL);
    kaon_fact_set(&body->in[1]->fact, KAON_BOOL, 0, NULL);
    for (size_t i = 2; i < body->n_in; i++) {
        body->in[i]->fact = node->in[i]->fact;
        body->in[i]->fact.value = NULL;
        forget_shape(&body->in[i]->fact);
    }
}

static void infer_loop(struct kaon_node *node)
{
    const struct kaon_graph *body = node->sub[0];
    const size_t carried = node->n_in - 2;
    for (size_t i = 0; i < node->n_out; i++)
        kaon_fact_unknown(&node->out[i]->fact, body->out[i + 1]->fact.type);
    (void)carried;
}

static void seed_scan(struct kaon_node *node)
{
    struct kaon_graph *body = node->sub[0];
    for (size_t i = 0; i < body->n_in; i++) {
        const size_t at = node->n_in - body->n_in + i;
        kaon_fact_unknown(&body->in[i]->fact,
                          node->in[at] ? node->in[at]->fact.type : KAON_UNDEFINED);
    }
}

static void infer_scan(struct kaon_node *node)
{
    for (size_t i = 0; i < node->n_out; i++)
        kaon_fact_unknown(&node->out[i]->fact, node->sub[0]->out[i]->fact.type);
}

/* Sequences come out; what their items are is known only when they are. */
static void seed_sequence_map(struct kaon_node *node)
{
    struct kaon_graph *body = node->sub[0];
    for (size_t i = 0; i < body->n_in; i++)
        kaon_fact_unknown(&body->in[i]->fact, node->in[i]->fact.type == KAON_SEQUENCE
                                                  ? KAON_UNDEFINED
                                                  : node->in[i]->fact.type);
}

static void infer_sequence_map(struct kaon_node *node)
{
    const int64_t n = KAON_DIM_UNKNOWN;
    for (size_t i = 0; i < node->n_out; i++)
        kaon_fact_set(&node->out[i]->fact, KAON_SEQUENCE, 1, &n);
}

static enum kaon_status infer_control(struct kaon_ir *ir, struct kaon_node *node,
                                      struct kaon_msg *msg)
{
    if (node->op->kind == KAON_OP_loop)
        seed_loop(node);
    else if (node->op->kind == KAON_OP_scan)
        seed_scan(node);
    else if (node->op->kind == KAON_OP_sequence_map)
        seed_sequence_map(node);
    for (size_t i = 0; i < node->n_sub; i++) {
        const enum kaon_status st = kaon_graph_infer(ir, node->sub[i], msg);
        if (st != KAON_OK)
            return st;
    }
    if (node->op->kind == KAON_OP_if)
        return infer_if(node);
    if (node->op->kind == KAON_OP_loop)
        infer_loop(node);
    else if (node->op->kind == KAON_OP_sequence_map)
        infer_sequence_map(node);
    else
        infer_scan(node);
    return KAON_OK;
}

/* Numbers of inputs and outputs of nested graphs, which the file gives independently. */
static enum kaon_status check_control(const struct kaon_node *node, struct kaon_msg *msg)
{
    const size_t graphs = node->op->infer ? 0 : node->op->kind == KAON_OP_if ? 2 : 1;
    if (node->n_sub != graphs)
        return kaon_fail(msg, KAON_BAD_MODEL, "%zu nested graphs, wanted %zu", node->n_sub, graphs);
    for (size_t i = 0; i < graphs; i++) {
        const struct kaon_graph *g = node->sub[i];
        size_t in = 0, out = node->n_out;
        if (node->op->kind == KAON_OP_loop) {
            in = node->n_in;
            out = node->n_out + 1;
        } else if (node->op->kind == KAON_OP_scan) {
            in = node->n_in - (node->opset < 9);
        } else if (node->op->kind == KAON_OP_sequence_map) {
            in = node->n_in;
        }
        if (g->n_in != in || g->n_out != out)
            return kaon_fail(msg, KAON_BAD_MODEL,
                             "nested graph '%s' has %zu inputs and %zu outputs, wanted %zu and %zu",
                             g->name, g->n_in, g->n_out, in, out);
    }
    if (node->op->kind == KAON_OP_loop && node->n_in > node->n_out + 2)
        return kaon_fail(msg, KAON_BAD_MODEL, "%zu outputs for %zu carried values", node->n_out,
                         node->n_in - 2);
    for (size_t i = node->op->kind == KAON_OP_loop ? 2 : 0; i < node->n_in; i++)
        if (!node->in[i] && !(node->op->kind == KAON_OP_scan && node->opset < 9 && i == 0))
            return kaon_fail(msg, KAON_BAD_MODEL, "input %zu is not given", i);
    return KAON_OK;
}

static bool is_text(const struct kaon_value *value)
{
    return value && value->fact.type == KAON_STRING;
}

static enum kaon_status refuse_text(const struct kaon_node *node, struct kaon_msg *msg)
{
    for (size_t i = 0; i < node->n_in + node->n_out; i++)
        if (is_text(i < node->n_in ? node->in[i] : node->out[i - node->n_in]))
            return kaon_fail(msg, KAON_UNSUPPORTED, "%s: element type string", node->op->name);
    return KAON_OK;
}

enum kaon_status kaon_node_infer(struct kaon_ir *ir, struct kaon_node *node, struct kaon_msg *msg)
{
    struct facts f;
    enum kaon_status st = KAON_OK;
    if (node->n_sub || !node->op->infer) {
        st = check_control(node, msg);
        return st == KAON_OK ? infer_control(ir, node, msg) : st;
    }
    if (!gather_facts(ir, node, &f))
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for inference");
    const struct kaon_infer infer = {
        .kind = node->op->kind,
        .opset = node->opset,
        .attr = node->attr,
        .n_in = node->n_in,
        .n_out = node->n_out,
        .in = f.in,
        .out = f.out,
    };
    const bool all = node->op->n_in[1] < 0; /* a list may have no holes */
    for (size_t i = 0; i < node->n_in && (all || (int)i < node->op->n_in[0]); i++)
        if (!node->in[i])
            return kaon_fail(msg, KAON_BAD_MODEL, "input %zu is not given", i);
    st = node->op->infer(&infer, msg);
    if (st == KAON_OK && !(node->op->flags & KAON_OP_TEXT))
        st = refuse_text(node, msg);
    if (st == KAON_OK)
        kaon_node_infer_symbolic(node);
    return st;
}

enum kaon_status kaon_graph_infer(struct kaon_ir *ir, struct kaon_graph *graph,
                                  struct kaon_msg *msg)
{
    for (struct kaon_node *node = graph->first; node; node = node->next) {
        const enum kaon_status st = kaon_node_infer(ir, node, msg);
        if (st != KAON_OK) {
            kaon_node_prefix(node, msg);
            return st;
        }
    }
    return KAON_OK;
}
