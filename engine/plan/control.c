/* If, Loop, Scan and SequenceMap: nested graphs walked in place.
 *
 * While planning, an If whose condition is known becomes its branch, and a Loop whose count and
 * condition are known is unrolled. NOW, all of them run. An iteration's values live in the walk's
 * memory up to its end; what goes on to the next one is copied to one of two carry arenas in turn
 * (the other holds what this iteration read), and what each iteration puts out to a third. There
 * is one such set for each depth of nesting. */
#include "engine/plan/plan.h"

#include "engine/base/attrs.h"
#include "engine/base/size.h"
#include "engine/base/tensor.h"

#include <string.h>

enum { MOST_UNROLLED = 4096 };

/* ---- copies ---------------------------------------------------------------------------------- */

static bool copy_texts(struct kaon_tensor *t, struct kaon_arena *memory)
{
    for (size_t i = 0; i < (size_t)kaon_tensor_count(t); i++) {
        const char *text = kaon_text_at(t, i);
        if (!(((const char **)t->data)[i] = kaon_arena_push_text(memory, text, strlen(text))))
            return false;
    }
    return true;
}

/* A copy of a value's data, items of sequences included, in `memory`. */
static bool copy_data(struct kaon_tensor *to, const struct kaon_tensor *from,
                      struct kaon_arena *memory)
{
    *to = *from;
    if (!(to->data = kaon_arena_push(memory, from->bytes)))
        return false;
    if (from->type != KAON_SEQUENCE) {
        if (from->bytes)
            memcpy(to->data, from->data, from->bytes);
        return from->type != KAON_STRING || copy_texts(to, memory);
    }
    struct kaon_tensor *items = to->data;
    for (int64_t i = 0; i < from->dims[0]; i++)
        if (!copy_data(&items[i], (const struct kaon_tensor *)from->data + i, memory))
            return false;
    return true;
}

static struct kaon_planned *copy_value(const struct kaon_planned *value, struct kaon_arena *memory)
{
    struct kaon_planned *p = kaon_arena_push_zero(memory, 1, sizeof *p);
    if (!p || !copy_data(&p->tensor, &value->tensor, memory))
        return NULL;
    p->place = KAON_PLACE_KNOWN;
    return p;
}

static struct kaon_planned *scalar(struct kaon_walk *walk, enum kaon_type type, const void *data)
{
    struct kaon_planned *p =
        kaon_walk_known(walk, &(struct kaon_tensor){ .type = type, .rank = 0 });
    if (p)
        memcpy(p->tensor.data, data, kaon_type_bytes(type));
    return p;
}

static enum kaon_status read_bool(struct kaon_walk *walk, const struct kaon_planned *value,
                                  bool *out)
{
    if (value->tensor.type != KAON_BOOL || kaon_tensor_count(&value->tensor) != 1)
        return kaon_fail(walk->msg, KAON_BAD_MODEL, "the condition is not one bool");
    *out = *(const uint8_t *)value->tensor.data != 0;
    return KAON_OK;
}

static struct kaon_planned *get(const struct kaon_walk *walk, const struct kaon_value *value)
{
    struct kaon_planned *p = walk->values[value->id];
    return p == &kaon_deferred ? NULL : p;
}

/* How far a plan is, to be taken back if a nested graph turns out to hang on data of the run: then
 * the node that holds it is deferred as a whole. */
struct progress {
    size_t n_steps, n_tail;
    struct kaon_planned *last;
};

static struct progress progress_of(const struct kaon_walk *walk)
{
    const struct kaon_plan *p = walk->plan;
    return p ? (struct progress){ p->n_steps, p->n_tail, p->last } : (struct progress){ 0 };
}

static void take_back(struct kaon_walk *walk, const struct progress *to)
{
    struct kaon_plan *p = walk->plan;
    p->n_steps = to->n_steps;
    p->n_tail = to->n_tail;
    p->last = to->last;
    if (p->last)
        p->last->next = NULL;
    else
        p->first = NULL;
}

/* True, with the plan as it was, if nodes of the nested graph were deferred. */
static bool gave_up(struct kaon_walk *walk, const struct progress *before, bool later)
{
    if (walk->now || (!later && walk->plan->n_tail == before->n_tail))
        return false;
    take_back(walk, before);
    return true;
}

/* ---- If -------------------------------------------------------------------------------------- */

static enum kaon_status walk_if(struct kaon_walk *walk, const struct kaon_node *node, bool *later)
{
    const struct kaon_planned *condition = get(walk, node->in[0]);
    bool take = false;
    if (!condition)
        return kaon_fail(walk->msg, KAON_BAD_MODEL, "the condition has no value");
    if (!kaon_walk_is_known(walk, condition)) {
        *later = true;
        return KAON_OK;
    }
    enum kaon_status st = read_bool(walk, condition, &take);
    size_t branch = 0;
    for (size_t i = 0; i < node->n_attrs; i++) /* by name: files may give them in any order */
        if (node->attrs[i].type == KAON_ATTR_GRAPH &&
            !strcmp(node->attrs[i].name, take ? "then_branch" : "else_branch"))
            branch = node->attrs[i].graph;
    const struct kaon_graph *graph = node->sub[branch];
    const struct progress before = progress_of(walk);
    if (st == KAON_OK)
        st = kaon_walk_graph(walk, graph);
    if (st == KAON_OK && gave_up(walk, &before, false)) {
        *later = true;
        return KAON_OK;
    }
    for (size_t i = 0; st == KAON_OK && i < node->n_out; i++) {
        struct kaon_planned *p = walk->values[graph->out[i]->id];
        if (!p)
            return kaon_fail(walk->msg, KAON_BAD_MODEL, "output '%s' of its branch has no value",
                             graph->out_name[i]);
        walk->values[node->out[i]->id] = p;
    }
    return st;
}

/* ---- Loop ------------------------------------------------------------------------------------ */

struct loop {
    const struct kaon_graph *body;
    size_t n_carried, n_scans;
    int64_t count; /* INT64_MAX: as long as the condition holds */
    bool go_on;
    struct kaon_planned **carried;
    struct kaon_planned ***scans; /* [n_scans], each a list of one a iteration */
    size_t done, room;
    struct kaon_arena *carry; /* this depth's three */
};

static enum kaon_status read_count(struct kaon_walk *walk, const struct kaon_node *node,
                                   struct loop *loop, bool *later)
{
    const struct kaon_planned *count = node->in[0] ? get(walk, node->in[0]) : NULL;
    const struct kaon_planned *condition = node->in[1] ? get(walk, node->in[1]) : NULL;
    loop->count = INT64_MAX;
    loop->go_on = true;
    if ((node->in[0] && !count) || (node->in[1] && !condition))
        return kaon_fail(walk->msg, KAON_BAD_MODEL, "the trip count or condition has no value");
    if ((count && !kaon_walk_is_known(walk, count)) ||
        (condition && !kaon_walk_is_known(walk, condition))) {
        *later = true;
        return KAON_OK;
    }
    if (count) {
        if (count->tensor.type != KAON_I64 || kaon_tensor_count(&count->tensor) != 1)
            return kaon_fail(walk->msg, KAON_BAD_MODEL, "the trip count is not one int64");
        loop->count = *(const int64_t *)count->tensor.data;
    }
    return condition ? read_bool(walk, condition, &loop->go_on) : KAON_OK;
}

static enum kaon_status open_loop(struct kaon_walk *walk, const struct kaon_node *node,
                                  struct loop *loop)
{
    loop->body = node->sub[0];
    loop->n_carried = node->n_in - 2;
    loop->n_scans = node->n_out - loop->n_carried;
    loop->carried = kaon_arena_push_zero(walk->memory, loop->n_carried, sizeof *loop->carried);
    loop->scans = kaon_arena_push_zero(walk->memory, loop->n_scans, sizeof *loop->scans);
    if (!loop->carried || !loop->scans)
        return kaon_walk_no_memory(walk);
    for (size_t i = 0; i < loop->n_carried; i++)
        if (!(loop->carried[i] = get(walk, node->in[2 + i])))
            return kaon_fail(walk->msg, KAON_BAD_MODEL, "carried input %zu has no value", i);
    return KAON_OK;
}

static enum kaon_status enter_iteration(struct kaon_walk *walk, const struct loop *loop, int64_t i)
{
    const uint8_t condition = 1;
    struct kaon_planned *number = scalar(walk, KAON_I64, &i),
                        *go_on = scalar(walk, KAON_BOOL, &condition);
    if (!number || !go_on)
        return kaon_walk_no_memory(walk);
    walk->values[loop->body->in[0]->id] = number;
    walk->values[loop->body->in[1]->id] = go_on;
    for (size_t k = 0; k < loop->n_carried; k++)
        walk->values[loop->body->in[2 + k]->id] = loop->carried[k];
    return KAON_OK;
}

static enum kaon_status keep_scan(struct kaon_walk *walk, struct loop *loop, size_t k,
                                  struct kaon_planned *value)
{
    if (loop->done == loop->room || !loop->scans[k]) {
        const size_t room = loop->done + 16 > 2 * loop->done ? loop->done + 16 : 2 * loop->done;
        struct kaon_planned **grown = kaon_arena_push_zero(&loop->carry[2], room, sizeof *grown);
        if (!grown)
            return kaon_walk_no_memory(walk);
        if (loop->done)
            memcpy(grown, loop->scans[k], loop->done * sizeof *grown);
        loop->scans[k] = grown;
        if (k + 1 == loop->n_scans)
            loop->room = room;
    }
    struct kaon_planned *copy = copy_value(value, &loop->carry[2]);
    if (!copy)
        return kaon_walk_no_memory(walk);
    if (loop->done && (!kaon_same_shape(&copy->tensor, &loop->scans[k][0]->tensor) ||
                       copy->tensor.type != loop->scans[k][0]->tensor.type))
        return kaon_fail(walk->msg, KAON_BAD_MODEL,
                         "scan output %zu changes its shape between iterations", k);
    loop->scans[k][loop->done] = copy;
    return KAON_OK;
}

/* Takes the body's outputs over; *later if the condition is not known. */
static enum kaon_status leave_iteration(struct kaon_walk *walk, struct loop *loop, bool *later)
{
    const struct kaon_planned *condition = get(walk, loop->body->out[0]);
    if (!condition || !kaon_walk_is_known(walk, condition)) {
        *later = true;
        return KAON_OK;
    }
    enum kaon_status st = read_bool(walk, condition, &loop->go_on);
    struct kaon_arena *to = walk->now ? &loop->carry[loop->done & 1] : NULL;
    if (to)
        kaon_arena_reset(to);
    for (size_t k = 0; st == KAON_OK && k < loop->n_carried; k++) {
        struct kaon_planned *p = get(walk, loop->body->out[1 + k]);
        if (!p) {
            *later = true;
            return KAON_OK;
        }
        if (to && !(p = copy_value(p, to)))
            st = kaon_walk_no_memory(walk);
        loop->carried[k] = p;
    }
    for (size_t k = 0; st == KAON_OK && k < loop->n_scans; k++) {
        struct kaon_planned *p = get(walk, loop->body->out[1 + loop->n_carried + k]);
        st = p ? keep_scan(walk, loop, k, p)
               : kaon_fail(walk->msg, KAON_BAD_MODEL, "a scan output has no value");
    }
    loop->done++;
    return st;
}

/* Stacks the values of a scan output along a new first axis. */
static struct kaon_planned *stack(struct kaon_walk *walk, struct kaon_planned **list, size_t n,
                                  enum kaon_type type_if_none)
{
    struct kaon_tensor t = { .type = type_if_none, .rank = 1 };
    if (n) {
        const struct kaon_tensor *one = &list[0]->tensor;
        if (one->rank == KAON_MAX_RANK || one->type == KAON_SEQUENCE)
            return NULL;
        t.type = one->type;
        t.rank = one->rank + 1;
        memcpy(t.dims + 1, one->dims, (size_t)one->rank * sizeof *t.dims);
    }
    t.dims[0] = (int64_t)n;
    struct kaon_planned *p = kaon_walk_known(walk, &t);
    for (size_t i = 0; p && i < n; i++)
        if (list[i]->tensor.bytes)
            memcpy((char *)p->tensor.data + i * list[i]->tensor.bytes, list[i]->tensor.data,
                   list[i]->tensor.bytes);
    return p;
}

/* Hands results to the node's outputs; NOW they leave the carry arenas, which others will use. */
static enum kaon_status close_loop(struct kaon_walk *walk, const struct kaon_node *node,
                                   const struct loop *loop)
{
    for (size_t k = 0; k < loop->n_carried; k++) {
        struct kaon_planned *p = loop->carried[k];
        if (walk->now && loop->done && !(p = copy_value(p, walk->memory)))
            return kaon_walk_no_memory(walk);
        walk->values[node->out[k]->id] = p;
    }
    for (size_t k = 0; k < loop->n_scans; k++) {
        const struct kaon_value *out = loop->body->out[1 + loop->n_carried + k];
        struct kaon_planned *p =
            stack(walk, loop->scans[k], loop->done, out->fact.type ? out->fact.type : KAON_F32);
        if (!p)
            return kaon_fail(walk->msg, KAON_NO_MEMORY, "no memory for scan output %zu", k);
        walk->values[node->out[loop->n_carried + k]->id] = p;
    }
    return KAON_OK;
}

static enum kaon_status run_loop(struct kaon_walk *walk, struct loop *loop, bool *later)
{
    const struct kaon_arena_mark mark = kaon_arena_mark(walk->memory);
    enum kaon_status st = KAON_OK;
    for (int64_t i = 0; st == KAON_OK && loop->go_on && i < loop->count && !*later; i++) {
        if ((uint64_t)i >= walk->model->limits.elements)
            return kaon_fail(walk->msg, KAON_OVER_LIMIT, "a loop of more than %llu iterations",
                             (unsigned long long)walk->model->limits.elements);
        if (!walk->now && ++walk->unrolled > MOST_UNROLLED) {
            *later = true;
            break;
        }
        if ((st = enter_iteration(walk, loop, i)) == KAON_OK &&
            (st = kaon_walk_graph(walk, loop->body)) == KAON_OK)
            st = leave_iteration(walk, loop, later);
        if (walk->now)
            kaon_arena_release(walk->memory, mark);
    }
    return st;
}

static enum kaon_status walk_loop(struct kaon_walk *walk, const struct kaon_node *node, bool *later)
{
    struct loop loop = { .carry = walk->now ? walk->carry[walk->depth - 1] : NULL };
    enum kaon_status st = read_count(walk, node, &loop, later);
    if (st == KAON_OK && !*later)
        st = open_loop(walk, node, &loop);
    if (st == KAON_OK && !walk->now && loop.n_scans)
        *later = true;
    if (st != KAON_OK || *later)
        return st;
    if (walk->now)
        kaon_arena_reset(&loop.carry[2]);

    const struct progress before = progress_of(walk);
    st = run_loop(walk, &loop, later);
    if (st == KAON_OK && gave_up(walk, &before, *later)) {
        *later = true;
        return KAON_OK;
    }
    return st == KAON_OK ? close_loop(walk, node, &loop) : st;
}

/* ---- Scan ------------------------------------------------------------------------------------ */

static int64_t listed(const int64_t *list, int32_t n, size_t i, int64_t otherwise)
{
    return (int64_t)i < n ? list[i] : otherwise;
}

/* Moves slice `at` of `whole` along `axis` to or from `part`, which lacks that axis. */
static void move_slice(const struct kaon_tensor *whole, int64_t axis, int64_t at,
                       const struct kaon_tensor *part, bool into_whole)
{
    size_t outer = 1, inner = kaon_type_bytes(whole->type);
    for (int32_t i = 0; i < whole->rank; i++)
        if (i < axis)
            outer *= (size_t)whole->dims[i];
        else if (i > axis)
            inner *= (size_t)whole->dims[i];
    for (size_t o = 0; o < outer && inner; o++) {
        char *w = (char *)whole->data + (o * (size_t)whole->dims[axis] + (size_t)at) * inner;
        char *p = (char *)part->data + o * inner;
        memcpy(into_whole ? w : p, into_whole ? p : w, inner);
    }
}

static enum kaon_status scan_axis(struct kaon_walk *walk, int64_t axis, int32_t rank, int64_t *out)
{
    *out = axis + (axis < 0 ? rank : 0);
    if (*out >= 0 && *out < rank)
        return KAON_OK;
    return kaon_fail(walk->msg, KAON_BAD_MODEL, "scan axis %lld is outside rank %d",
                     (long long)axis, rank);
}

static enum kaon_status scan_input(struct kaon_walk *walk, const struct kaon_scan *a, size_t k,
                                   const struct kaon_planned *whole, int64_t i, int64_t n,
                                   struct kaon_planned **out)
{
    int64_t axis;
    const enum kaon_status st =
        scan_axis(walk, listed(a->in_axes, a->n_in_axes, k, 0), whole->tensor.rank, &axis);
    if (st != KAON_OK)
        return st;
    struct kaon_tensor t = { .type = whole->tensor.type, .rank = whole->tensor.rank - 1 };
    for (int32_t d = 0, to = 0; d < whole->tensor.rank; d++)
        if (d != axis)
            t.dims[to++] = whole->tensor.dims[d];
    if (!(*out = kaon_walk_known(walk, &t)))
        return kaon_walk_no_memory(walk);
    const bool backwards = listed(a->directions, a->n_directions, k, 0) == 1;
    move_slice(&whole->tensor, axis, backwards ? n - 1 - i : i, &(*out)->tensor, false);
    return KAON_OK;
}

static enum kaon_status scan_output(struct kaon_walk *walk, const struct kaon_scan *a, size_t k,
                                    struct kaon_planned **list, size_t n, enum kaon_type type,
                                    struct kaon_planned **out)
{
    struct kaon_tensor t = { .type = n ? list[0]->tensor.type : type,
                             .rank = n ? list[0]->tensor.rank + 1 : 1 };
    int64_t axis;
    if (t.rank > KAON_MAX_RANK)
        return kaon_fail(walk->msg, KAON_UNSUPPORTED, "a scan output of rank %d", t.rank);
    const enum kaon_status st =
        scan_axis(walk, listed(a->out_axes, a->n_out_axes, k, 0), t.rank, &axis);
    if (st != KAON_OK)
        return st;
    for (int32_t d = 0, from = 0; d < t.rank; d++)
        t.dims[d] = d == axis ? (int64_t)n : list[0]->tensor.dims[from++];
    if (!(*out = kaon_walk_known(walk, &t)))
        return kaon_walk_no_memory(walk);
    const bool backwards = listed(a->out_directions, a->n_out_directions, k, 0) == 1;
    for (size_t i = 0; i < n; i++)
        move_slice(&(*out)->tensor, axis, (int64_t)(backwards ? n - 1 - i : i), &list[i]->tensor,
                   true);
    return KAON_OK;
}

static enum kaon_status scan_length(struct kaon_walk *walk, const struct kaon_node *node,
                                    const struct kaon_scan *a, int64_t *n)
{
    const size_t states = node->n_in - (size_t)a->n_scan;
    *n = -1;
    for (size_t k = 0; k < (size_t)a->n_scan; k++) {
        const struct kaon_planned *p = get(walk, node->in[states + k]);
        int64_t axis;
        if (!p)
            return kaon_fail(walk->msg, KAON_BAD_MODEL, "scan input %zu has no value", k);
        const enum kaon_status st =
            scan_axis(walk, listed(a->in_axes, a->n_in_axes, k, 0), p->tensor.rank, &axis);
        if (st != KAON_OK)
            return st;
        if (*n >= 0 && *n != p->tensor.dims[axis])
            return kaon_fail(walk->msg, KAON_BAD_INPUT,
                             "scan inputs of different lengths: %lld and %lld", (long long)*n,
                             (long long)p->tensor.dims[axis]);
        *n = p->tensor.dims[axis];
    }
    return KAON_OK;
}

static enum kaon_status scan_iterations(struct kaon_walk *walk, const struct kaon_node *node,
                                        const struct kaon_scan *a, struct loop *loop, int64_t n)
{
    const struct kaon_arena_mark mark = kaon_arena_mark(walk->memory);
    const size_t states = loop->n_carried;
    enum kaon_status st = KAON_OK;
    for (int64_t i = 0; st == KAON_OK && i < n; i++) {
        for (size_t k = 0; k < states; k++)
            walk->values[loop->body->in[k]->id] = loop->carried[k];
        for (size_t k = 0; st == KAON_OK && k < (size_t)a->n_scan; k++)
            st = scan_input(walk, a, k, get(walk, node->in[states + k]), i, n,
                            &walk->values[loop->body->in[states + k]->id]);
        if (st == KAON_OK)
            st = kaon_walk_graph(walk, loop->body);
        struct kaon_arena *to = &loop->carry[loop->done & 1];
        kaon_arena_reset(to);
        for (size_t k = 0; st == KAON_OK && k < states; k++) {
            struct kaon_planned *p = get(walk, loop->body->out[k]);
            if (!p || !(loop->carried[k] = copy_value(p, to)))
                st = kaon_walk_no_memory(walk);
        }
        for (size_t k = 0; st == KAON_OK && k < loop->n_scans; k++) {
            struct kaon_planned *p = get(walk, loop->body->out[states + k]);
            st = p ? keep_scan(walk, loop, k, p) : kaon_walk_no_memory(walk);
        }
        loop->done++;
        kaon_arena_release(walk->memory, mark);
    }
    return st;
}

static enum kaon_status walk_scan(struct kaon_walk *walk, const struct kaon_node *node, bool *later)
{
    const struct kaon_scan *a = node->attr;
    if (!walk->now) {
        *later = true;
        return KAON_OK;
    }
    const size_t states = node->n_in - (size_t)a->n_scan;
    struct loop loop = { .body = node->sub[0],
                         .n_carried = states,
                         .carry = walk->carry[walk->depth - 1] };
    int64_t n;
    if (node->n_out < states)
        return kaon_fail(walk->msg, KAON_BAD_MODEL, "%zu outputs for %zu states", node->n_out,
                         states);
    loop.n_scans = node->n_out - states;
    loop.carried = kaon_arena_push_zero(walk->memory, states, sizeof *loop.carried);
    loop.scans = kaon_arena_push_zero(walk->memory, loop.n_scans, sizeof *loop.scans);
    if (!loop.carried || !loop.scans)
        return kaon_walk_no_memory(walk);
    for (size_t k = 0; k < states; k++)
        if (!(loop.carried[k] = get(walk, node->in[k])))
            return kaon_fail(walk->msg, KAON_BAD_MODEL, "state %zu has no value", k);
    kaon_arena_reset(&loop.carry[2]);
    enum kaon_status st = scan_length(walk, node, a, &n);
    if (st == KAON_OK)
        st = scan_iterations(walk, node, a, &loop, n);
    for (size_t k = 0; st == KAON_OK && k < states; k++)
        if (!(walk->values[node->out[k]->id] = copy_value(loop.carried[k], walk->memory)))
            st = kaon_walk_no_memory(walk);
    for (size_t k = 0; st == KAON_OK && k < loop.n_scans; k++)
        st =
            scan_output(walk, a, k, loop.scans[k], loop.done, loop.body->out[states + k]->fact.type,
                        &walk->values[node->out[states + k]->id]);
    return st;
}

/* ---- SequenceMap ----------------------------------------------------------------------------- */

/* What an iteration sees of an input: item i of a sequence, or a tensor as it is. */
static enum kaon_status mapped_input(struct kaon_walk *walk, const struct kaon_value *value,
                                     int64_t i, struct kaon_planned **out)
{
    struct kaon_planned *p = get(walk, value);
    if (!p)
        return kaon_fail(walk->msg, KAON_BAD_MODEL, "input '%s' has no value", value->name);
    *out = p;
    if (p->tensor.type != KAON_SEQUENCE)
        return KAON_OK;
    if (i >= p->tensor.dims[0])
        return kaon_fail(walk->msg, KAON_BAD_INPUT, "sequence '%s' has %lld items, wanted more",
                         value->name, (long long)p->tensor.dims[0]);
    if (!(*out = kaon_arena_push_zero(walk->memory, 1, sizeof **out)))
        return kaon_walk_no_memory(walk);
    (*out)->tensor = ((const struct kaon_tensor *)p->tensor.data)[i];
    (*out)->place = KAON_PLACE_KNOWN;
    return KAON_OK;
}

/* All iterations; item i of output k into items[k * n + i], its data in `keep`. */
static enum kaon_status map_items(struct kaon_walk *walk, const struct kaon_node *node, int64_t n,
                                  struct kaon_tensor *items, struct kaon_arena *keep)
{
    const struct kaon_graph *body = node->sub[0];
    const struct kaon_arena_mark mark = kaon_arena_mark(walk->memory);
    enum kaon_status st = KAON_OK;
    for (int64_t i = 0; st == KAON_OK && i < n; i++) {
        for (size_t k = 0; st == KAON_OK && k < node->n_in; k++)
            st = mapped_input(walk, node->in[k], i, &walk->values[body->in[k]->id]);
        if (st == KAON_OK)
            st = kaon_walk_graph(walk, body);
        for (size_t k = 0; st == KAON_OK && k < node->n_out; k++) {
            const struct kaon_planned *p = get(walk, body->out[k]);
            if (!p || !copy_data(&items[k * (size_t)n + (size_t)i], &p->tensor, keep))
                st = kaon_walk_no_memory(walk);
        }
        kaon_arena_release(walk->memory, mark);
    }
    return st;
}

static enum kaon_status walk_sequence_map(struct kaon_walk *walk, const struct kaon_node *node,
                                          bool *later)
{
    const struct kaon_planned *first = get(walk, node->in[0]);
    if (!walk->now) {
        *later = true;
        return KAON_OK;
    }
    if (!first || first->tensor.type != KAON_SEQUENCE)
        return kaon_fail(walk->msg, KAON_BAD_MODEL, "its first input is not a sequence");
    struct kaon_tensor all = { .type = KAON_SEQUENCE,
                               .rank = 1,
                               .dims = { first->tensor.dims[0] } };
    struct kaon_arena *keep = &walk->carry[walk->depth - 1][2];
    const size_t n = (size_t)all.dims[0];
    kaon_arena_reset(keep);
    struct kaon_tensor *items = kaon_arena_push_zero(keep, n * node->n_out, sizeof *items);
    if (!items)
        return kaon_walk_no_memory(walk);
    enum kaon_status st = map_items(walk, node, all.dims[0], items, keep);
    for (size_t k = 0; st == KAON_OK && k < node->n_out; k++) {
        struct kaon_planned *p = kaon_walk_known(walk, &all);
        bool copied = p != NULL;
        for (size_t i = 0; copied && i < n; i++)
            copied = copy_data((struct kaon_tensor *)p->tensor.data + i, &items[k * n + i],
                               walk->memory);
        if (!copied)
            return kaon_walk_no_memory(walk);
        walk->values[node->out[k]->id] = p;
    }
    return st;
}

enum kaon_status kaon_walk_control(struct kaon_walk *walk, const struct kaon_node *node,
                                   bool *later)
{
    static const struct {
        enum kaon_op_kind kind;
        enum kaon_status (*walk)(struct kaon_walk *, const struct kaon_node *, bool *);
    } rows[] = {
        { KAON_OP_if, walk_if },
        { KAON_OP_loop, walk_loop },
        { KAON_OP_scan, walk_scan },
        { KAON_OP_sequence_map, walk_sequence_map },
    };
    enum kaon_status st = KAON_OK;
    if (walk->depth == KAON_WALK_DEPTH)
        return kaon_fail(walk->msg, KAON_OVER_LIMIT, "nested deeper than %d graphs",
                         KAON_WALK_DEPTH);
    walk->depth++;
    for (size_t i = 0; i < KAON_COUNT(rows); i++)
        if (rows[i].kind == node->op->kind)
            st = rows[i].walk(walk, node, later);
    walk->depth--;
    return st;
}
