/* What a backend is: something that turns calls of operators into steps.
 *
 * A backend sees calls (engine/base/op.h) and kernels, never the graph. `own` accepts every operator
 * that kaon has, so every other backend may be partial: the planner asks the chosen backend first
 * and falls back to own, node by node, and remembers the reason. */
#ifndef KAON_BACKENDS_BACKEND_H
#define KAON_BACKENDS_BACKEND_H

#include "engine/base/attrs.h"
#include "kernels/unary.h"

struct kaon_backend {
    const char *name;

    /* Once a model: state of the backend's own, found in every call as call->backend. NULL: none. */
    enum kaon_status (*open)(void **state, const struct kaon_allocator *allocator,
                             struct kaon_msg *msg);
    void (*close)(void *state, const struct kaon_allocator *allocator); /* state may be NULL */

    /* Once a session: state that serves one caller at a time, found in every call as call->session.
     * NULL: none. It outlives the session's plans. */
    enum kaon_status (*open_session)(void **session, const void *state,
                                     const struct kaon_allocator *allocator, struct kaon_msg *msg);
    void (*close_session)(void *session, const struct kaon_allocator *allocator); /* may be NULL */

    /* True if prepare can make a step of this call, which is complete then but for data that is not
     * constant; otherwise *why (static storage) says why not. NULL: accepts everything. */
    bool (*accept)(const struct kaon_call *call, const char **why);

    /* Once a node, when the model is opened: rearranges constant inputs (call->constant) into
     * `memory`, which lives as long as the model. Dims of non-constant inputs may be -1 then, and
     * their rank -1. *packed stays NULL if there is nothing to pack. */
    enum kaon_status (*pack)(const struct kaon_call *call, struct kaon_arena *memory,
                             const void **packed, struct kaon_msg *msg);

    /* Once a plan: step->call is set, with concrete shapes; fills the rest. What step->args points
     * to comes from `memory`, which lives as long as the plan. */
    enum kaon_status (*prepare)(struct kaon_step *step, struct kaon_arena *memory,
                                struct kaon_msg *msg);
};

extern const struct kaon_backend kaon_backend_own;
extern const struct kaon_backend kaon_backend_openblas,
    kaon_backend_xnnpack; /* where the build has them */

/* The kernel of a Linear's activation, which must be one, for backends whose library has none. */
static inline enum kaon_unary kaon_activation_kernel(enum kaon_activation activation)
{
    static const enum kaon_unary kernels[] = {
        [KAON_ACTIVATION_RELU] = KAON_UNARY_RELU,
        [KAON_ACTIVATION_GELU_ERF] = KAON_UNARY_GELU_ERF,
        [KAON_ACTIVATION_GELU_TANH] = KAON_UNARY_GELU_TANH,
        [KAON_ACTIVATION_SILU] = KAON_UNARY_SILU,
        [KAON_ACTIVATION_SIGMOID] = KAON_UNARY_SIGMOID,
        [KAON_ACTIVATION_TANH] = KAON_UNARY_TANH,
    };
    return kernels[activation];
}

/* NULL if there is none of that name. */
const struct kaon_backend *kaon_backend_find(const char *name);

#endif
