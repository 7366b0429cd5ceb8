/* Sessions: plans by shape, memory for one run at a time, and running. */
#include "engine/plan/session.h"

#include "engine/base/fact.h"
#include "engine/base/size.h"
#include "engine/base/tensor.h"

#include <string.h>

/* ---- opening --------------------------------------------------------------------------------- */

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_fail(msg, KAON_NO_MEMORY, "no memory for the session");
}

enum kaon_status kaon_session_open(struct kaon_session **session, const struct kaon_model *model,
                                   const struct kaon_session_options *given, struct kaon_msg *msg)
{
    struct kaon_session_options o = KAON_SESSION_OPTIONS_INIT;
    if (session)
        *session = NULL;
    if (!session || !model)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "kaon_session_open: a null pointer");
    if (given && given->size < sizeof given->size)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "the options' size is %zu, wanted %zu",
                         given->size, sizeof o);
    if (given)
        memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
    if (o.flags)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "unknown flags 0x%x in the options", o.flags);
    const struct kaon_allocator *a = &model->allocator;
    struct kaon_session *s = a->alloc(a->user, sizeof *s, 64);
    if (!s)
        return no_memory(msg);
    memset(s, 0, sizeof *s);
    s->model = (struct kaon_model *)(uintptr_t)model; /* only its reference count changes */
    kaon_model_retain(s->model);
    s->most_plans = o.plans ? o.plans : 64;
    s->means = (struct kaon_means){ o.parallel, o.parallel_user, NULL };
    kaon_arena_open(&s->prepared, a, 1 << 18);
    kaon_arena_open(&s->work, a, 1 << 14);
    kaon_arena_open(&s->now, a, 1 << 18);
    for (size_t i = 0; i < KAON_WALK_DEPTH; i++)
        for (size_t k = 0; k < 3; k++)
            kaon_arena_open(&s->carry[i][k], a, 1 << 14);
    s->values = a->alloc(a->user, (model->ir.n_values + 1) * sizeof *s->values, 64);
    s->lent = a->alloc(a->user, (model->ir.top->n_out + 1) * sizeof *s->lent, 64);
    if (!s->values || !s->lent) {
        kaon_session_close(s);
        return no_memory(msg);
    }
    memset(s->lent, 0, model->ir.top->n_out * sizeof *s->lent);
    const struct kaon_backend *backend = model->backend;
    const enum kaon_status st =
        backend->open_session
            ? backend->open_session(&s->means.backend, model->backend_state, a, msg)
            : KAON_OK;
    if (st != KAON_OK) {
        kaon_session_close(s);
        return st;
    }
    *session = s;
    return KAON_OK;
}

static void close_plan(struct kaon_session *s, struct kaon_plan *plan)
{
    const struct kaon_allocator *a = &s->model->allocator;
    kaon_arena_close(&plan->own_memory);
    a->free(a->user, plan);
}

static void close_plans(struct kaon_session *s, struct kaon_plan *plan)
{
    while (plan) {
        struct kaon_plan *next = plan->next;
        close_plan(s, plan);
        plan = next;
    }
}

void kaon_session_close(struct kaon_session *s)
{
    if (!s)
        return;
    const struct kaon_allocator *a = &s->model->allocator;
    close_plans(s, s->plans);
    close_plans(s, s->spare);
    for (size_t i = 0; i < KAON_WALK_DEPTH; i++)
        for (size_t k = 0; k < 3; k++)
            kaon_arena_close(&s->carry[i][k]);
    if (s->model->backend->close_session)
        s->model->backend->close_session(s->means.backend, a);
    kaon_arena_close(&s->now);
    kaon_arena_close(&s->work);
    kaon_arena_close(&s->prepared);
    a->free(a->user, s->table);
    a->free(a->user, s->values);
    a->free(a->user, s->lent);
    a->free(a->user, s->arena);
    a->free(a->user, s->scratch);
    struct kaon_model *model = s->model;
    a->free(a->user, s);
    kaon_model_close(model);
}

/* ---- finding a plan -------------------------------------------------------------------------- */

/* Inputs are not checked yet: a rank may be anything. */
static uint32_t hash_of(const struct kaon_tensor *inputs, size_t n)
{
    uint32_t h = 2166136261u; /* FNV-1a over lengths */
    for (size_t i = 0; i < n; i++)
        for (int32_t k = 0; k < inputs[i].rank && k < KAON_MAX_RANK; k++)
            h = (h ^ (uint32_t)inputs[i].dims[k] ^ (uint32_t)(inputs[i].dims[k] >> 32)) * 16777619u;
    return h ^ h >> 15;
}

static bool matches(const struct kaon_plan *plan, const struct kaon_tensor *inputs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (plan->key[i].type != inputs[i].type || !kaon_same_shape(&plan->key[i], &inputs[i]))
            return false;
    return true;
}

static struct kaon_plan *find(const struct kaon_session *s, const struct kaon_tensor *inputs,
                              uint32_t hash)
{
    const size_t n = s->model->ir.top->n_in;
    for (size_t i = hash; s->table_room; i++) {
        struct kaon_plan *p = s->table[i & (s->table_room - 1)];
        if (!p || (p->hash == hash && matches(p, inputs, n)))
            return p;
    }
    return NULL;
}

static void enter(struct kaon_plan **table, size_t room, struct kaon_plan *plan)
{
    size_t i = plan->hash;
    while (table[i & (room - 1)])
        i++;
    table[i & (room - 1)] = plan;
}

/* Room for n more plans in the table, half of which stays empty. */
static bool grow_table(struct kaon_session *s, size_t n)
{
    const struct kaon_allocator *a = &s->model->allocator;
    size_t room = s->table_room ? s->table_room : 256;
    while (room < 2 * (s->n_all + n))
        room *= 2;
    if (room == s->table_room)
        return true;
    struct kaon_plan **table = a->alloc(a->user, room * sizeof *table, 64);
    if (!table)
        return false;
    memset(table, 0, room * sizeof *table);
    for (size_t i = 0; i < s->table_room; i++)
        if (s->table[i])
            enter(table, room, s->table[i]);
    a->free(a->user, s->table);
    s->table = table;
    s->table_room = room;
    return true;
}

/* Takes a plan out of the table: what stood behind it moves up. */
static void leave(struct kaon_session *s, const struct kaon_plan *plan)
{
    const size_t mask = s->table_room - 1;
    size_t i = plan->hash;
    while (s->table[i & mask] != plan)
        i++;
    s->table[i & mask] = NULL;
    for (i++; s->table[i & mask]; i++) {
        struct kaon_plan *p = s->table[i & mask];
        s->table[i & mask] = NULL;
        enter(s->table, s->table_room, p);
    }
    s->n_all--;
}

/* ---- checking inputs ------------------------------------------------------------------------- */

static enum kaon_status check_shape(const struct kaon_model *m, size_t i,
                                    const struct kaon_tensor *t, int64_t *symbols,
                                    struct kaon_msg *msg)
{
    const char *name = m->ir.top->in_name[i];
    const struct kaon_fact *f = &m->ir.top->in[i]->fact;
    if (t->rank < 0 || t->rank > KAON_MAX_RANK)
        return kaon_fail(msg, KAON_BAD_INPUT, "input '%s' has rank %d, at most %d is possible",
                         name, t->rank, KAON_MAX_RANK);
    if (f->type == KAON_OPTIONAL && t->type == KAON_NONE)
        return KAON_OK;
    if (f->type != KAON_UNDEFINED && f->type != KAON_OPTIONAL && t->type != f->type)
        return kaon_fail(msg, KAON_BAD_INPUT, "input '%s' is %s, wanted %s", name,
                         kaon_type_name(t->type), kaon_type_name(f->type));
    if (!kaon_type_bytes(t->type))
        return kaon_fail(msg, KAON_BAD_INPUT, "input '%s' has no element type", name);
    bool fits = f->rank < 0 || f->rank == t->rank;
    for (int32_t k = 0; k < t->rank && fits; k++) {
        if (t->dims[k] < 0)
            fits = false;
        else if (f->rank < 0 || f->dims[k] == KAON_DIM_UNKNOWN)
            continue;
        else if (kaon_dim_known(f->dims[k]))
            fits = f->dims[k] == t->dims[k];
        else
            symbols[f->dims[k] - KAON_DIM_SYMBOL(0)] = t->dims[k];
    }
    if (!fits)
        return kaon_fail(msg, KAON_BAD_INPUT, "input '%s' has shape %s, wanted %s", name,
                         kaon_shape_text(t->rank, t->dims).text,
                         kaon_shape_text(f->rank, f->dims).text);
    int64_t count;
    size_t bytes;
    if (!kaon_tensor_size(t->type, t->rank, t->dims, m->limits.elements, &count, &bytes))
        return kaon_fail(msg, KAON_OVER_LIMIT, "input '%s' has more than %llu elements", name,
                         (unsigned long long)m->limits.elements);
    return KAON_OK;
}

/* Whether the model takes inputs of these types and shapes. An axis name may have another length in
 * another input: exporters reuse names loosely, so operators are what tells. */
static enum kaon_status check_inputs(struct kaon_session *s, const struct kaon_tensor *inputs,
                                     struct kaon_msg *msg)
{
    const struct kaon_model *m = s->model;
    int64_t *symbols = kaon_arena_push_zero(&s->work, m->ir.n_symbols, sizeof *symbols);
    if (!symbols)
        return no_memory(msg);
    for (size_t i = 0; i < m->ir.top->n_in; i++) {
        const enum kaon_status st = check_shape(m, i, &inputs[i], symbols, msg);
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

/* ---- making a plan --------------------------------------------------------------------------- */

/* Takes an unprepared plan out of table and list. */
static struct kaon_plan *take_out(struct kaon_session *s, struct kaon_plan **link)
{
    struct kaon_plan *plan = *link;
    *link = plan->next;
    leave(s, plan);
    s->n_plans--;
    if (s->last == plan)
        s->last = NULL;
    return plan;
}

/* The unprepared plan that was used longest ago, taken out. */
static struct kaon_plan *drop_oldest(struct kaon_session *s)
{
    struct kaon_plan **oldest = &s->plans;
    for (struct kaon_plan **p = &s->plans; *p; p = &(*p)->next)
        if ((*p)->last_used < (*oldest)->last_used)
            oldest = p;
    return take_out(s, oldest);
}

/* An empty plan with memory of its own. */
static struct kaon_plan *own_plan(struct kaon_session *s)
{
    const struct kaon_allocator *a = &s->model->allocator;
    struct kaon_plan *plan = a->alloc(a->user, sizeof *plan, 64);
    if (!plan)
        return NULL;
    *plan = (struct kaon_plan){ 0 };
    kaon_arena_open(&plan->own_memory, a, 1 << 16);
    return plan;
}

enum kaon_status kaon_session_spare(struct kaon_session *s, uint32_t n, size_t bytes,
                                    struct kaon_msg *msg)
{
    s->most_plans = n;
    while (s->n_plans > n)
        close_plan(s, drop_oldest(s));
    for (uint32_t i = (uint32_t)s->n_plans; i < n; i++) {
        struct kaon_plan *plan = own_plan(s);
        if (!plan)
            return no_memory(msg);
        plan->next = s->spare;
        s->spare = plan;
        if (!kaon_arena_reserve(&plan->own_memory, bytes))
            return no_memory(msg);
    }
    return grow_table(s, n) ? KAON_OK : no_memory(msg);
}

/* An empty plan: in the prepared memory, a spare one, a new one, or the oldest reused when there are
 * as many as may be. */
static struct kaon_plan *new_plan(struct kaon_session *s, bool pinned)
{
    struct kaon_plan *plan;
    if (pinned) {
        plan = kaon_arena_push_zero(&s->prepared, 1, sizeof *plan);
        if (plan)
            plan->memory = &s->prepared;
        return plan;
    }
    if (s->spare) {
        plan = s->spare;
        s->spare = plan->next;
    } else if (s->n_plans >= s->most_plans) {
        plan = drop_oldest(s);
    } else {
        plan = own_plan(s);
    }
    if (!plan)
        return NULL;
    const struct kaon_arena memory = plan->own_memory;
    *plan = (struct kaon_plan){ .own_memory = memory };
    kaon_arena_reset(&plan->own_memory);
    plan->memory = &plan->own_memory;
    return plan;
}

/* Back to the spare ones, as memory for the next. */
static void discard(struct kaon_session *s, struct kaon_plan *plan)
{
    if (plan->memory != &plan->own_memory)
        return;
    plan->next = s->spare;
    s->spare = plan;
}

/* Forgets an unprepared plan. */
static void drop(struct kaon_session *s, struct kaon_plan *plan)
{
    struct kaon_plan **p = &s->plans;
    while (*p != plan)
        p = &(*p)->next;
    take_out(s, p);
    close_plan(s, plan);
}

enum kaon_status kaon_session_plan(struct kaon_session *s, const struct kaon_tensor *inputs,
                                   bool pinned, struct kaon_plan **out, struct kaon_msg *msg)
{
    const uint32_t hash = hash_of(inputs, s->model->ir.top->n_in);
    *out = find(s, inputs, hash);
    if (*out && pinned && (*out)->memory != &s->prepared) {
        drop(s, *out); /* it could be reused for other shapes: make one that stays */
        *out = NULL;
    }
    if (*out)
        return KAON_OK;
    kaon_arena_reset(&s->work);
    enum kaon_status st = check_inputs(s, inputs, msg);
    if (st != KAON_OK)
        return st;
    struct kaon_plan *plan = grow_table(s, 1) ? new_plan(s, pinned) : NULL;
    if (!plan)
        return no_memory(msg);
    plan->hash = hash;
    st = kaon_plan_make(plan, s->model, inputs, &s->means, s->values, &s->work, msg);
    if (st == KAON_OK)
        st = kaon_plan_pack(plan, &s->work, s->model->ir.top->n_out, msg);
    if (st != KAON_OK) {
        discard(s, plan);
        return st;
    }
    enter(s->table, s->table_room, plan);
    s->n_all++;
    if (!pinned) {
        plan->next = s->plans;
        s->plans = plan;
        s->n_plans++;
    }
    *out = plan;
    return KAON_OK;
}

/* ---- running --------------------------------------------------------------------------------- */

static bool grow(const struct kaon_allocator *a, void **block, size_t *have, size_t want)
{
    if (want <= *have)
        return true;
    void *p = a->alloc(a->user, want, 64);
    if (!p)
        return false;
    a->free(a->user, *block);
    *block = p;
    *have = want;
    return true;
}

enum kaon_status kaon_session_make_room(struct kaon_session *s, const struct kaon_plan *plan,
                                        struct kaon_msg *msg)
{
    const struct kaon_allocator *a = &s->model->allocator;
    void *arena = s->arena;
    const bool ok = grow(a, &arena, &s->arena_bytes, plan->arena_bytes) &&
                    grow(a, &s->scratch, &s->scratch_bytes, plan->scratch_bytes);
    s->arena = arena;
    return ok ? KAON_OK : no_memory(msg);
}

static void tell(const struct kaon_session *s, const struct kaon_plan_step *step)
{
    for (size_t i = 0; i < step->step.call.n_out; i++)
        if (step->out[i])
            s->observe(s->observe_user, step->node->name, step->node->op->name,
                       step->node->out[i]->name, &step->out[i]->tensor);
}

static enum kaon_status run_steps(const struct kaon_session *s, const struct kaon_plan *plan,
                                  struct kaon_msg *msg)
{
    for (size_t i = 0; i < plan->n_steps; i++) {
        const struct kaon_plan_step *step = &plan->steps[i];
        const enum kaon_status st = s->profile ? kaon_profile_step(s, i, step, msg)
                                               : kaon_step_run(&step->step, &s->means, msg);
        if (st != KAON_OK)
            return st;
        if (s->observe && !s->profile)
            tell(s, step);
    }
    return KAON_OK;
}

static enum kaon_status run_tail(struct kaon_session *s, struct kaon_plan *plan,
                                 struct kaon_msg *msg)
{
    struct kaon_walk walk = {
        .model = s->model,
        .now = true,
        .memory = &s->now,
        .scratch = &s->work,
        .values = s->values,
        .carry = s->carry,
        .means = s->means,
        .observe = s->profile ? NULL : s->observe,
        .observe_user = s->observe_user,
        .msg = msg,
    };
    kaon_arena_reset(&s->now);
    memcpy(s->values, plan->values, s->model->ir.n_values * sizeof *s->values);
    for (size_t i = 0; i < plan->n_tail; i++) {
        const enum kaon_status st =
            s->profile ? kaon_profile_node(s, plan->n_steps + i, &walk, plan->tail[i])
                       : kaon_walk_node(&walk, plan->tail[i]);
        if (st != KAON_OK) {
            kaon_node_prefix(plan->tail[i], msg);
            return st;
        }
    }
    const struct kaon_graph *top = s->model->ir.top;
    for (size_t i = 0; i < top->n_out; i++)
        plan->out[i] = s->values[top->out[i]->id];
    return KAON_OK;
}

enum kaon_status kaon_session_run_plan(struct kaon_session *s, struct kaon_plan *plan,
                                       const struct kaon_tensor *inputs, struct kaon_msg *msg)
{
    if (plan->resolved_arena != s->arena || plan->resolved_scratch != s->scratch || !plan->resolved)
        kaon_plan_resolve(plan, s->arena, s->scratch);
    kaon_plan_bind(plan, inputs, s->model->ir.top->n_in);
    plan->last_used = ++s->clock;
    s->last = plan;
    const enum kaon_status st = run_steps(s, plan, msg);
    return st == KAON_OK && plan->n_tail ? run_tail(s, plan, msg) : st;
}

/* True if memory for output i is not the caller's, but comes back from an earlier run because the same
 * array is passed again: into the arena, or what was lent last (that may be elsewhere: in an input or
 * a constant, or in an arena that has been replaced since). */
static bool is_lent(const struct kaon_session *s, size_t i, const void *data)
{
    return data == s->lent[i] || (uintptr_t)data - (uintptr_t)s->arena < s->arena_bytes;
}

/* Copies result i to the caller, or lends it. */
static enum kaon_status deliver(struct kaon_session *s, size_t i, const struct kaon_tensor *result,
                                struct kaon_tensor *out, struct kaon_msg *msg)
{
    void *data = out->data;
    const size_t room = out->bytes;
    *out = *result;
    if (!data || is_lent(s, i, data)) {
        s->lent[i] = result->data;
        return KAON_OK;
    }
    out->data = data;
    if (room < result->bytes)
        return kaon_fail(msg, KAON_BAD_ARGUMENT,
                         "output '%s' has %zu bytes, the caller's memory has room for %zu",
                         s->model->ir.top->out_name[i], result->bytes, room);
    if (result->bytes)
        memcpy(data, result->data, result->bytes);
    return KAON_OK;
}

static enum kaon_status check_data(const struct kaon_session *s, const struct kaon_plan *plan,
                                   const struct kaon_tensor *inputs, struct kaon_msg *msg)
{
    for (size_t i = 0; i < s->model->ir.top->n_in; i++) {
        const size_t wanted = plan->key[i].bytes;
        if (!inputs[i].data && wanted)
            return kaon_fail(msg, KAON_BAD_ARGUMENT, "input '%s' has no data",
                             s->model->ir.top->in_name[i]);
        if (inputs[i].bytes && inputs[i].bytes < wanted)
            return kaon_fail(msg, KAON_BAD_ARGUMENT,
                             "input '%s' has %zu bytes, its shape needs %zu",
                             s->model->ir.top->in_name[i], inputs[i].bytes, wanted);
    }
    return KAON_OK;
}

enum kaon_status kaon_session_run(struct kaon_session *s, const struct kaon_tensor *inputs,
                                  struct kaon_tensor *outputs, struct kaon_msg *msg)
{
    struct kaon_plan *plan;
    if (!s || (!inputs && s->model->ir.top->n_in) || (!outputs && s->model->ir.top->n_out))
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "kaon_session_run: a null pointer");
    enum kaon_status st = kaon_session_plan(s, inputs, false, &plan, msg);
    if (st == KAON_OK)
        st = check_data(s, plan, inputs, msg);
    if (st == KAON_OK)
        st = kaon_session_make_room(s, plan, msg);
    if (st == KAON_OK)
        st = kaon_session_run_plan(s, plan, inputs, msg);
    for (size_t i = 0; st == KAON_OK && i < s->model->ir.top->n_out; i++)
        st = deliver(s, i, &plan->out[i]->tensor, &outputs[i], msg);
    if (st != KAON_OK)
        kaon_msg_prefix(msg, s->model->name);
    return st;
}

enum kaon_status kaon_session_observe(struct kaon_session *s, kaon_observe_fn observe, void *user)
{
    if (!s)
        return KAON_BAD_ARGUMENT;
    s->observe = observe;
    s->observe_user = user;
    return KAON_OK;
}

enum kaon_status kaon_session_profile(struct kaon_session *s, kaon_profile_fn profile, void *user)
{
    if (!s)
        return KAON_BAD_ARGUMENT;
    s->profile = profile;
    s->profile_user = user;
    return KAON_OK;
}

void kaon_session_get_info(const struct kaon_session *s, struct kaon_session_info *info)
{
    *info = (struct kaon_session_info){
        .plans = s->n_all,
        .arena_bytes = s->arena_bytes + s->scratch_bytes,
        .plan_bytes = kaon_arena_bytes(&s->prepared),
    };
    for (const struct kaon_plan *p = s->plans; p; p = p->next)
        info->plan_bytes += kaon_arena_bytes(&p->own_memory);
    info->arena_bytes += kaon_arena_bytes(&s->now);
    for (size_t i = 0; i < KAON_WALK_DEPTH; i++)
        for (size_t k = 0; k < 3; k++)
            info->arena_bytes += kaon_arena_bytes(&s->carry[i][k]);
    if (s->last) {
        info->steps = s->last->n_steps + s->last->n_tail;
        info->macs = s->last->macs;
    }
}
