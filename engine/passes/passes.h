/* Passes: rules that look at one node and propose an edit.
 *
 * A rule never changes the graph. The runner applies its edit, infers what is new, logs it under the
 * pass's name, and counts: --passes-stop-after N stops after the N-th edit, so that a wrong answer is
 * found by bisection. Passes run in the order of passes.inc, each over all nodes until none of its
 * rule's edits applies any more. */
#ifndef KAON_ENGINE_PASSES_PASSES_H
#define KAON_ENGINE_PASSES_PASSES_H

#include "engine/graph/graph.h"

struct kaon_kernels;

enum { KAON_EDIT_NODES = 8, KAON_EDIT_VALUES = 8 };

/* What a rule proposes: new nodes that stand before the node looked at, values that are replaced by
 * others, and whether the node goes. Empty: nothing. */
struct kaon_edit {
    struct kaon_ir *ir;
    const struct kaon_kernels *kernels;
    struct kaon_arena *scratch; /* emptied after each look */
    struct kaon_node *add[KAON_EDIT_NODES];
    size_t n_add;
    struct kaon_value *from[KAON_EDIT_VALUES], *to[KAON_EDIT_VALUES];
    size_t n_replace;
    const char *why; /* of a near miss, for `kaon info --why`; lives as long as the model */
};

/* Adds a node with one output to the edit; inputs may be NULL. Returns the output, NULL without
 * memory. `attrs` are read by the operator and must outlive the model. */
struct kaon_value *kaon_edit_add(struct kaon_edit *edit, enum kaon_op_kind kind, int opset,
                                 struct kaon_value *const *in, size_t n_in,
                                 const struct kaon_attr *attrs, size_t n_attrs);

/* A new constant whose data is `bytes` of model memory, to be filled. NULL without memory. */
struct kaon_value *kaon_edit_constant(struct kaon_edit *edit, enum kaon_type type, int32_t rank,
                                      const int64_t *dims, void **data);

/* Readers of `from` shall read `to`. */
void kaon_edit_replace(struct kaon_edit *edit, struct kaon_value *from, struct kaon_value *to);

/* ---- what rules ask of values ----------------------------------------------------------------- */

/* Whether a node of that kind makes it. */
bool kaon_value_is(const struct kaon_value *v, enum kaon_op_kind kind);

/* A constant that is one float; *x is it. */
bool kaon_value_number(const struct kaon_value *v, float *x);

/* The node that reads `v`, if just one does, behind its producer in the same graph; else NULL. */
struct kaon_node *kaon_value_reader(const struct kaon_value *v);

struct kaon_pass {
    const char *name;
    enum kaon_status (*rule)(struct kaon_node *node, struct kaon_edit *edit, struct kaon_msg *msg);
    bool again; /* after its edits and what they let infer, look at all nodes once more */
};

/* Edits made and misses remarked, in order. */
struct kaon_pass_line {
    struct kaon_pass_line *next;
    const char *pass, *node, *op, *why; /* why NULL: an edit */
};

struct kaon_pass_log {
    struct kaon_pass_line *first, *last;
    uint32_t edits;
};

/* Runs all passes; stop_after 0: all edits, -1: none. */
enum kaon_status kaon_passes_run(struct kaon_ir *ir, const struct kaon_kernels *kernels,
                                 int32_t stop_after, uint64_t deadline_ns,
                                 const struct kaon_allocator *allocator, struct kaon_pass_log *log,
                                 struct kaon_msg *msg);

/* One pass alone, all its edits. */
enum kaon_status kaon_pass_run(struct kaon_ir *ir, const struct kaon_pass *pass,
                               const struct kaon_kernels *kernels,
                               const struct kaon_allocator *allocator, struct kaon_pass_log *log,
                               struct kaon_msg *msg);

#define KAON_PASS(id) extern const struct kaon_pass kaon_pass_##id;
#include "engine/passes/passes.inc"
#undef KAON_PASS

#endif
