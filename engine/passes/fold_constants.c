/* A node whose inputs are all constants becomes a constant, and so does shape arithmetic whose
 * outcome follows from declared lengths, such as Gather(Shape(x), 1) where axis 1 is 19. */
#include "engine/passes/passes.h"

#include "backends/backend.h"
#include "engine/base/fact.h"
#include "engine/base/tensor.h"
#include "engine/call.h"

#include <string.h>

/* Results larger than this and than the inputs together stay to be computed, and so do those past what
 * the model may have in all: a file of a few bytes may ask for gigabytes of zeros. */
enum { FOLD_BYTES = 1 << 20 };

static enum kaon_status from_symbolic(struct kaon_node *node, struct kaon_edit *edit,
                                      struct kaon_msg *msg)
{
    const struct kaon_fact *f = &node->out[0]->fact;
    void *data;
    if (node->n_out != 1 || f->type != KAON_I64 || f->n_symbolic < 0 || f->rank < 0)
        return KAON_OK;
    for (int32_t i = 0; i < f->n_symbolic; i++)
        if (!kaon_dim_known(f->symbolic[i]))
            return KAON_OK;
    struct kaon_value *v = kaon_edit_constant(edit, KAON_I64, f->rank, f->dims, &data);
    if (!v)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a constant");
    memcpy(data, f->symbolic, (size_t)f->n_symbolic * sizeof *f->symbolic);
    kaon_edit_replace(edit, node->out[0], v);
    return KAON_OK;
}

static bool all_constant(const struct kaon_node *node, size_t *bytes)
{
    *bytes = 0;
    for (size_t i = 0; i < node->n_in; i++) {
        if (node->in[i] && !node->in[i]->constant)
            return false;
        *bytes += node->in[i] ? node->in[i]->constant->bytes : 0;
    }
    return true;
}

/* Allocates the outputs as constants; *fits false if they are too large or not told. */
static enum kaon_status make_outputs(const struct kaon_node *node, struct kaon_edit *edit,
                                     size_t limit, struct kaon_value **values, bool *fits,
                                     struct kaon_msg *msg)
{
    size_t whole = 0;
    *fits = false;
    for (size_t i = 0; i < node->n_out; i++) {
        const struct kaon_fact *f = &node->out[i]->fact;
        int64_t count;
        size_t bytes;
        if (!kaon_fact_concrete(f) || f->type == KAON_UNDEFINED ||
            !kaon_tensor_size(f->type, f->rank, f->dims, edit->ir->most_elements, &count, &bytes))
            return KAON_OK;
        whole += bytes;
        if (whole > limit || whole > edit->ir->fold_bytes || f->type == KAON_SEQUENCE ||
            f->type == KAON_STRING || f->type == KAON_NONE)
            return KAON_OK;
    }
    edit->ir->fold_bytes -= whole;
    for (size_t i = 0; i < node->n_out; i++) {
        const struct kaon_fact *f = &node->out[i]->fact;
        void *data;
        if (!(values[i] = kaon_edit_constant(edit, f->type, f->rank, f->dims, &data)))
            return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a constant");
    }
    *fits = true;
    return KAON_OK;
}

static enum kaon_status fold_constants(struct kaon_node *node, struct kaon_edit *edit,
                                       struct kaon_msg *msg)
{
    struct kaon_value *values[KAON_EDIT_VALUES];
    struct kaon_step step = { 0 };
    size_t in_bytes;
    bool fits;
    if (node->n_sub || node->n_out > KAON_EDIT_VALUES || (node->op->flags & KAON_OP_RANDOM))
        return KAON_OK;
    if (!all_constant(node, &in_bytes))
        return from_symbolic(node, edit, msg);
    for (size_t i = 0; i < node->n_in; i++)
        if (node->in[i] && node->in[i]->constant->type == KAON_SEQUENCE)
            return KAON_OK;
    enum kaon_status st =
        make_outputs(node, edit, in_bytes > FOLD_BYTES ? in_bytes : FOLD_BYTES, values, &fits, msg);
    if (st != KAON_OK || !fits)
        return st;
    if ((st = kaon_call_ahead(&step.call, node, edit->kernels, edit->scratch, msg)) != KAON_OK)
        return st;
    for (size_t i = 0; i < node->n_out; i++)
        *step.call.out[i] = *values[i]->constant;
    if ((st = kaon_backend_own.prepare(&step, edit->scratch, msg)) != KAON_OK)
        return st;
    if (step.scratch_bytes && !(step.scratch = kaon_arena_push(edit->scratch, step.scratch_bytes)))
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for scratch");
    if ((st = step.run(&step, msg)) != KAON_OK)
        return st;
    for (size_t i = 0; i < node->n_out; i++)
        kaon_edit_replace(edit, node->out[i], values[i]);
    return KAON_OK;
}

const struct kaon_pass kaon_pass_fold_constants = {
    .name = "fold-constants",
    .rule = fold_constants,
};
