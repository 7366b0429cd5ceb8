/* BiasAdd and FastGelu of com.microsoft: sums with broadcasting, then a function. */
#include "backends/own/elementwise.h"
#include "backends/own/wide.h"

struct biased {
    struct kaon_wide wide; /* first */
    struct kaon_lines add[2];
};

static enum kaon_status run_biased(const struct kaon_step *step, const float *const *in,
                                   float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct biased *p = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    const size_t n = kaon_own_count(step->call.out[0]);
    const struct kaon_line line = {
        .fn = kaon_line_binary_kernel, .kernels = kernels, .kernel = KAON_BINARY_ADD, .n_in = 2
    };
    const float *from = in[0];
    (void)scratch;
    (void)msg;
    for (size_t i = 1; i < step->call.n_in; i++) {
        const void *x[] = { from, in[i], NULL };
        if (!in[i])
            continue;
        kaon_lines_run(&p->add[i - 1], &line, out[0], x);
        from = out[0];
    }
    if (step->call.op->kind == KAON_OP_fast_gelu)
        kernels->unary[KAON_UNARY_GELU_TANH](out[0], from, n, 0.0f, 0.0f);
    return KAON_OK;
}

static enum kaon_status prepare_biased(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    struct kaon_tensor y = *step->call.out[0];
    struct biased *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    y.type = KAON_F32; /* what the lines run on */
    for (size_t i = 1; i < step->call.n_in; i++) {
        if (!step->call.in[i])
            continue;
        struct kaon_tensor more = *step->call.in[i];
        const struct kaon_tensor *both[] = { &y, &more };
        more.type = KAON_F32;
        kaon_lines_plan(&p->add[i - 1], &y, both, 2);
    }
    return kaon_wide_prepare(step, &p->wide, run_biased, 0, msg);
}

const struct kaon_own kaon_own_bias_add = { .prepare = prepare_biased };
const struct kaon_own kaon_own_fast_gelu = { .prepare = prepare_biased };
