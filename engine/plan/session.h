/* The session from inside. */
#ifndef KAON_ENGINE_PLAN_SESSION_H
#define KAON_ENGINE_PLAN_SESSION_H

#include "engine/plan/plan.h"

struct kaon_session {
    struct kaon_model *model;
    uint32_t most_plans;     /* outside the prepared ranges */
    struct kaon_plan *plans; /* the unprepared, newest first */
    size_t n_plans;
    struct kaon_plan *spare; /* empty ones with memory set aside: see prepare.c */
    uint64_t clock;          /* of uses */

    struct kaon_arena prepared; /* memory of prepared plans */
    struct kaon_plan **table;   /* all plans by hash of their shapes; room is a power of two */
    size_t table_room, n_all;
    struct kaon_plan *last; /* that ran */

    struct kaon_arena work;       /* while planning */
    struct kaon_planned **values; /* by value id: for planning and for tails */
    char *arena;                  /* activations of the plan that runs */
    size_t arena_bytes;
    void *scratch; /* for kernels */
    size_t scratch_bytes;

    struct kaon_means means;
    const void **lent; /* by output: data that the caller has borrowed last */

    struct kaon_arena now;                       /* what the tail computes */
    struct kaon_arena carry[KAON_WALK_DEPTH][3]; /* see control.c */

    kaon_observe_fn observe;
    void *observe_user;
    kaon_profile_fn profile; /* NULL: steps are not timed */
    void *profile_user;
};

/* The plan for these inputs, made if there is none; `pinned` plans are never dropped. */
enum kaon_status kaon_session_plan(struct kaon_session *s, const struct kaon_tensor *inputs,
                                   bool pinned, struct kaon_plan **plan, struct kaon_msg *msg);

/* Sets aside n empty plans with memory of so many bytes, and makes them the most there may be: from
 * then on a shape that is not prepared is planned in the memory of these. */
enum kaon_status kaon_session_spare(struct kaon_session *s, uint32_t n, size_t bytes,
                                    struct kaon_msg *msg);

/* Makes the arena and the scratch memory large enough for a plan. */
enum kaon_status kaon_session_make_room(struct kaon_session *s, const struct kaon_plan *plan,
                                        struct kaon_msg *msg);

/* One step with the clock beside it, for session->profile. */
enum kaon_status kaon_profile_step(const struct kaon_session *s, size_t index,
                                   const struct kaon_plan_step *step, struct kaon_msg *msg);

/* One node of the tail, the same way. */
enum kaon_status kaon_profile_node(const struct kaon_session *s, size_t index,
                                   struct kaon_walk *walk, const struct kaon_node *node);

/* Runs a plan up to its outputs, which stay where they are. */
enum kaon_status kaon_session_run_plan(struct kaon_session *s, struct kaon_plan *plan,
                                       const struct kaon_tensor *inputs, struct kaon_msg *msg);

#endif
