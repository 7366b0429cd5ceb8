/* Steps with the clock beside them. */
#include "engine/plan/session.h"

#include "engine/base/clock.h"

static uint64_t bytes_of(const struct kaon_tensor *t)
{
    const int64_t count = t->data ? kaon_tensor_count(t) : 0;
    return (uint64_t)count * kaon_type_bytes(t->type);
}

/* Each tensor once: x * x reads x once. */
static uint64_t bytes_read(const struct kaon_call *call)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < call->n_in; i++) {
        bool seen = !call->in[i];
        for (size_t k = 0; k < i && !seen; k++)
            seen = call->in[k] == call->in[i];
        bytes += seen ? 0 : bytes_of(call->in[i]);
    }
    return bytes;
}

static uint64_t bytes_written(const struct kaon_call *call)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < call->n_out; i++)
        bytes += call->out[i] ? bytes_of(call->out[i]) : 0;
    return bytes;
}

enum kaon_status kaon_profile_step(const struct kaon_session *s, size_t index,
                                   const struct kaon_plan_step *step, struct kaon_msg *msg)
{
    const uint64_t start = kaon_clock_ns();
    const enum kaon_status st = kaon_step_run(&step->step, &s->means, msg);
    const uint64_t ns = kaon_clock_ns() - start;
    const struct kaon_call *call = &step->step.call;
    const char *op = step->node->op->name;
    const struct kaon_profile_step told = {
        .node = step->node->name ? step->node->name : "",
        .op = op,
        .kernel = step->step.kernel ? step->step.kernel : op,
        .macs = step->step.macs,
        .bytes_read = bytes_read(call),
        .bytes_written = bytes_written(call),
        .ns = ns,
    };
    if (st == KAON_OK)
        s->profile(s->profile_user, index, &told);
    return st;
}

enum kaon_status kaon_profile_node(const struct kaon_session *s, size_t index,
                                   struct kaon_walk *walk, const struct kaon_node *node)
{
    const uint64_t start = kaon_clock_ns();
    const enum kaon_status st = kaon_walk_node(walk, node);
    const struct kaon_profile_step told = {
        .node = node->name ? node->name : "",
        .op = node->op->name,
        .kernel = "later",
        .ns = kaon_clock_ns() - start,
    };
    if (st == KAON_OK)
        s->profile(s->profile_user, index, &told);
    return st;
}
