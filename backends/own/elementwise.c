#include "backends/own/elementwise.h"

#include "backends/own/copy.h"
#include "backends/own/split.h"

#include <string.h>

void kaon_lines_plan(struct kaon_lines *p, const struct kaon_tensor *y,
                     const struct kaon_tensor *const *x, size_t n_in)
{
    ptrdiff_t step[KAON_LINE_INPUTS][KAON_MAX_RANK] = { { 0 } };
    memset(p, 0, sizeof *p);
    p->n_in = n_in;
    p->out_bytes = kaon_type_bytes(y->type);
    for (size_t k = 0; k < n_in; k++) {
        ptrdiff_t own[KAON_MAX_RANK];
        p->in_bytes[k] = kaon_type_bytes(x[k]->type);
        kaon_copy_steps(own, x[k]->rank, x[k]->dims);
        for (int32_t i = 0; i < x[k]->rank; i++)
            step[k][y->rank - x[k]->rank + i] = x[k]->dims[i] == 1 ? 0 : own[i];
    }
    for (int32_t i = 0; i < y->rank; i++) {
        bool joins = p->rank > 0;
        if (y->dims[i] == 1)
            continue;
        for (size_t k = 0; joins && k < n_in; k++)
            joins = p->step[k][p->rank - 1] == step[k][i] * y->dims[i];
        const int32_t at = joins ? p->rank - 1 : p->rank++;
        p->dims[at] = (joins ? p->dims[at] : 1) * y->dims[i];
        for (size_t k = 0; k < n_in; k++)
            p->step[k][at] = step[k][i];
    }
    if (p->rank == 0) { /* one element */
        p->rank = 1;
        p->dims[0] = 1;
    }
}

static bool walk(const struct kaon_lines *p, const struct kaon_line *l, int32_t k, char **y,
                 const char *const *x)
{
    const size_t n = (size_t)p->dims[k];
    const char *at[KAON_LINE_INPUTS] = { x[0], x[1], x[2] };
    if (k == p->rank - 1) {
        size_t step[KAON_LINE_INPUTS] = { 0 };
        for (size_t i = 0; i < p->n_in; i++)
            step[i] = (size_t)p->step[i][k];
        const bool good = l->fn(l, *y, (const void *const *)x, step, n);
        *y += n * p->out_bytes;
        return good;
    }
    for (size_t i = 0; i < n; i++) {
        if (!walk(p, l, k + 1, y, at))
            return false;
        for (size_t j = 0; j < p->n_in; j++)
            at[j] += p->step[j][k] * (ptrdiff_t)p->in_bytes[j];
    }
    return true;
}

bool kaon_lines_run(const struct kaon_lines *p, const struct kaon_line *l, void *y,
                    const void *const *x)
{
    const char *at[KAON_LINE_INPUTS] = { NULL };
    char *out = y;
    for (int32_t i = 0; i < p->rank; i++)
        if (p->dims[i] == 0)
            return true;
    for (size_t k = 0; k < p->n_in; k++)
        at[k] = x[k];
    return walk(p, l, 0, &out, at);
}

bool kaon_lines_part(const struct kaon_lines *p, const struct kaon_line *l, void *y,
                     const void *const *x, size_t i, size_t n)
{
    struct kaon_lines own = *p;
    const void *at[KAON_LINE_INPUTS] = { NULL };
    const size_t from = kaon_part_at((size_t)p->dims[0], i, n);
    size_t line = p->out_bytes;
    for (int32_t k = 1; k < p->rank; k++)
        line *= (size_t)p->dims[k];
    own.dims[0] = (int64_t)(kaon_part_at((size_t)p->dims[0], i + 1, n) - from);
    for (size_t k = 0; k < p->n_in; k++)
        at[k] = (const char *)x[k] + (ptrdiff_t)from * p->step[k][0] * (ptrdiff_t)p->in_bytes[k];
    return kaon_lines_run(&own, l, (char *)y + from * line, at);
}

bool kaon_line_unary_kernel(const struct kaon_line *l, void *y, const void *const *x,
                            const size_t *step, size_t n)
{
    (void)step;
    l->kernels->unary[l->kernel](y, x[0], n, l->a, l->b);
    return true;
}

bool kaon_line_binary_kernel(const struct kaon_line *l, void *y, const void *const *x,
                             const size_t *step, size_t n)
{
    l->kernels->binary[l->kernel](y, x[0], step[0], x[1], step[1], n);
    return true;
}

bool kaon_line_narrow(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                      size_t n)
{
    enum { CHUNK = 128 };
    float wide[KAON_LINE_INPUTS][CHUNK], out[CHUNK];
    const struct kaon_kernels *k = l->kernels;
    kaon_widen_fn *widen = l->type == KAON_F16 ? k->f32_from_f16 : k->f32_from_bf16;
    kaon_narrow_fn *narrow = l->type == KAON_F16 ? k->f16_from_f32 : k->bf16_from_f32;
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t m = n - i < CHUNK ? n - i : CHUNK;
        const void *in[KAON_LINE_INPUTS] = { NULL };
        for (size_t j = 0; j < l->n_in; j++) {
            widen(wide[j], (const uint16_t *)x[j] + i * step[j], step[j] ? m : 1);
            in[j] = wide[j];
        }
        if (!l->wide(l, l->keeps_type ? (void *)out : (char *)y + i, in, step, m))
            return false;
        if (l->keeps_type)
            narrow((uint16_t *)y + i, out, m);
    }
    return true;
}

struct prepared {
    struct kaon_lines lines;
    struct kaon_line line;
};

static void part(const struct kaon_step *step, size_t i)
{
    const struct prepared *p = step->args;
    const void *x[KAON_LINE_INPUTS] = { NULL };
    for (size_t k = 0; k < p->lines.n_in; k++)
        x[k] = step->call.in[k]->data;
    kaon_lines_part(&p->lines, &p->line, step->call.out[0]->data, x, i, step->n_parts);
}

static enum kaon_status run(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct prepared *p = step->args;
    const void *x[KAON_LINE_INPUTS] = { NULL };
    for (size_t i = 0; i < p->lines.n_in; i++)
        x[i] = step->call.in[i]->data;
    if (kaon_lines_run(&p->lines, &p->line, step->call.out[0]->data, x))
        return KAON_OK;
    return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "an integer is divided by zero");
}

/* Of the others, integer division may: what a part finds wrong has no way back. */
static bool cannot_fail(const struct kaon_line *line)
{
    return line->fn == kaon_line_unary_kernel || line->fn == kaon_line_binary_kernel;
}

enum kaon_status kaon_lines_prepare(struct kaon_step *step, struct kaon_arena *memory,
                                    const struct kaon_line *line,
                                    const struct kaon_tensor *const *in, size_t n_in,
                                    struct kaon_msg *msg)
{
    struct prepared *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    p->line = *line;
    p->line.kernels = step->call.kernels;
    kaon_lines_plan(&p->lines, step->call.out[0], in, n_in);
    step->run = run;
    if (step->call.parallel && cannot_fail(line)) {
        step->n_parts = kaon_parts(kaon_own_count(step->call.out[0]), KAON_PART_ELEMENTS,
                                   (size_t)p->lines.dims[0]);
        step->part = part;
    }
    return KAON_OK;
}
