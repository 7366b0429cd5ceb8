/* Making a plan, packing its values into an arena, and pointing it at memory. */
#include "engine/plan/plan.h"

#include "engine/base/fact.h"
#include "engine/base/size.h"
#include "engine/base/tensor.h"

#include <string.h>

enum { ALIGN = 64 };

/* Constants of a graph and of those nested in it: values that nodes read, and outputs. */
static enum kaon_status collect(struct kaon_model *model, const struct kaon_value *value,
                                struct kaon_msg *msg)
{
    if (!value || !value->constant || model->constants[value->id])
        return KAON_OK;
    struct kaon_planned *p = kaon_arena_push_zero(&model->arena, 1, sizeof *p);
    if (!p)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for constants");
    p->tensor = *value->constant;
    p->place = KAON_PLACE_KNOWN;
    model->constants[value->id] = p;
    return KAON_OK;
}

static enum kaon_status collect_graph(struct kaon_model *model, const struct kaon_graph *graph,
                                      struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    for (const struct kaon_node *n = graph->first; n && st == KAON_OK; n = n->next) {
        for (size_t i = 0; i < n->n_in && st == KAON_OK; i++)
            st = collect(model, n->in[i], msg);
        for (size_t i = 0; i < n->n_sub && st == KAON_OK; i++)
            st = collect_graph(model, n->sub[i], msg);
    }
    for (size_t i = 0; i < graph->n_out && st == KAON_OK; i++)
        st = collect(model, graph->out[i], msg);
    return st;
}

enum kaon_status kaon_plan_constants(struct kaon_model *model, struct kaon_msg *msg)
{
    model->constants =
        kaon_arena_push_zero(&model->arena, model->ir.n_values, sizeof(struct kaon_planned *));
    if (!model->constants)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for constants");
    return collect_graph(model, model->ir.top, msg);
}

/* ---- making ---------------------------------------------------------------------------------- */

static enum kaon_status add_inputs(struct kaon_walk *walk, const struct kaon_tensor *inputs)
{
    const struct kaon_graph *top = walk->model->ir.top;
    struct kaon_plan *plan = walk->plan;
    plan->key = kaon_arena_push_zero(walk->memory, top->n_in, sizeof *plan->key);
    plan->in = kaon_arena_push_zero(walk->memory, top->n_in, sizeof *plan->in);
    if (!plan->key || !plan->in)
        return kaon_walk_no_memory(walk);
    for (size_t i = 0; i < top->n_in; i++) {
        struct kaon_planned *p = kaon_arena_push_zero(walk->memory, 1, sizeof *p);
        int64_t count;
        if (!p)
            return kaon_walk_no_memory(walk);
        p->tensor = inputs[i];
        p->tensor.data = NULL;
        if (!kaon_tensor_size(p->tensor.type, p->tensor.rank, p->tensor.dims,
                              walk->model->limits.elements, &count, &p->tensor.bytes))
            return kaon_fail(walk->msg, KAON_OVER_LIMIT, "input '%s' has more than %llu elements",
                             top->in_name[i], (unsigned long long)walk->model->limits.elements);
        p->place = KAON_PLACE_INPUT;
        p->index = (uint32_t)i;
        plan->key[i] = p->tensor;
        plan->in[i] = p;
        walk->values[top->in[i]->id] = p;
    }
    return KAON_OK;
}

static enum kaon_status add_outputs(struct kaon_walk *walk)
{
    const struct kaon_graph *top = walk->model->ir.top;
    struct kaon_plan *plan = walk->plan;
    plan->out = kaon_arena_push_zero(walk->memory, top->n_out, sizeof *plan->out);
    if (!plan->out)
        return kaon_walk_no_memory(walk);
    for (size_t i = 0; i < top->n_out; i++)
        if (!(plan->out[i] = walk->values[top->out[i]->id]))
            return kaon_fail(walk->msg, KAON_BAD_MODEL, "output '%s' has no value",
                             top->out_name[i]);
    return KAON_OK;
}

enum kaon_status kaon_plan_make(struct kaon_plan *plan, const struct kaon_model *model,
                                const struct kaon_tensor *inputs, const struct kaon_means *means,
                                struct kaon_planned **values, struct kaon_arena *scratch,
                                struct kaon_msg *msg)
{
    const size_t bytes = model->ir.n_values * sizeof(struct kaon_planned *);
    struct kaon_walk walk = {
        .model = model,
        .memory = plan->memory,
        .scratch = scratch,
        .values = values,
        .plan = plan,
        .means = *means,
        .msg = msg,
    };
    memcpy(values, model->constants, bytes);
    enum kaon_status st = add_inputs(&walk, inputs);
    if (st == KAON_OK)
        st = kaon_walk_graph(&walk, model->ir.top);
    if (st == KAON_OK)
        st = add_outputs(&walk);
    if (st == KAON_OK && plan->n_tail) {
        plan->values = kaon_arena_push(plan->memory, bytes);
        if (!plan->values)
            return kaon_walk_no_memory(&walk);
        memcpy(plan->values, values, bytes);
    }
    return st;
}

/* ---- lifetimes ------------------------------------------------------------------------------- */

/* The value whose memory it is. NULL for what is known: that needs no place, and constants are shared
 * with other sessions, so they are never written. */
static struct kaon_planned *root(struct kaon_planned *p)
{
    if (p->place == KAON_PLACE_VIEW)
        p = p->base;
    return p->place == KAON_PLACE_KNOWN ? NULL : p;
}

static void need_to_the_end(struct kaon_planned *p)
{
    struct kaon_planned *r = p && p != &kaon_deferred ? root(p) : NULL;
    if (!r)
        return;
    r->needed = true;
    r->dies = UINT32_MAX;
}

/* All that a deferred node reads, nested graphs included, outlives the steps. */
static void keep_for_tail(struct kaon_plan *plan, const struct kaon_node *node)
{
    for (size_t i = 0; i < node->n_in; i++)
        if (node->in[i])
            need_to_the_end(plan->values[node->in[i]->id]);
    for (size_t i = 0; i < node->n_sub; i++) {
        for (const struct kaon_node *n = node->sub[i]->first; n; n = n->next)
            keep_for_tail(plan, n);
        for (size_t k = 0; k < node->sub[i]->n_out; k++)
            need_to_the_end(plan->values[node->sub[i]->out[k]->id]);
    }
}

/* Backwards: a step stays if one of its outputs is needed; then so are its inputs. */
static void drop_unneeded(struct kaon_plan *plan)
{
    size_t kept = plan->n_steps;
    for (size_t i = plan->n_steps; i-- > 0;) {
        struct kaon_plan_step *s = &plan->steps[i];
        bool needed = false;
        for (size_t k = 0; k < s->step.call.n_out; k++)
            needed |= s->out[k] && s->out[k]->needed;
        if (!needed)
            continue;
        for (size_t k = 0; k < s->step.call.n_in; k++)
            if (s->in[k] && root(s->in[k]))
                root(s->in[k])->needed = true;
        plan->steps[--kept] = *s;
    }
    plan->steps += kept;
    plan->n_steps -= kept;
}

static void find_lifetimes(struct kaon_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const struct kaon_plan_step *s = &plan->steps[i];
        for (size_t k = 0; k < s->step.call.n_out; k++)
            if (s->out[k]) {
                s->out[k]->born = i;
                if (s->out[k]->dies < i)
                    s->out[k]->dies = i;
            }
        for (size_t k = 0; k < s->step.call.n_in; k++)
            if (s->in[k] && root(s->in[k]) && root(s->in[k])->dies < i)
                root(s->in[k])->dies = i;
        plan->macs += s->step.macs;
        if (s->step.scratch_bytes > plan->scratch_bytes)
            plan->scratch_bytes = s->step.scratch_bytes;
    }
}

/* ---- packing --------------------------------------------------------------------------------- */

/* Free stretches of the arena, by offset. */
struct hole {
    struct hole *next;
    size_t offset, bytes;
};

struct holes {
    struct hole *first, *spare;
    size_t end; /* of the arena so far */
    struct kaon_arena *memory;
};

static struct hole *new_hole(struct holes *h)
{
    struct hole *p = h->spare;
    if (!p)
        return kaon_arena_push(h->memory, sizeof *p);
    h->spare = p->next;
    return p;
}

static void free_hole(struct holes *h, struct hole *p)
{
    p->next = h->spare;
    h->spare = p;
}

/* The smallest hole that is large enough; else the end, together with a hole that touches it. */
static size_t take(struct holes *h, size_t bytes)
{
    struct hole **best = NULL, **last = NULL;
    for (struct hole **p = &h->first; *p; p = &(*p)->next) {
        if ((*p)->bytes >= bytes && (!best || (*p)->bytes < (*best)->bytes))
            best = p;
        last = p;
    }
    if (!best && last && (*last)->offset + (*last)->bytes == h->end) {
        h->end = (*last)->offset + bytes;
        (*last)->bytes = bytes;
        best = last;
    }
    if (!best) {
        const size_t offset = h->end;
        h->end += bytes;
        return offset;
    }
    struct hole *hole = *best;
    const size_t offset = hole->offset;
    hole->offset += bytes;
    hole->bytes -= bytes;
    if (!hole->bytes) {
        *best = hole->next;
        free_hole(h, hole);
    }
    return offset;
}

static bool give(struct holes *h, size_t offset, size_t bytes)
{
    struct hole **p = &h->first, *before = NULL;
    while (*p && (*p)->offset < offset) {
        before = *p;
        p = &(*p)->next;
    }
    if (before && before->offset + before->bytes == offset) {
        before->bytes += bytes;
    } else {
        struct hole *hole = new_hole(h);
        if (!hole)
            return false;
        *hole = (struct hole){ *p, offset, bytes };
        *p = before = hole;
    }
    struct hole *after = before->next;
    if (after && before->offset + before->bytes == after->offset) {
        before->bytes += after->bytes;
        before->next = after->next;
        free_hole(h, after);
    }
    return true;
}

static size_t room_of(const struct kaon_planned *p)
{
    return (p->tensor.bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* Values of a step in order of death, so that one pass frees them: a list for each step. */
static enum kaon_status place(struct kaon_plan *plan, struct kaon_arena *memory,
                              struct kaon_msg *msg)
{
    struct holes h = { .memory = memory };
    struct dying {
        struct dying *next;
        const struct kaon_planned *value;
    } **dying = kaon_arena_push_zero(memory, plan->n_steps, sizeof *dying);
    if (!dying)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory to plan");
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const struct kaon_plan_step *s = &plan->steps[i];
        for (size_t k = 0; k < s->step.call.n_out; k++) {
            struct kaon_planned *p = s->out[k];
            struct dying *d;
            if (!p || !p->tensor.bytes)
                continue;
            p->offset = take(&h, room_of(p));
            if (p->dies == UINT32_MAX)
                continue;
            if (!(d = kaon_arena_push(memory, sizeof *d)))
                return kaon_fail(msg, KAON_NO_MEMORY, "no memory to plan");
            *d = (struct dying){ dying[p->dies], p };
            dying[p->dies] = d;
        }
        for (const struct dying *d = dying[i]; d; d = d->next)
            if (!give(&h, d->value->offset, room_of(d->value)))
                return kaon_fail(msg, KAON_NO_MEMORY, "no memory to plan");
    }
    plan->arena_bytes = h.end;
    return KAON_OK;
}

enum kaon_status kaon_plan_pack(struct kaon_plan *plan, struct kaon_arena *scratch, size_t n_out,
                                struct kaon_msg *msg)
{
    for (size_t i = 0; i < n_out; i++)
        need_to_the_end(plan->out[i]);
    for (size_t i = 0; i < plan->n_tail; i++)
        keep_for_tail(plan, plan->tail[i]);
    drop_unneeded(plan);
    find_lifetimes(plan);
    for (struct kaon_planned *p = plan->first; p; p = p->next)
        if (p->place == KAON_PLACE_VIEW && p->base->place == KAON_PLACE_INPUT) {
            p->next_view = plan->input_views;
            plan->input_views = p;
        }
    const struct kaon_arena_mark mark = kaon_arena_mark(scratch);
    const enum kaon_status st = place(plan, scratch, msg);
    kaon_arena_release(scratch, mark);
    return st;
}

/* ---- pointing -------------------------------------------------------------------------------- */

void kaon_plan_resolve(struct kaon_plan *plan, char *arena, void *scratch)
{
    for (struct kaon_planned *p = plan->first; p; p = p->next) {
        if (p->place == KAON_PLACE_ARENA)
            p->tensor.data = arena + p->offset;
        else if (p->place == KAON_PLACE_VIEW && p->base->place == KAON_PLACE_ARENA)
            p->tensor.data = p->base->tensor.data;
    }
    for (size_t i = 0; i < plan->n_steps; i++)
        plan->steps[i].step.scratch = scratch;
    plan->resolved = true;
    plan->resolved_arena = arena;
    plan->resolved_scratch = scratch;
}

void kaon_plan_bind(struct kaon_plan *plan, const struct kaon_tensor *inputs, size_t n)
{
    bool moved = false;
    for (size_t i = 0; i < n; i++) {
        moved |= plan->in[i]->tensor.data != inputs[i].data;
        plan->in[i]->tensor.data = inputs[i].data;
    }
    for (struct kaon_planned *p = moved ? plan->input_views : NULL; p; p = p->next_view)
        p->tensor.data = p->base->tensor.data;
}
