/* Einsum. One or two float32 inputs become a batch of matrix products: labels of both inputs and the
 * output count the batch, those that the output lacks are summed, the rest make rows and columns; copies
 * put the axes in that order. Everything else runs as plain loops. */
#include "backends/own/copy.h"
#include "backends/own/wide.h"

#include <string.h>

/* An axis of the whole iteration: its length, and its steps in every input and in the output. */
struct axis {
    int64_t n;
    ptrdiff_t in[KAON_EINSUM_INPUTS], out;
    bool in_out, used[KAON_EINSUM_INPUTS];
};

struct einsum {
    struct kaon_wide wide; /* first */
    int32_t n_axes, n_out; /* the output's axes stand first */
    struct axis axis[KAON_EINSUM_LABELS];
    size_t batch, m, n, k;
    struct kaon_copy a, b, y;
    size_t b_at, y_at, packed_at; /* floats into scratch */
};

/* The axis of a label, made if new. */
static struct axis *axis_of(struct einsum *p, int8_t *number, int8_t label)
{
    if (number[label] < 0) {
        number[label] = (int8_t)p->n_axes;
        p->axis[p->n_axes++].n = 1;
    }
    return &p->axis[number[label]];
}

static void place(struct einsum *p, const struct kaon_call *call)
{
    const struct kaon_einsum *e = call->attr;
    const struct kaon_tensor *y = call->out[0];
    int8_t number[KAON_EINSUM_LABELS], label[KAON_MAX_RANK];
    ptrdiff_t step[KAON_MAX_RANK];
    memset(number, -1, sizeof number);
    kaon_einsum_labels(&e->out, y->rank, label);
    kaon_copy_steps(step, y->rank, y->dims);
    for (int32_t k = 0; k < y->rank; k++) {
        struct axis *a = axis_of(p, number, label[k]);
        a->n = y->dims[k];
        a->out += step[k];
        a->in_out = true;
    }
    p->n_out = p->n_axes;
    for (size_t i = 0; i < call->n_in; i++) {
        const struct kaon_tensor *x = call->in[i];
        kaon_einsum_labels(&e->in[i], x->rank, label);
        kaon_copy_steps(step, x->rank, x->dims);
        for (int32_t k = 0; k < x->rank; k++) {
            struct axis *a = axis_of(p, number, label[k]);
            if (x->dims[k] != 1) { /* a repeated label walks the diagonal */
                a->n = x->dims[k];
                a->in[i] += step[k];
                a->used[i] = true;
            }
        }
    }
}

/* ---- as products ----------------------------------------------------------------------------- */

enum role { BATCH, ROW, COLUMN, SUMMED };

static enum role role_of(const struct axis *a)
{
    if (!a->in_out)
        return SUMMED;
    if (a->used[0] && a->used[1])
        return BATCH;
    return a->used[1] ? COLUMN : ROW;
}

static void push(struct kaon_copy *c, int64_t n, ptrdiff_t step)
{
    c->dims[c->rank] = n;
    c->src_step[c->rank++] = step;
}

/* Copies into (batch, rows, summed), (batch, summed, columns), and out of (batch, rows, columns). */
static bool plan_products(struct einsum *p)
{
    static const enum role order[] = { BATCH, ROW, SUMMED, COLUMN };
    size_t *const length[] = {
        [BATCH] = &p->batch, [ROW] = &p->m, [SUMMED] = &p->k, [COLUMN] = &p->n
    };
    p->batch = p->m = p->n = p->k = 1;
    p->a.bytes = p->b.bytes = p->y.bytes = sizeof(float);
    for (size_t r = 0; r < KAON_COUNT(order); r++)
        for (int32_t i = 0; i < p->n_axes; i++) {
            const struct axis *a = &p->axis[i];
            if (role_of(a) != order[r])
                continue;
            if (p->a.rank == KAON_COPY_RANK || p->b.rank == KAON_COPY_RANK ||
                p->y.rank == KAON_COPY_RANK)
                return false;
            *length[order[r]] *= (size_t)a->n;
            if (order[r] != COLUMN)
                push(&p->a, a->n, a->in[0]);
            if (order[r] != ROW)
                push(&p->b, a->n, a->in[1]);
            if (order[r] != SUMMED)
                push(&p->y, a->n, a->out);
        }
    kaon_copy_steps(p->a.dst_step, p->a.rank, p->a.dims);
    kaon_copy_steps(p->b.dst_step, p->b.rank, p->b.dims);
    memcpy(p->y.dst_step, p->y.src_step, sizeof p->y.src_step);
    kaon_copy_steps(p->y.src_step, p->y.rank, p->y.dims);
    kaon_copy_simplify(&p->a);
    kaon_copy_simplify(&p->b);
    kaon_copy_simplify(&p->y);
    return true;
}

static enum kaon_status run_products(const struct kaon_step *step, const float *const *in,
                                     float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct einsum *p = step->args;
    const struct kaon_kernels *kernels = step->call.kernels;
    float *a = scratch, *b = a + p->b_at, *y = a + p->y_at, *packed = a + p->packed_at;
    (void)msg;
    if (kaon_own_count(step->call.out[0]) == 0)
        return KAON_OK;
    kaon_copy_run(&p->a, a, in[0], kernels);
    if (step->call.n_in == 1) {
        kernels->reduce_rows[KAON_REDUCE_SUM](y, a, p->m, p->k);
    } else {
        kaon_copy_run(&p->b, b, in[1], kernels);
        for (size_t i = 0; i < p->batch; i++)
            kernels->gemm_unpacked(y + i * p->m * p->n, p->n, a + i * p->m * p->k, p->k,
                                   b + i * p->k * p->n, p->n, p->m, p->n, p->k, NULL, packed);
    }
    kaon_copy_run(&p->y, out[0], y, kernels);
    return KAON_OK;
}

/* ---- as loops -------------------------------------------------------------------------------- */

#define T float
#define WIDE float
#define NAME loop_f32
#include "backends/own/einsum_body.inc"
#define T double
#define WIDE double
#define NAME loop_f64
#include "backends/own/einsum_body.inc"
#define T int32_t
#define WIDE uint64_t
#define NAME loop_i32
#include "backends/own/einsum_body.inc"
#define T int64_t
#define WIDE uint64_t
#define NAME loop_i64
#include "backends/own/einsum_body.inc"

typedef void loop_fn(const struct einsum *p, size_t n_in, void *y, const void *const *x);

static loop_fn *const loops[KAON_OWN_TYPES] = {
    [KAON_F64] = loop_f64, [KAON_I32] = loop_i32, [KAON_I64] = loop_i64,
    [KAON_U32] = loop_i32, [KAON_U64] = loop_i64,
};

static enum kaon_status run_loop(const struct kaon_step *step, struct kaon_msg *msg)
{
    const void *x[KAON_EINSUM_INPUTS];
    (void)msg;
    for (size_t i = 0; i < step->call.n_in; i++)
        x[i] = step->call.in[i]->data;
    loops[step->call.out[0]->type](step->args, step->call.n_in, step->call.out[0]->data, x);
    return KAON_OK;
}

static enum kaon_status run_loop_f32(const struct kaon_step *step, const float *const *in,
                                     float *const *out, void *scratch, struct kaon_msg *msg)
{
    const void *x[KAON_EINSUM_INPUTS];
    (void)msg;
    (void)scratch;
    for (size_t i = 0; i < step->call.n_in; i++)
        x[i] = in[i];
    loop_f32(step->args, step->call.n_in, out[0], x);
    return KAON_OK;
}

static enum kaon_status prepare_einsum(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const enum kaon_type type = step->call.in[0]->type;
    struct einsum *p = kaon_own_args(step, memory, sizeof *p, msg);
    if (!p)
        return KAON_NO_MEMORY;
    for (size_t i = 1; i < step->call.n_in; i++)
        if (step->call.in[i]->type != type)
            return kaon_own_no_type(&step->call, step->call.in[i]->type, msg);
    place(p, &step->call);
    if ((unsigned)type < KAON_OWN_TYPES && loops[type]) {
        step->run = run_loop;
        return KAON_OK;
    }
    if (step->call.n_in > 2 || !plan_products(p))
        return kaon_wide_prepare(step, &p->wide, run_loop_f32, 0, msg);
    step->kernel = step->call.n_in == 1 ? "sum of rows" : "gemm";
    step->macs = (uint64_t)p->batch * p->m * p->n * p->k;
    p->b_at = p->batch * p->m * p->k;
    p->y_at = p->b_at + (step->call.n_in > 1 ? p->batch * p->k * p->n : 0);
    p->packed_at = p->y_at + p->batch * p->m * p->n;
    return kaon_wide_prepare(step, &p->wide, run_products,
                             (p->packed_at + KAON_GEMM_PANEL * p->k) * sizeof(float), msg);
}

const struct kaon_own kaon_own_einsum = { .prepare = prepare_einsum };
