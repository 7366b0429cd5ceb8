/* Chain: element-wise functions one after another, made by a pass, in one pass over memory. */
#include "backends/own/elementwise.h"
#include "backends/own/split.h"

#include <string.h>

struct chain {
    struct kaon_lines lines; /* of the first input and those that are no single values */
    size_t n, n_lines;
    size_t input[KAON_LINE_INPUTS];          /* which inputs these are */
    struct kaon_link link[KAON_CHAIN_LINKS]; /* but for `other` */
    int32_t line_input[KAON_CHAIN_LINKS];    /* where its other is among the lines; -1: nowhere */
    size_t value[KAON_CHAIN_LINKS];          /* which input is its single value, if it has one */
};

/* A run: the line first, so that the line function finds the rest behind it. */
struct running {
    struct kaon_line line;
    const struct chain *chain;
    struct kaon_link link[KAON_CHAIN_LINKS];
};

static bool chain_line(const struct kaon_line *l, void *y, const void *const *x, const size_t *step,
                       size_t n)
{
    const struct running *r = (const struct running *)l;
    const struct chain *c = r->chain;
    struct kaon_link link[KAON_CHAIN_LINKS];
    const float *from = x[0];
    memcpy(link, r->link, c->n * sizeof *link);
    for (size_t k = 0; k < c->n; k++)
        if (c->line_input[k] >= 0) {
            link[k].other = x[c->line_input[k]];
            link[k].step = step[c->line_input[k]];
        }
    if (step[0] == 0 && n > 0) { /* the first input is broadcast along the line */
        for (size_t i = 0; i < n; i++)
            ((float *)y)[i] = *from;
        from = y;
    }
    l->kernels->chain(y, from, n, link, c->n);
    return true;
}

static struct running start(const struct kaon_step *step, const void **x)
{
    const struct chain *c = step->args;
    struct running r = { .line = { .fn = chain_line, .kernels = step->call.kernels }, .chain = c };
    memcpy(r.link, c->link, c->n * sizeof *r.link);
    for (size_t k = 0; k < c->n; k++)
        if (r.link[k].two && c->line_input[k] < 0)
            r.link[k].other = step->call.in[c->value[k]]->data;
    for (size_t i = 0; i < c->n_lines; i++)
        x[i] = step->call.in[c->input[i]]->data;
    return r;
}

static enum kaon_status run_chain(const struct kaon_step *step, struct kaon_msg *msg)
{
    const void *x[KAON_LINE_INPUTS] = { NULL };
    const struct running r = start(step, x);
    (void)msg;
    kaon_lines_run(&r.chain->lines, &r.line, step->call.out[0]->data, x);
    return KAON_OK;
}

static void part_of_chain(const struct kaon_step *step, size_t i)
{
    const void *x[KAON_LINE_INPUTS] = { NULL };
    const struct running r = start(step, x);
    kaon_lines_part(&r.chain->lines, &r.line, step->call.out[0]->data, x, i, step->n_parts);
}

/* The place of input i among the lines; -1: it is a single value, or there are too many. */
static int32_t line_of(struct chain *c, const struct kaon_call *call, size_t i)
{
    if (kaon_own_count(call->in[i]) == 1 && i > 0)
        return -1;
    for (size_t k = 0; k < c->n_lines; k++)
        if (c->input[k] == i)
            return (int32_t)k;
    if (c->n_lines == KAON_LINE_INPUTS)
        return -1;
    c->input[c->n_lines] = i;
    return (int32_t)c->n_lines++;
}

static enum kaon_status prepare_chain(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    static const enum kaon_binary binary[KAON_OP_COUNT] = {
        [KAON_OP_add] = KAON_BINARY_ADD, [KAON_OP_sub] = KAON_BINARY_SUB,
        [KAON_OP_mul] = KAON_BINARY_MUL, [KAON_OP_div] = KAON_BINARY_DIV,
        [KAON_OP_max] = KAON_BINARY_MAX, [KAON_OP_min] = KAON_BINARY_MIN,
        [KAON_OP_pow] = KAON_BINARY_POW,
    };
    const struct kaon_call *call = &step->call;
    const struct kaon_chain *a = call->attr;
    const struct kaon_tensor *in[KAON_LINE_INPUTS];
    struct chain *c = kaon_own_args(step, memory, sizeof *c, msg);
    if (!c)
        return KAON_NO_MEMORY;
    if (call->in[0]->type != KAON_F32)
        return kaon_own_no_type(call, call->in[0]->type, msg);
    const enum kaon_status st = kaon_own_same_types(call, msg);
    if (st != KAON_OK)
        return st;
    c->n = (size_t)a->n;
    line_of(c, call, 0);
    for (size_t k = 0; k < c->n; k++) {
        const struct kaon_chain_link *l = &a->link[k];
        struct kaon_link *to = &c->link[k];
        c->line_input[k] = -1;
        to->a = l->a;
        to->b = l->b;
        if (l->input < 0) {
            to->unary = kaon_own_unary_kernel(l->kind);
            continue;
        }
        to->two = true;
        to->binary = binary[l->kind];
        to->reversed = l->first;
        c->value[k] = (size_t)l->input;
        c->line_input[k] = line_of(c, call, (size_t)l->input);
        if (c->line_input[k] < 0 && kaon_own_count(call->in[l->input]) != 1)
            return kaon_own_fail(call, msg, KAON_UNSUPPORTED, "more than three tensors");
    }
    for (size_t i = 0; i < c->n_lines; i++)
        in[i] = call->in[c->input[i]];
    kaon_lines_plan(&c->lines, call->out[0], in, c->n_lines);
    step->run = run_chain;
    if (call->parallel) {
        step->n_parts =
            kaon_parts(kaon_own_count(call->out[0]), KAON_PART_ELEMENTS, (size_t)c->lines.dims[0]);
        step->part = part_of_chain;
    }
    return KAON_OK;
}

const struct kaon_own kaon_own_chain = { .prepare = prepare_chain };
