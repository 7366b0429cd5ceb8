/* Reductions. What is reduced is brought into one of two forms, (rows, n) reduced along n or
 * (outer, n, inner) reduced along n; where neither fits, the axes are first moved so that the first
 * does. The order of additions depends on the shape alone. float64 and integers are plain loops. */
#include "backends/own/convert.h"
#include "backends/own/copy.h"

#include <math.h>
#include <string.h>

/* y (outer, inner) from x (outer, n, inner). */
typedef void typed_fn(enum kaon_reduce what, void *y, const void *x, size_t outer, size_t n,
                      size_t inner);

#define T int8_t
#define NAME reduce_i8
#include "backends/own/reduce_body.inc"
#define T int32_t
#define NAME reduce_i32
#include "backends/own/reduce_body.inc"
#define T int64_t
#define NAME reduce_i64
#include "backends/own/reduce_body.inc"
#define T uint8_t
#define NAME reduce_u8
#include "backends/own/reduce_body.inc"
#define T uint32_t
#define NAME reduce_u32
#include "backends/own/reduce_body.inc"
#define T uint64_t
#define NAME reduce_u64
#include "backends/own/reduce_body.inc"

/* NaN wins in MAX and MIN, as in the float32 kernels. */
static double step_f64(enum kaon_reduce what, double sum, double v)
{
    switch (what) {
    case KAON_REDUCE_MAX:
        return isnan(sum) || sum > v ? sum : v;
    case KAON_REDUCE_MIN:
        return isnan(sum) || sum < v ? sum : v;
    case KAON_REDUCE_PROD:
        return sum * v;
    case KAON_REDUCE_SUM_SQUARE:
    case KAON_REDUCE_L2:
        return fma(v, v, sum);
    case KAON_REDUCE_L1:
        return sum + fabs(v);
    default:
        return sum + v;
    }
}

static double line_f64(enum kaon_reduce what, const double *x, size_t n, size_t inner)
{
    double sum = what == KAON_REDUCE_MAX   ? (double)-INFINITY
                 : what == KAON_REDUCE_MIN ? (double)INFINITY
                                           : what == KAON_REDUCE_PROD;
    double most = 0.0;
    if (what == KAON_REDUCE_LOG_SUM_EXP) {
        most = line_f64(KAON_REDUCE_MAX, x, n, inner);
        if (isinf(most) || isnan(most))
            return most;
        for (size_t i = 0; i < n; i++)
            sum += exp(x[i * inner] - most);
        return most + log(sum);
    }
    for (size_t i = 0; i < n; i++)
        sum = step_f64(what, sum, x[i * inner]);
    return what == KAON_REDUCE_MEAN      ? sum / (double)n
           : what == KAON_REDUCE_L2      ? sqrt(sum)
           : what == KAON_REDUCE_LOG_SUM ? log(sum)
                                         : sum;
}

static void reduce_f64(enum kaon_reduce what, void *y, const void *x, size_t outer, size_t n,
                       size_t inner)
{
    for (size_t o = 0; o < outer; o++)
        for (size_t j = 0; j < inner; j++)
            ((double *)y)[o * inner + j] =
                line_f64(what, (const double *)x + o * n * inner + j, n, inner);
}

static typed_fn *const typed[KAON_OWN_TYPES] = {
    [KAON_F64] = reduce_f64, [KAON_I8] = reduce_i8,   [KAON_I32] = reduce_i32,
    [KAON_I64] = reduce_i64, [KAON_U8] = reduce_u8,   [KAON_U32] = reduce_u32,
    [KAON_U64] = reduce_u64, [KAON_BOOL] = reduce_u8,
};

struct reduce {
    enum kaon_reduce what;
    typed_fn *fn; /* NULL: float32 */
    size_t outer, n, inner, count;
    bool late;  /* the axes are not constant: planned when running */
    bool moves; /* by `move`, into scratch */
    struct kaon_copy move;
    size_t wide_at, out_at; /* narrow floats: the input and output as float32, in scratch */
};

static enum kaon_reduce kind_of(enum kaon_op_kind kind)
{
    return (enum kaon_reduce)((int)kind - KAON_OP_reduce_sum);
}

_Static_assert(KAON_OP_reduce_mean - KAON_OP_reduce_sum == (int)KAON_REDUCE_MEAN &&
                   KAON_OP_reduce_max - KAON_OP_reduce_sum == (int)KAON_REDUCE_MAX &&
                   KAON_OP_reduce_prod - KAON_OP_reduce_sum == (int)KAON_REDUCE_PROD &&
                   KAON_OP_reduce_l1 - KAON_OP_reduce_sum == (int)KAON_REDUCE_L1 &&
                   KAON_OP_reduce_log_sum_exp - KAON_OP_reduce_sum == (int)KAON_REDUCE_LOG_SUM_EXP,
               "op.inc lists the reductions in the kernels' order");

static void reduce(const struct reduce *r, void *y, const void *x,
                   const struct kaon_kernels *kernels)
{
    if (r->fn) {
        r->fn(r->what, y, x, r->outer, r->n, r->inner);
        return;
    }
    if (r->inner == 1) {
        kernels->reduce_rows[r->what](y, x, r->outer, r->n);
        return;
    }
    for (size_t o = 0; o < r->outer; o++)
        kernels->reduce_columns[r->what]((float *)y + o * r->inner,
                                         (const float *)x + o * r->n * r->inner, r->n, r->inner);
}

/* Which axes go: all, none, or those listed. */
static enum kaon_status mark(const struct kaon_call *call, bool *gone, struct kaon_msg *msg)
{
    const struct kaon_reduction *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *in = kaon_own_in(call, 1);
    const int64_t n = a->n >= 0 ? a->n : in ? (int64_t)kaon_own_count(in) : 0;
    for (int32_t i = 0; i < x->rank; i++)
        gone[i] = n == 0 && !a->noop_if_empty;
    for (int64_t i = 0; i < n; i++) {
        const int64_t axis = a->n >= 0 ? a->axes[i] : kaon_element_int(in->type, in->data, i);
        if (axis < -(int64_t)x->rank || axis >= x->rank)
            return kaon_own_fail(call, msg, KAON_BAD_MODEL, "axis %lld is outside rank %d",
                                 (long long)axis, (int)x->rank);
        gone[kaon_own_axis(axis, x->rank)] = true;
    }
    return KAON_OK;
}

/* (outer, n, inner) of a shape whose reduced axes stand together; false if they do not. */
static bool together(struct reduce *r, const struct kaon_tensor *x, const bool *gone)
{
    int part = 0; /* 0: before, 1: in, 2: behind what is reduced */
    r->outer = r->n = r->inner = 1;
    for (int32_t i = 0; i < x->rank; i++) {
        const size_t n = (size_t)x->dims[i];
        if (n == 1)
            continue;
        if (part == 0 && gone[i])
            part = 1;
        else if (part == 1 && !gone[i])
            part = 2;
        else if (part == 2 && gone[i])
            return false;
        *(part == 0 ? &r->outer : part == 1 ? &r->n : &r->inner) *= n;
    }
    return true;
}

/* A copy that puts the axes that stay first and those that go last. */
static void plan_move(struct reduce *r, const struct kaon_tensor *x, const bool *gone, size_t bytes)
{
    ptrdiff_t from[KAON_MAX_RANK];
    int64_t length[2] = { 1, 1 };
    struct kaon_copy *c = &r->move;
    kaon_copy_steps(from, x->rank, x->dims);
    c->bytes = bytes;
    for (int pass = 0; pass < 2; pass++)
        for (int32_t i = 0; i < x->rank; i++)
            if (gone[i] == (pass == 1)) {
                c->dims[c->rank] = x->dims[i];
                c->src_step[c->rank++] = from[i];
                length[pass] *= x->dims[i];
            }
    kaon_copy_steps(c->dst_step, c->rank, c->dims);
    kaon_copy_simplify(c);
    r->moves = true;
    r->outer = (size_t)length[0];
    r->n = (size_t)length[1];
    r->inner = 1;
}

static size_t element_bytes(enum kaon_type type)
{
    return type == KAON_F16 || type == KAON_BF16 ? sizeof(float) : kaon_type_bytes(type);
}

/* The form of the sums, from the axes. */
static enum kaon_status plan(struct reduce *r, const struct kaon_call *call, struct kaon_msg *msg)
{
    bool gone[KAON_MAX_RANK] = { false };
    const struct kaon_tensor *x = call->in[0];
    const enum kaon_status st = mark(call, gone, msg);
    if (st != KAON_OK)
        return st;
    r->move.rank = 0;
    if (!together(r, x, gone))
        plan_move(r, x, gone, element_bytes(x->type));
    return KAON_OK;
}

static enum kaon_status run_reduce(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct reduce *r = step->args;
    struct reduce now;
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const bool narrow = x->type == KAON_F16 || x->type == KAON_BF16;
    const size_t n_out = kaon_own_count(y);
    char *scratch = step->scratch;
    const void *from = x->data;
    void *to = narrow ? scratch + r->out_at : y->data;
    if (n_out == 0)
        return KAON_OK;
    if (r->late) {
        now = *r;
        const enum kaon_status st = plan(&now, &step->call, msg);
        if (st != KAON_OK)
            return st;
        if (now.outer * now.inner != n_out)
            return kaon_own_fail(&step->call, msg, KAON_BAD_INPUT, "%zu results, planned were %zu",
                                 now.outer * now.inner, n_out);
        r = &now;
    }
    if (narrow) {
        kaon_convert(KAON_F32, scratch + r->wide_at, x->type, x->data, r->count, false);
        from = scratch + r->wide_at;
    }
    if (r->moves) {
        kaon_copy_run(&r->move, scratch, from, step->call.kernels);
        from = scratch;
    }
    reduce(r, to, from, step->call.kernels);
    if (narrow)
        kaon_convert(y->type, y->data, KAON_F32, to, n_out, false);
    return KAON_OK;
}

static enum kaon_status prepare_reduce(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *x = call->in[0];
    const bool narrow = x->type == KAON_F16 || x->type == KAON_BF16;
    struct reduce *r = kaon_own_args(step, memory, sizeof *r, msg);
    if (!r)
        return KAON_NO_MEMORY;
    r->what = kind_of(call->op->kind);
    r->fn = (unsigned)x->type < KAON_OWN_TYPES ? typed[x->type] : NULL;
    if (!r->fn && !narrow && x->type != KAON_F32)
        return kaon_own_no_type(call, x->type, msg);
    r->count = kaon_own_count(x);
    r->late = kaon_own_in(call, 1) && !call->constant[1] && kaon_own_count(call->in[1]);
    const enum kaon_status st = r->late ? KAON_OK : plan(r, call, msg);
    if (st != KAON_OK)
        return st;
    r->wide_at = r->moves || r->late ? r->count * element_bytes(x->type) : 0;
    r->out_at = r->wide_at + (narrow ? r->count * sizeof(float) : 0);
    step->run = run_reduce;
    return kaon_own_scratch(
        step, 1, r->out_at + (narrow ? kaon_own_count(call->out[0]) * sizeof(float) : 0), msg);
}

const struct kaon_own kaon_own_reduce_sum = { .prepare = prepare_reduce };
const struct kaon_own kaon_own_reduce_mean = { .prepare = prepare_reduce };
const struct kaon_own kaon_own_reduce_max = { .prepare = prepare_reduce };
const struct kaon_own kaon_own_reduce_min = { .prepare = prepare_reduce };
const struct kaon_own kaon_own_reduce_prod = { .prepare = prepare_reduce };
const struct kaon_own kaon_own_reduce_sum_square = { .prepare = prepare_reduce };
const struct kaon_own kaon_own_reduce_l1 = { .prepare = prepare_reduce };
const struct kaon_own kaon_own_reduce_l2 = { .prepare = prepare_reduce };
const struct kaon_own kaon_own_reduce_log_sum = { .prepare = prepare_reduce };
const struct kaon_own kaon_own_reduce_log_sum_exp = { .prepare = prepare_reduce };
