#include "engine/call.h"

static void fill(struct kaon_tensor *t, const struct kaon_value *value)
{
    if (value->constant) {
        *t = *value->constant;
        return;
    }
    t->type = value->fact.type;
    t->rank = value->fact.rank;
    for (int32_t i = 0; i < t->rank; i++)
        t->dims[i] = kaon_dim_known(value->fact.dims[i]) ? value->fact.dims[i] : -1;
}

enum kaon_status kaon_call_ahead(struct kaon_call *call, const struct kaon_node *node,
                                 const struct kaon_kernels *kernels, struct kaon_arena *memory,
                                 struct kaon_msg *msg)
{
    const size_t n = node->n_in + node->n_out;
    struct kaon_tensor *tensors = kaon_arena_push_zero(memory, n, sizeof *tensors);
    const struct kaon_tensor **in = kaon_arena_push_zero(memory, node->n_in, sizeof *in);
    struct kaon_tensor **out = kaon_arena_push_zero(memory, node->n_out, sizeof *out);
    bool *constant = kaon_arena_push_zero(memory, node->n_in, sizeof *constant);
    if (!tensors || !in || !out || !constant)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory for a call");
    for (size_t i = 0; i < node->n_in; i++)
        if (node->in[i]) {
            fill(&tensors[i], node->in[i]);
            in[i] = &tensors[i];
            constant[i] = node->in[i]->constant != NULL;
        }
    for (size_t i = 0; i < node->n_out; i++) {
        fill(&tensors[node->n_in + i], node->out[i]);
        out[i] = &tensors[node->n_in + i];
    }
    *call = (struct kaon_call){
        .op = node->op,
        .node = node->name,
        .opset = node->opset,
        .attr = node->attr,
        .n_in = node->n_in,
        .n_out = node->n_out,
        .in = in,
        .out = out,
        .constant = constant,
        .kernels = kernels,
    };
    return KAON_OK;
}
