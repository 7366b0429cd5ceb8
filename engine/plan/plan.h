/* Plans: a graph walked for concrete input shapes into a list of steps over one arena.
 *
 * The walk (walk.c) visits nodes in order and decides for each:
 *   known     all inputs are known and the result is small: computed at once, into the plan;
 *   view      the result is an input's memory under another shape: no step;
 *   nested    If with a known condition, Loop with a known count: its graph is walked in place;
 *   step      the rest, as long as the output shapes follow from what is known;
 *   deferred  shapes hang on data that only a run brings (NonZero, a condition, a trip count), and
 *             so does all that reads such values.
 * The deferred nodes, in order, are the plan's tail. When a run has done the steps, everything that
 * the tail waits for is there, and the same walk goes through it in the mode NOW: each node is
 * inferred, prepared and run in turn, in memory set aside for it. */
#ifndef KAON_ENGINE_PLAN_PLAN_H
#define KAON_ENGINE_PLAN_PLAN_H

#include "engine/model.h"

/* What a session brings to its steps. */
struct kaon_means {
    kaon_parallel_fn parallel; /* lends threads; NULL: none */
    void *parallel_user;
    void *backend; /* the chosen backend's state for the session */
};

/* Where a value's data is. */
enum kaon_place {
    KAON_PLACE_KNOWN, /* constant, or computed while planning (or NOW): data is final */
    KAON_PLACE_ARENA, /* at offset in the run arena */
    KAON_PLACE_INPUT, /* the caller's */
    KAON_PLACE_VIEW,  /* where `base` is */
};

struct kaon_planned {
    struct kaon_tensor
        tensor; /* tensor.data is set by kaon_plan_resolve and _bind, but for KNOWN */
    enum kaon_place place;
    struct kaon_planned *base;      /* of a view: never a view itself */
    struct kaon_planned *next;      /* in order of making, all but KNOWN */
    struct kaon_planned *next_view; /* views of inputs */
    size_t offset;
    uint32_t born, dies; /* steps; dies UINT32_MAX: outlives all of them */
    uint32_t index;      /* of an input */
    bool needed;
};

/* What a value is in the current walk: NULL not there yet, kaon_deferred in the tail. A walk starts
 * with the model's constants. */
extern struct kaon_planned kaon_deferred;

struct kaon_plan_step {
    struct kaon_step step;
    const struct kaon_node *node;
    struct kaon_planned **in, **out; /* as step.call.in and .out; NULL entries likewise */
};

struct kaon_plan {
    struct kaon_plan *next; /* in the session's list, newest first */
    struct kaon_arena own_memory;
    struct kaon_arena *memory; /* own_memory, or the session's for prepared plans */
    uint64_t last_used;
    uint32_t hash;
    struct kaon_tensor *key; /* types and shapes of the inputs */
    struct kaon_plan_step *steps;
    size_t n_steps, room_steps;
    struct kaon_planned *first, *last;
    struct kaon_planned *input_views;
    struct kaon_planned **in, **out; /* graph inputs and outputs; out may be kaon_deferred */
    const struct kaon_node **tail;
    size_t n_tail, room_tail;
    struct kaon_planned **values; /* by value id, for the tail; NULL without one */
    size_t arena_bytes, scratch_bytes;
    uint64_t macs;
    const void *resolved_arena, *resolved_scratch; /* what data pointers are set for */
    bool resolved;
};

/* One walk: state shared by the functions below. */
struct kaon_walk {
    const struct kaon_model *model;
    bool now;                      /* everything is known and is run at once */
    struct kaon_arena *memory;     /* of the plan, or of the run */
    struct kaon_arena *scratch;    /* for what a node needs while it is visited */
    struct kaon_planned **values;  /* by value id */
    struct kaon_plan *plan;        /* NULL if now */
    struct kaon_arena (*carry)[3]; /* by depth of nesting: see control.c; NULL unless now */
    uint32_t depth;
    struct kaon_means means;
    uint64_t unrolled;       /* iterations of loops walked in place */
    uint64_t folded;         /* bytes of results computed while planning */
    kaon_observe_fn observe; /* NULL: nobody looks */
    void *observe_user;
    struct kaon_msg *msg;
};

enum { KAON_WALK_DEPTH = 32 }; /* nested graphs at most */

/* Walks all nodes of a graph whose inputs and captured values are set. */
enum kaon_status kaon_walk_graph(struct kaon_walk *walk, const struct kaon_graph *graph);
enum kaon_status kaon_walk_node(struct kaon_walk *walk, const struct kaon_node *node);

/* If, Loop, Scan. Sets *defer if it cannot be walked while planning. */
enum kaon_status kaon_walk_control(struct kaon_walk *walk, const struct kaon_node *node,
                                   bool *defer);

/* A value with data at once, of the shape in `tensor`; data is allocated. NULL without memory. */
struct kaon_planned *kaon_walk_known(struct kaon_walk *walk, const struct kaon_tensor *tensor);

/* True if the value's data can be read. */
bool kaon_walk_is_known(const struct kaon_walk *walk, const struct kaon_planned *value);

enum kaon_status kaon_walk_no_memory(struct kaon_walk *walk);

/* Fills model->constants: the planned form of every constant, by value id. */
enum kaon_status kaon_plan_constants(struct kaon_model *model, struct kaon_msg *msg);

/* Makes a plan for input tensors of these types and shapes, to be run with `means`. `values` is for the
 * work: one entry a value; so is `scratch`. On failure what the plan took from its memory stays
 * taken. */
enum kaon_status kaon_plan_make(struct kaon_plan *plan, const struct kaon_model *model,
                                const struct kaon_tensor *inputs, const struct kaon_means *means,
                                struct kaon_planned **values, struct kaon_arena *scratch,
                                struct kaon_msg *msg);

/* Drops steps whose results nobody reads, finds lifetimes and places values in the arena. */
enum kaon_status kaon_plan_pack(struct kaon_plan *plan, struct kaon_arena *scratch, size_t n_out,
                                struct kaon_msg *msg);

/* Points values into the arena and steps to the scratch memory. */
void kaon_plan_resolve(struct kaon_plan *plan, char *arena, void *scratch);

/* Does what a step says, in parts if it has them and threads are lent. */
enum kaon_status kaon_step_run(const struct kaon_step *step, const struct kaon_means *means,
                               struct kaon_msg *msg);

/* Points inputs and their views to the caller's memory. */
void kaon_plan_bind(struct kaon_plan *plan, const struct kaon_tensor *inputs, size_t n);

#endif
