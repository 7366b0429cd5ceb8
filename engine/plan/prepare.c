/* kaon_session_prepare: plans for ranges of lengths, and memory for the largest. */
#include "engine/plan/session.h"

#include "engine/base/clock.h"
#include "engine/base/tensor.h"

#include <string.h>

enum { MOST_SHAPES = 4096, SPARE_PLANS = 16 };

/* A symbolic axis with the lengths it will take; next is the odometer's. */
struct axis {
    bool used; /* by an input */
    int64_t min, max, next;
};

struct prepare {
    struct kaon_session *s;
    struct axis *axes; /* by symbol */
    size_t n_axes;
    bool corners;   /* only the ends of each range */
    size_t largest; /* plan, in bytes */
    struct kaon_tensor *inputs;
    struct kaon_msg *msg;
};

static enum kaon_status read_range(struct prepare *p, const struct kaon_range *r)
{
    const struct kaon_ir *ir = &p->s->model->ir;
    if (!r->axis)
        return kaon_fail(p->msg, KAON_BAD_ARGUMENT, "a range without the name of an axis");
    for (size_t i = 0; i < p->n_axes; i++) {
        if (strcmp(ir->symbols[i], r->axis) || !p->axes[i].used)
            continue;
        if (r->min < 0 || r->max < r->min)
            return kaon_fail(p->msg, KAON_BAD_ARGUMENT, "the range of '%s' is %lld to %lld",
                             r->axis, (long long)r->min, (long long)r->max);
        p->axes[i] = (struct axis){ true, r->min, r->max, r->min };
        return KAON_OK;
    }
    return kaon_fail(p->msg, KAON_BAD_ARGUMENT, "%s: no input has a symbolic axis '%s'",
                     p->s->model->name, r->axis);
}

static enum kaon_status find_axes(struct prepare *p)
{
    const struct kaon_graph *top = p->s->model->ir.top;
    for (size_t i = 0; i < p->n_axes; i++)
        p->axes[i] = (struct axis){ false, 1, 1, 1 };
    for (size_t i = 0; i < top->n_in; i++) {
        const struct kaon_fact *f = &top->in[i]->fact;
        if (f->rank < 0)
            return kaon_fail(p->msg, KAON_UNSUPPORTED,
                             "%s: input '%s' declares no rank, so its shapes cannot be prepared",
                             p->s->model->name, top->in_name[i]);
        for (int32_t k = 0; k < f->rank; k++)
            if (!kaon_dim_known(f->dims[k]))
                p->axes[f->dims[k] - KAON_DIM_SYMBOL(0)].used = true;
    }
    return KAON_OK;
}

static bool many_shapes(const struct prepare *p)
{
    size_t n = 1;
    for (size_t i = 0; i < p->n_axes; i++)
        if (__builtin_mul_overflow(n, (size_t)(p->axes[i].max - p->axes[i].min) + 1, &n) ||
            n > MOST_SHAPES)
            return true;
    return false;
}

/* The next combination; false after the last. */
static bool advance(struct prepare *p)
{
    for (size_t i = 0; i < p->n_axes; i++) {
        struct axis *a = &p->axes[i];
        if (a->next < a->max) {
            a->next = p->corners ? a->max : a->next + 1;
            return true;
        }
        a->next = a->min;
    }
    return false;
}

static void set_shapes(struct prepare *p)
{
    const struct kaon_graph *top = p->s->model->ir.top;
    for (size_t i = 0; i < top->n_in; i++) {
        const struct kaon_fact *f = &top->in[i]->fact;
        p->inputs[i] = (struct kaon_tensor){ .type = f->type, .rank = f->rank };
        for (int32_t k = 0; k < f->rank; k++)
            p->inputs[i].dims[k] = kaon_dim_known(f->dims[k])
                                       ? f->dims[k]
                                       : p->axes[f->dims[k] - KAON_DIM_SYMBOL(0)].next;
    }
}

/* Plans all combinations; memory is made for each as it comes, so for the largest of each kind. */
static enum kaon_status plan_all(struct prepare *p, uint64_t deadline)
{
    do {
        struct kaon_plan *plan;
        set_shapes(p);
        const size_t before = kaon_arena_used(&p->s->prepared);
        enum kaon_status st = kaon_session_plan(p->s, p->inputs, true, &plan, p->msg);
        const size_t bytes = kaon_arena_used(&p->s->prepared) - before;
        p->largest = bytes > p->largest ? bytes : p->largest;
        if (st == KAON_OK)
            st = kaon_session_make_room(p->s, plan, p->msg);
        if (st != KAON_OK)
            return st;
        if (kaon_clock_past(deadline))
            return kaon_fail(p->msg, KAON_OVER_LIMIT, "preparing takes longer than the limit");
    } while (advance(p));
    return KAON_OK;
}

/* ---- rehearsal ------------------------------------------------------------------------------- */

/* Numbers like those of standardised data, the same every time. */
static void fill(struct kaon_tensor *t, uint32_t *seed)
{
    const size_t n = (size_t)kaon_tensor_count(t);
    memset(t->data, 0, t->bytes);
    for (size_t i = 0; t->type == KAON_F32 && i < n; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        ((float *)t->data)[i] = (float)(*seed >> 8) * 0x1p-22f - 2.0f;
    }
}

static enum kaon_status rehearse_once(struct prepare *p, struct kaon_plan *plan, uint32_t *seed)
{
    const struct kaon_graph *top = p->s->model->ir.top;
    for (size_t i = 0; i < top->n_in; i++) {
        p->inputs[i] = plan->key[i];
        if (!(p->inputs[i].data = kaon_arena_push(&p->s->work, plan->key[i].bytes)))
            return kaon_fail(p->msg, KAON_NO_MEMORY, "no memory to rehearse");
        fill(&p->inputs[i], seed);
    }
    struct kaon_msg ignored; /* made-up numbers may be out of an index's range: no failure */
    const kaon_observe_fn observe = p->s->observe;
    p->s->observe = NULL;
    const enum kaon_status st = kaon_session_run_plan(p->s, plan, p->inputs, &ignored);
    p->s->observe = observe;
    if (st == KAON_NO_MEMORY)
        return kaon_fail(p->msg, st, "no memory to rehearse");
    return KAON_OK;
}

/* Room for twice the most that was ever used, in one piece. */
static bool set_aside(struct kaon_arena *arena)
{
    if (!arena->peak)
        return true;
    kaon_arena_close(arena);
    return kaon_arena_reserve(arena, 2 * arena->peak + 65536);
}

/* What the tail of a plan needs hangs on data. So plans with one are run on made-up inputs, and twice
 * the largest need is set aside in one piece. */
static enum kaon_status rehearse(struct prepare *p)
{
    struct kaon_session *s = p->s;
    const size_t n_carry = (size_t)KAON_WALK_DEPTH * 3;
    uint32_t seed = 1;
    bool any = false;
    for (size_t i = 0; i < s->table_room; i++) {
        struct kaon_plan *plan = s->table[i];
        if (!plan || !plan->n_tail)
            continue;
        any = true;
        kaon_arena_reset(&s->work);
        const enum kaon_status st = rehearse_once(p, plan, &seed);
        if (st != KAON_OK)
            return st;
    }
    bool ok = !any || (set_aside(&s->now) && set_aside(&s->work));
    for (size_t k = 0; k < n_carry && ok && any; k++)
        ok = set_aside(&s->carry[k / 3][k % 3]);
    return ok ? KAON_OK : kaon_fail(p->msg, KAON_NO_MEMORY, "no memory to set aside");
}

/* Where the ranges span too many shapes for plans of all, those between the corners are planned when
 * they come, in memory set aside here: half as much again as the largest corner took. */
static enum kaon_status set_aside_plans(struct prepare *p)
{
    if (!set_aside(&p->s->work))
        return kaon_fail(p->msg, KAON_NO_MEMORY, "no memory to set aside");
    return kaon_session_spare(p->s, SPARE_PLANS, p->largest + p->largest / 2, p->msg);
}

enum kaon_status kaon_session_prepare(struct kaon_session *s, const struct kaon_range *ranges,
                                      size_t n, struct kaon_msg *msg)
{
    if (!s || (n && !ranges))
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "kaon_session_prepare: a null pointer");
    const struct kaon_model *m = s->model;
    const struct kaon_allocator *a = &m->allocator;
    struct kaon_arena memory;
    kaon_arena_open(&memory, a, 1 << 12);
    struct prepare p = { .s = s, .n_axes = m->ir.n_symbols, .msg = msg };
    p.axes = kaon_arena_push_zero(&memory, p.n_axes, sizeof *p.axes);
    p.inputs = kaon_arena_push_zero(&memory, m->ir.top->n_in, sizeof *p.inputs);
    enum kaon_status st =
        p.axes && p.inputs ? find_axes(&p) : kaon_fail(msg, KAON_NO_MEMORY, "no memory to prepare");
    for (size_t i = 0; i < n && st == KAON_OK; i++)
        st = read_range(&p, &ranges[i]);
    if (st == KAON_OK) {
        p.corners = many_shapes(&p);
        st = plan_all(&p, kaon_clock_ns() + (uint64_t)m->limits.open_ms * 1000000u);
    }
    if (st == KAON_OK)
        st = rehearse(&p);
    if (st == KAON_OK && p.corners)
        st = set_aside_plans(&p);
    kaon_arena_close(&memory);
    return st;
}
