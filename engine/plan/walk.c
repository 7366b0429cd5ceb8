/* The walk: see plan.h. */
#include "engine/plan/plan.h"

#include "engine/base/fact.h"
#include "engine/base/size.h"
#include "engine/base/tensor.h"

#include <string.h>

struct kaon_planned kaon_deferred;

enum {
    FOLD_BYTES = 1 << 16, /* results larger than this are steps, not part of every plan */
    EAGER_BYTES = 1 << 24,
    FOLD_ALL_BYTES = 1 << 27, /* of a plan's results that are no steps, together */
};

enum kaon_status kaon_walk_no_memory(struct kaon_walk *walk)
{
    return kaon_fail(walk->msg, KAON_NO_MEMORY,
                     walk->now ? "no memory to run" : "no memory to plan");
}

bool kaon_walk_is_known(const struct kaon_walk *walk, const struct kaon_planned *value)
{
    return walk->now || value->place == KAON_PLACE_KNOWN;
}

struct kaon_planned *kaon_walk_known(struct kaon_walk *walk, const struct kaon_tensor *tensor)
{
    int64_t count;
    size_t bytes;
    if (!kaon_tensor_size(tensor->type, tensor->rank, tensor->dims, walk->model->limits.elements,
                          &count, &bytes))
        return NULL;
    struct kaon_planned *p = kaon_arena_push_zero(walk->memory, 1, sizeof *p);
    void *data = p ? kaon_arena_push(walk->memory, bytes) : NULL;
    if (!data)
        return NULL;
    p->tensor = *tensor;
    p->tensor.data = data;
    p->tensor.bytes = bytes;
    p->place = KAON_PLACE_KNOWN;
    return p;
}

/* ---- one node -------------------------------------------------------------------------------- */

/* A node being decided: its planned inputs and outputs, with the arrays that a call wants. */
struct visit {
    const struct kaon_node *node;
    struct kaon_planned **in, **out;
    const struct kaon_tensor **in_tensor;
    struct kaon_tensor **out_tensor;
    bool *constant;
    struct kaon_fact *facts; /* inputs, then outputs */
    bool all_known;
};

static enum kaon_status defer(struct kaon_walk *walk, const struct kaon_node *node)
{
    struct kaon_plan *plan = walk->plan;
    for (size_t i = 0; i < node->n_out; i++)
        walk->values[node->out[i]->id] = &kaon_deferred;
    if (plan->n_tail == plan->room_tail) {
        const size_t room = plan->room_tail ? 2 * plan->room_tail : 64;
        const struct kaon_node **grown = kaon_arena_push_zero(walk->memory, room, sizeof *grown);
        if (!grown)
            return kaon_walk_no_memory(walk);
        if (plan->n_tail)
            memcpy(grown, plan->tail, plan->n_tail * sizeof *grown);
        plan->tail = grown;
        plan->room_tail = room;
    }
    plan->tail[plan->n_tail++] = node;
    return KAON_OK;
}

/* True if the node or a graph nested in it reads a deferred value. */
static bool waits(const struct kaon_walk *walk, const struct kaon_node *node)
{
    for (size_t i = 0; i < node->n_in; i++)
        if (node->in[i] && walk->values[node->in[i]->id] == &kaon_deferred)
            return true;
    for (size_t i = 0; i < node->n_sub; i++) {
        for (const struct kaon_node *n = node->sub[i]->first; n; n = n->next)
            if (waits(walk, n))
                return true;
        for (size_t k = 0; k < node->sub[i]->n_out; k++)
            if (walk->values[node->sub[i]->out[k]->id] == &kaon_deferred)
                return true;
    }
    return false;
}

/* The arrays of a visit in one block: planned values, tensors, flags. */
static bool open_visit(struct visit *v, struct kaon_arena *memory)
{
    const struct kaon_node *node = v->node;
    const size_t n = node->n_in + node->n_out;
    char *block = kaon_arena_push_zero(memory, n, 2 * sizeof(void *) + sizeof(bool));
    if (!block)
        return false;
    v->in = (struct kaon_planned **)block;
    v->out = v->in + node->n_in;
    v->in_tensor = (const struct kaon_tensor **)(v->in + n);
    v->out_tensor = (struct kaon_tensor **)(v->in + n + node->n_in);
    v->constant = (bool *)(v->in + 2 * n);
    return true;
}

/* Moves the arrays to memory that lives as long as the plan. */
static bool keep_visit(struct visit *v, struct kaon_arena *memory)
{
    struct visit kept = *v;
    const size_t n = v->node->n_in + v->node->n_out;
    if (!open_visit(&kept, memory))
        return false;
    memcpy(kept.in, v->in, n * (2 * sizeof(void *) + sizeof(bool)));
    *v = kept;
    return true;
}

static enum kaon_status find_inputs(struct kaon_walk *walk, struct visit *v)
{
    const bool of_shape = v->node->op->flags & KAON_OP_OF_SHAPE;
    v->all_known = true;
    for (size_t i = 0; i < v->node->n_in; i++) {
        if (!v->node->in[i])
            continue;
        v->in[i] = walk->values[v->node->in[i]->id];
        if (!v->in[i] || v->in[i] == &kaon_deferred)
            return kaon_fail(walk->msg, KAON_BAD_MODEL, "input '%s' has no value here",
                             v->node->in[i]->name);
        v->in_tensor[i] = &v->in[i]->tensor;
        v->constant[i] = kaon_walk_is_known(walk, v->in[i]);
        v->all_known &= v->constant[i] || of_shape;
    }
    return KAON_OK;
}

static struct kaon_fact fact_of(const struct kaon_planned *value, bool known)
{
    struct kaon_fact f;
    f.type = value->tensor.type;
    f.rank = value->tensor.rank;
    memcpy(f.dims, value->tensor.dims, sizeof f.dims);
    f.value = known ? value->tensor.data : NULL;
    f.n_symbolic = -1;
    return f;
}

/* Infers the outputs into v->facts, behind the inputs' facts. */
static enum kaon_status infer(struct kaon_walk *walk, struct visit *v)
{
    const struct kaon_node *node = v->node;
    struct kaon_arena *memory = walk->scratch;
    const size_t n = node->n_in + node->n_out;
    v->facts = kaon_arena_push(memory, n * sizeof *v->facts);
    const struct kaon_fact **in = kaon_arena_push_zero(memory, node->n_in, sizeof *in);
    struct kaon_fact **out = kaon_arena_push_zero(memory, node->n_out, sizeof *out);
    if (!v->facts || !in || !out)
        return kaon_walk_no_memory(walk);
    for (size_t i = 0; i < node->n_in; i++)
        if (v->in[i]) {
            v->facts[i] = fact_of(v->in[i], v->constant[i]);
            in[i] = &v->facts[i];
        }
    for (size_t i = 0; i < node->n_out; i++) {
        out[i] = &v->facts[node->n_in + i];
        *out[i] = (struct kaon_fact)KAON_FACT_NONE;
    }
    const struct kaon_infer call = {
        .kind = node->op->kind,
        .opset = node->opset,
        .attr = node->attr,
        .n_in = node->n_in,
        .n_out = node->n_out,
        .in = in,
        .out = out,
    };
    return node->op->infer(&call, walk->msg);
}

/* Elements that are pointers may come from and go to operators only that know of them. */
static enum kaon_status refuse_text(const struct kaon_walk *walk, const struct visit *v)
{
    const size_t n = v->node->n_in + v->node->n_out;
    for (size_t i = 0; i < n && !(v->node->op->flags & KAON_OP_TEXT); i++)
        if (v->facts[i].type == KAON_STRING && (i >= v->node->n_in || v->in[i]))
            return kaon_fail(walk->msg, KAON_UNSUPPORTED, "%s: element type string",
                             v->node->op->name);
    return KAON_OK;
}

static bool all_concrete(const struct visit *v)
{
    for (size_t i = 0; i < v->node->n_out; i++)
        if (!kaon_fact_concrete(&v->facts[v->node->n_in + i]) ||
            v->facts[v->node->n_in + i].type == KAON_UNDEFINED)
            return false;
    return true;
}

static bool wanted(const struct kaon_value *value)
{
    return value->readers != 0;
}

/* Makes the outputs' planned values, without data. */
static enum kaon_status make_outputs(struct kaon_walk *walk, struct visit *v, size_t *bytes)
{
    *bytes = 0;
    for (size_t i = 0; i < v->node->n_out; i++) {
        const struct kaon_fact *f = &v->facts[v->node->n_in + i];
        int64_t count;
        size_t size;
        if (i && !wanted(v->node->out[i]))
            continue;
        if (!kaon_tensor_size(f->type, f->rank, f->dims, walk->model->limits.elements, &count,
                              &size))
            return kaon_fail(walk->msg, KAON_OVER_LIMIT,
                             "output '%s' has shape %s, more than %llu elements",
                             v->node->out[i]->name, kaon_shape_text(f->rank, f->dims).text,
                             (unsigned long long)walk->model->limits.elements);
        struct kaon_planned *p = kaon_arena_push_zero(walk->memory, 1, sizeof *p);
        if (!p)
            return kaon_walk_no_memory(walk);
        p->tensor.type = f->type;
        p->tensor.rank = f->rank;
        memcpy(p->tensor.dims, f->dims, sizeof p->tensor.dims);
        p->tensor.bytes = size;
        v->out[i] = p;
        v->out_tensor[i] = &p->tensor;
        *bytes += size;
    }
    return KAON_OK;
}

static void publish(struct kaon_walk *walk, const struct visit *v)
{
    for (size_t i = 0; i < v->node->n_out; i++)
        walk->values[v->node->out[i]->id] = v->out[i];
}

static void link_value(struct kaon_plan *plan, struct kaon_planned *p)
{
    if (plan->last)
        plan->last->next = p;
    else
        plan->first = p;
    plan->last = p;
}

static bool is_same_order(const struct kaon_tensor *x, const int64_t *perm, int32_t n)
{
    int64_t last = -1; /* axes longer than 1 keep their order */
    for (int32_t i = 0; i < x->rank; i++) {
        const int64_t from = n < 0 ? x->rank - 1 - i : perm[i],
                      axis = from < 0 ? from + x->rank : from;
        if (x->dims[axis] == 1)
            continue;
        if (axis < last)
            return false;
        last = axis;
    }
    return true;
}

/* Operators that copy when they must, and need not when the shapes say that nothing changes. */
static bool is_view(const struct visit *v)
{
    const struct kaon_node *node = v->node;
    for (size_t i = 1; i < node->n_out; i++)
        if (v->out[i])
            return false;
    const struct kaon_tensor *x = node->n_in ? v->in_tensor[0] : NULL, *y = v->out_tensor[0];
    if (!x || x->type != y->type || x->bytes != y->bytes || x->type == KAON_SEQUENCE)
        return false;
    const enum kaon_op_kind kind = node->op->kind;
    if (node->op->flags & KAON_OP_VIEW)
        return true;
    if (kind == KAON_OP_transpose) {
        const struct kaon_transpose *a = node->attr;
        return is_same_order(x, a->perm, a->n);
    }
    return kind == KAON_OP_cast || kind == KAON_OP_cast_like || kind == KAON_OP_expand ||
           kind == KAON_OP_tile || (kind == KAON_OP_concat && node->n_in == 1);
}

static void make_view(struct kaon_walk *walk, struct visit *v)
{
    struct kaon_planned *x = v->in[0], *y = v->out[0];
    if (kaon_walk_is_known(walk, x)) {
        y->place = KAON_PLACE_KNOWN;
        y->tensor.data = x->tensor.data;
        return;
    }
    y->place = KAON_PLACE_VIEW;
    y->base = x->place == KAON_PLACE_VIEW ? x->base : x;
    link_value(walk->plan, y);
}

static struct kaon_call call_of(const struct kaon_walk *walk, const struct visit *v)
{
    return (struct kaon_call){
        .op = v->node->op,
        .node = v->node->name,
        .opset = v->node->opset,
        .attr = v->node->attr,
        .n_in = v->node->n_in,
        .n_out = v->node->n_out,
        .in = v->in_tensor,
        .out = v->out_tensor,
        .constant = v->constant,
        .packed = v->node->packed,
        .kernels = walk->model->kernels,
        .parallel = walk->means.parallel != NULL,
    };
}

/* Asks the chosen backend, and own if that refuses. What is computed once, while planning, is own's. */
static enum kaon_status prepare(struct kaon_walk *walk, const struct visit *v,
                                struct kaon_arena *memory, struct kaon_step *step)
{
    const struct kaon_backend *chosen = walk->model->backend;
    const char *why = NULL;
    *step = (struct kaon_step){ .call = call_of(walk, v) };
    if (chosen == &kaon_backend_own || (v->all_known && !walk->now))
        return kaon_backend_own.prepare(step, memory, walk->msg);
    step->call.packed = v->node->packed_chosen;
    step->call.backend = walk->model->backend_state;
    step->call.session = walk->means.backend;
    if (!chosen->accept || chosen->accept(&step->call, &why))
        return chosen->prepare(step, memory, walk->msg);
    *step = (struct kaon_step){ .call = call_of(walk, v), .refused = why };
    return kaon_backend_own.prepare(step, memory, walk->msg);
}

static void tell(const struct kaon_walk *walk, const struct visit *v)
{
    for (size_t i = 0; walk->observe && i < v->node->n_out; i++)
        if (v->out[i])
            walk->observe(walk->observe_user, v->node->name, v->node->op->name,
                          v->node->out[i]->name, &v->out[i]->tensor);
}

static enum kaon_status run_now(struct kaon_walk *walk, struct visit *v)
{
    struct kaon_step step;
    for (size_t i = 0; i < v->node->n_out; i++) {
        if (!v->out[i])
            continue;
        v->out[i]->place = KAON_PLACE_KNOWN;
        if (!(v->out[i]->tensor.data = kaon_arena_push(walk->memory, v->out[i]->tensor.bytes)))
            return kaon_walk_no_memory(walk);
    }
    /* What makes sequences may leave their items in the memory it prepares in. */
    struct kaon_arena *memory = v->node->op->flags & KAON_OP_EAGER ? walk->memory : walk->scratch;
    enum kaon_status st = prepare(walk, v, memory, &step);
    if (st == KAON_OK && step.scratch_bytes &&
        !(step.scratch = kaon_arena_push(walk->scratch, step.scratch_bytes)))
        st = kaon_walk_no_memory(walk);
    if (st == KAON_OK)
        st = kaon_step_run(&step, &walk->means, walk->msg);
    if (st == KAON_OK && walk->now)
        tell(walk, v);
    return st;
}

static enum kaon_status add_step(struct kaon_walk *walk, struct visit *v)
{
    struct kaon_plan *plan = walk->plan;
    if (plan->n_steps == plan->room_steps) {
        const size_t room = plan->room_steps ? 2 * plan->room_steps : 128;
        struct kaon_plan_step *grown = kaon_arena_push_zero(walk->memory, room, sizeof *grown);
        if (!grown)
            return kaon_walk_no_memory(walk);
        if (plan->n_steps)
            memcpy(grown, plan->steps, plan->n_steps * sizeof *grown);
        plan->steps = grown;
        plan->room_steps = room;
    }
    if (!keep_visit(v, walk->memory))
        return kaon_walk_no_memory(walk);
    struct kaon_plan_step *s = &plan->steps[plan->n_steps++];
    *s = (struct kaon_plan_step){ .node = v->node, .in = v->in, .out = v->out };
    for (size_t i = 0; i < v->node->n_out; i++)
        if (v->out[i]) {
            v->out[i]->place = KAON_PLACE_ARENA;
            link_value(plan, v->out[i]);
        }
    return prepare(walk, v, walk->memory, &s->step);
}

/* Deferring is worse than a large result where an operator cannot be a step. */
static size_t fold_limit(const struct kaon_op *op)
{
    return op->flags & KAON_OP_EAGER ? EAGER_BYTES : FOLD_BYTES;
}

static enum kaon_status visit_node(struct kaon_walk *walk, const struct kaon_node *node)
{
    struct visit v = { .node = node };
    size_t bytes;
    if (!open_visit(&v, walk->scratch))
        return kaon_walk_no_memory(walk);
    enum kaon_status st = find_inputs(walk, &v);
    if (st != KAON_OK)
        return st;
    if (!v.all_known && (node->op->flags & KAON_OP_EAGER))
        return defer(walk, node);
    if ((st = infer(walk, &v)) != KAON_OK || (st = refuse_text(walk, &v)) != KAON_OK)
        return st;
    if (!all_concrete(&v))
        return walk->now ? kaon_fail(walk->msg, KAON_UNSUPPORTED,
                                     "the shape of its output cannot be told")
                         : defer(walk, node);
    if ((st = make_outputs(walk, &v, &bytes)) != KAON_OK)
        return st;
    if (is_view(&v)) {
        make_view(walk, &v);
        if (walk->now)
            tell(walk, &v);
    } else if (walk->now ||
               (v.all_known && bytes <= fold_limit(node->op) &&
                walk->folded + bytes <= FOLD_ALL_BYTES && !(node->op->flags & KAON_OP_RANDOM))) {
        walk->folded += bytes;
        st = run_now(walk, &v);
    } else if (node->op->flags & KAON_OP_EAGER) {
        return defer(walk, node);
    } else {
        st = add_step(walk, &v);
    }
    publish(walk, &v);
    return st;
}

enum kaon_status kaon_walk_node(struct kaon_walk *walk, const struct kaon_node *node)
{
    enum kaon_status st;
    if (!walk->now && waits(walk, node)) {
        st = defer(walk, node);
    } else if (node->n_sub) {
        bool later = false;
        st = kaon_walk_control(walk, node, &later);
        if (st == KAON_OK && later)
            st = defer(walk, node);
    } else {
        const struct kaon_arena_mark mark = kaon_arena_mark(walk->scratch);
        st = visit_node(walk, node);
        kaon_arena_release(walk->scratch, mark);
    }
    return st;
}

enum kaon_status kaon_walk_graph(struct kaon_walk *walk, const struct kaon_graph *graph)
{
    for (const struct kaon_node *node = graph->first; node; node = node->next) {
        const enum kaon_status st = kaon_walk_node(walk, node);
        if (st != KAON_OK) {
            kaon_node_prefix(node, walk->msg);
            return st;
        }
    }
    return KAON_OK;
}
