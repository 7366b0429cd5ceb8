/* The runner: see passes.h. */
#include "engine/passes/passes.h"

#include "engine/base/clock.h"
#include "engine/base/size.h"

#include <string.h>

static const struct kaon_pass *const passes[] = {
#define KAON_PASS(id) &kaon_pass_##id,
#include "engine/passes/passes.inc"
#undef KAON_PASS
};

struct run {
    struct kaon_ir *ir;
    const struct kaon_kernels *kernels;
    struct kaon_pass_log *log;
    struct kaon_arena scratch;
    uint32_t most;
    uint64_t deadline_ns;
    struct kaon_msg *msg;
};

/* ---- edits ----------------------------------------------------------------------------------- */

struct kaon_value *kaon_edit_add(struct kaon_edit *edit, enum kaon_op_kind kind, int opset,
                                 struct kaon_value *const *in, size_t n_in,
                                 const struct kaon_attr *attrs, size_t n_attrs)
{
    if (edit->n_add == KAON_EDIT_NODES)
        return NULL;
    struct kaon_node *n = kaon_node_new(edit->ir, kaon_op_of(kind), n_in, 1, 0);
    struct kaon_attr *kept = kaon_arena_push_zero(edit->ir->arena, n_attrs, sizeof *kept);
    if (!n || !kept || !(n->out[0] = kaon_value_new(edit->ir, "")))
        return NULL;
    if (n_attrs)
        memcpy(kept, attrs, n_attrs * sizeof *kept);
    for (size_t i = 0; i < n_in; i++)
        n->in[i] = in[i];
    n->opset = opset;
    n->attrs = kept;
    n->n_attrs = n_attrs;
    edit->add[edit->n_add++] = n;
    return n->out[0];
}

struct kaon_value *kaon_edit_constant(struct kaon_edit *edit, enum kaon_type type, int32_t rank,
                                      const int64_t *dims, void **data)
{
    struct kaon_tensor *t = kaon_arena_push_zero(edit->ir->arena, 1, sizeof *t);
    if (!t)
        return NULL;
    t->type = type;
    t->rank = rank;
    for (int32_t i = 0; i < rank; i++)
        t->dims[i] = dims[i];
    t->bytes = (size_t)kaon_tensor_count(t) * kaon_type_bytes(type);
    if (!(t->data = *data = kaon_arena_push(edit->ir->arena, t->bytes)))
        return NULL;
    return kaon_value_constant(edit->ir, "", t);
}

void kaon_edit_replace(struct kaon_edit *edit, struct kaon_value *from, struct kaon_value *to)
{
    if (edit->n_replace == KAON_EDIT_VALUES)
        return;
    edit->from[edit->n_replace] = from;
    edit->to[edit->n_replace++] = to;
}

/* ---- asking ----------------------------------------------------------------------------------- */

bool kaon_value_is(const struct kaon_value *v, enum kaon_op_kind kind)
{
    return v && v->producer && v->producer->op->kind == kind;
}

bool kaon_value_number(const struct kaon_value *v, float *x)
{
    const struct kaon_tensor *t = v ? v->constant : NULL;
    if (!t || t->type != KAON_F32 || kaon_tensor_count(t) != 1)
        return false;
    *x = *(const float *)t->data;
    return true;
}

static bool reads(const struct kaon_node *n, const struct kaon_value *v)
{
    for (size_t i = 0; i < n->n_in; i++)
        if (n->in[i] == v)
            return true;
    return false;
}

struct kaon_node *kaon_value_reader(const struct kaon_value *v)
{
    enum { FAR = 64 }; /* nodes that a reader may stand behind: a bound on the search */
    struct kaon_node *n = v->producer && v->readers == 1 ? v->producer->next : NULL;
    for (int i = 0; n && i < FAR; i++, n = n->next)
        if (reads(n, v))
            return n;
    return NULL;
}

/* ---- applying -------------------------------------------------------------------------------- */

static void replace_in_graph(struct kaon_graph *graph, struct kaon_value *from,
                             struct kaon_value *to)
{
    for (struct kaon_node *n = graph->first; n; n = n->next) {
        for (size_t i = 0; i < n->n_in; i++)
            if (n->in[i] == from) {
                n->in[i] = to;
                from->readers--;
                to->readers++;
            }
        for (size_t i = 0; i < n->n_sub; i++)
            replace_in_graph(n->sub[i], from, to);
    }
    for (size_t i = 0; i < graph->n_out; i++)
        if (graph->out[i] == from) {
            graph->out[i] = to;
            from->readers--;
            to->readers++;
        }
}

static bool is_dead(const struct kaon_node *node)
{
    for (size_t i = 0; i < node->n_out; i++)
        if (node->out[i]->readers)
            return false;
    return true;
}

/* Removes a node that nobody reads, and then what made its inputs: nodes before it in this graph or
 * in one around it, never the one behind it. Their number bounds the depth of the recursion no
 * better than the file does, so a list is kept through the nodes' own links. */
static void remove_dead(struct kaon_ir *ir, struct kaon_node *node)
{
    struct kaon_node *list = node;
    kaon_graph_remove(ir, node);
    node->graph = NULL;
    node->next = NULL;
    while (list) {
        struct kaon_node *n = list;
        list = n->next;
        for (size_t i = 0; i < n->n_in; i++) {
            struct kaon_node *p = n->in[i] ? n->in[i]->producer : NULL;
            if (!p || !p->graph || !is_dead(p))
                continue;
            kaon_graph_remove(ir, p);
            p->graph = NULL;
            p->next = list;
            list = p;
        }
    }
}

static enum kaon_status note(struct run *r, const struct kaon_pass *pass,
                             const struct kaon_node *node, const char *why)
{
    struct kaon_pass_line *line = kaon_arena_push_zero(r->ir->arena, 1, sizeof *line);
    if (!line)
        return kaon_fail(r->msg, KAON_NO_MEMORY, "no memory for passes");
    *line = (struct kaon_pass_line){
        .pass = pass->name,
        .node = node->name,
        .op = node->op->name,
        .why = why,
    };
    if (r->log->last)
        r->log->last->next = line;
    else
        r->log->first = line;
    r->log->last = line;
    return KAON_OK;
}

static enum kaon_status apply(struct run *r, const struct kaon_pass *pass, struct kaon_node *node,
                              struct kaon_edit *edit)
{
    for (size_t i = 0; i < edit->n_add; i++) {
        struct kaon_node *n = edit->add[i];
        n->name = node->name;
        enum kaon_status st = kaon_node_read(r->ir, n, r->msg);
        if (st != KAON_OK)
            return st;
        kaon_graph_insert(r->ir, node->graph, n, node);
        if ((st = kaon_node_infer(r->ir, n, r->msg)) != KAON_OK)
            return st;
    }
    for (size_t i = 0; i < edit->n_replace; i++) {
        if (edit->to[i]->name[0] == 0)
            edit->to[i]->name = edit->from[i]->name;
        replace_in_graph(node->graph, edit->from[i], edit->to[i]);
    }
    r->log->edits++;
    return note(r, pass, node, NULL);
}

/* ---- walking --------------------------------------------------------------------------------- */

/* Looks at one node. */
static enum kaon_status look(struct run *r, const struct kaon_pass *pass, struct kaon_node *node)
{
    struct kaon_edit edit = { .ir = r->ir, .kernels = r->kernels, .scratch = &r->scratch };
    enum kaon_status st = pass->rule(node, &edit, r->msg);
    kaon_arena_reset(&r->scratch);
    if (st != KAON_OK) {
        kaon_node_prefix(node, r->msg);
        return st;
    }
    if (edit.n_replace)
        return apply(r, pass, node, &edit);
    return edit.why ? note(r, pass, node, edit.why) : KAON_OK;
}

static enum kaon_status run_on_graph(struct run *r, const struct kaon_pass *pass,
                                     struct kaon_graph *graph)
{
    for (struct kaon_node *node = graph->first, *next; node; node = next) {
        enum kaon_status st = KAON_OK;
        if (r->log->edits >= r->most)
            return KAON_OK;
        if (kaon_clock_past(r->deadline_ns))
            return kaon_fail(r->msg, KAON_OVER_LIMIT, "opening takes longer than the limit");
        for (size_t i = 0; i < node->n_sub && st == KAON_OK; i++)
            st = run_on_graph(r, pass, node->sub[i]);
        if (st == KAON_OK)
            st = look(r, pass, node);
        if (st != KAON_OK)
            return st;
        next = node->next;
        if (is_dead(node))
            remove_dead(r->ir, node);
    }
    return KAON_OK;
}

/* Dead code: what no output hangs on, backwards so that one round suffices. */
static void sweep(struct kaon_ir *ir, struct kaon_graph *graph)
{
    for (struct kaon_node *n = graph->last, *prev; n; n = prev) {
        prev = n->prev;
        for (size_t i = 0; i < n->n_sub; i++)
            sweep(ir, n->sub[i]);
        if (is_dead(n)) {
            kaon_graph_remove(ir, n);
            n->graph = NULL;
        }
    }
}

/* Takes out the misses behind `last`: they are looked at again. */
static void forget_misses(struct kaon_pass_log *log, struct kaon_pass_line *last)
{
    struct kaon_pass_line **at = last ? &last->next : &log->first;
    log->last = last;
    while (*at)
        if ((*at)->why) {
            *at = (*at)->next;
        } else {
            log->last = *at;
            at = &(*at)->next;
        }
}

enum kaon_status kaon_passes_run(struct kaon_ir *ir, const struct kaon_kernels *kernels,
                                 int32_t stop_after, uint64_t deadline_ns,
                                 const struct kaon_allocator *allocator, struct kaon_pass_log *log,
                                 struct kaon_msg *msg)
{
    struct run r = {
        .ir = ir,
        .kernels = kernels,
        .log = log,
        .deadline_ns = deadline_ns,
        .msg = msg,
        .most = stop_after < 0    ? 0
                : stop_after == 0 ? UINT32_MAX
                                  : (uint32_t)stop_after,
    };
    enum kaon_status st = KAON_OK;
    kaon_arena_open(&r.scratch, allocator, 1 << 14);
    if (r.most)
        sweep(ir, ir->top);
    for (size_t i = 0; i < KAON_COUNT(passes) && st == KAON_OK; i++) {
        uint32_t before;
        do {
            struct kaon_pass_line *const last = log->last;
            before = log->edits;
            st = run_on_graph(&r, passes[i], ir->top);
            if (st == KAON_OK && log->edits != before) /* shapes that were contents are known now */
                st = kaon_graph_infer(ir, ir->top, msg);
            if (passes[i]->again && log->edits != before)
                forget_misses(log, last);
        } while (st == KAON_OK && passes[i]->again && log->edits != before);
    }
    kaon_arena_close(&r.scratch);
    return st;
}

enum kaon_status kaon_pass_run(struct kaon_ir *ir, const struct kaon_pass *pass,
                               const struct kaon_kernels *kernels,
                               const struct kaon_allocator *allocator, struct kaon_pass_log *log,
                               struct kaon_msg *msg)
{
    struct run r = { .ir = ir, .kernels = kernels, .log = log, .most = UINT32_MAX, .msg = msg };
    kaon_arena_open(&r.scratch, allocator, 1 << 14);
    const enum kaon_status st = run_on_graph(&r, pass, ir->top);
    kaon_arena_close(&r.scratch);
    return st;
}
