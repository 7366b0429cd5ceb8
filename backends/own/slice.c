/* Slice and Pad. Their numbers may be inputs that are known only when running. */
#include "backends/own/copy.h"

#include <string.h>

/* ---- Slice ----------------------------------------------------------------------------------- */

static int64_t listed(const struct kaon_call *call, size_t i, const int64_t *attr, int64_t at,
                      int64_t otherwise)
{
    const struct kaon_tensor *t = kaon_own_in(call, i);
    if (attr)
        return attr[at];
    return t ? kaon_element_int(t->type, t->data, at) : otherwise;
}

/* The copy that a slice is; fails if it does not give the output's shape. */
static enum kaon_status plan_slice(const struct kaon_call *call, struct kaon_copy *c,
                                   struct kaon_msg *msg)
{
    const struct kaon_slice *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *y = call->out[0];
    const int64_t n = a->n >= 0 ? a->n : (int64_t)kaon_own_count(call->in[1]);
    ptrdiff_t from[KAON_MAX_RANK];
    int64_t length[KAON_MAX_RANK];
    memset(c, 0, sizeof *c);
    c->bytes = kaon_type_bytes(x->type);
    c->rank = x->rank;
    kaon_copy_steps(c->dst_step, y->rank, y->dims);
    kaon_copy_steps(from, x->rank, x->dims);
    memcpy(length, x->dims, sizeof length);
    memcpy(c->dims, y->dims, sizeof y->dims);
    memcpy(c->src_step, from, sizeof from);
    for (int64_t i = 0; i < n; i++) {
        int64_t start = listed(call, 1, a->starts, i, 0);
        const int64_t end = listed(call, 2, a->ends, i, 0), at = listed(call, 3, a->axes, i, i),
                      by = listed(call, 4, NULL, i, 1);
        if (at < -(int64_t)x->rank || at >= x->rank || by == 0)
            return kaon_own_fail(call, msg, KAON_BAD_INPUT, "axis %lld of rank %d, step %lld",
                                 (long long)at, (int)x->rank, (long long)by);
        const int32_t axis = kaon_own_axis(at, x->rank);
        length[axis] = kaon_slice_length(x->dims[axis], &start, end, by);
        if (length[axis] > 0)
            c->from += start * from[axis];
        c->src_step[axis] = length[axis] > 1 ? (ptrdiff_t)by * from[axis] : 0;
    }
    for (int32_t i = 0; i < x->rank; i++)
        if (length[i] != y->dims[i])
            return kaon_own_fail(call, msg, KAON_BAD_INPUT, "axis %d gives %lld, planned were %lld",
                                 (int)i, (long long)length[i], (long long)y->dims[i]);
    kaon_copy_simplify(c);
    return KAON_OK;
}

static enum kaon_status run_slice(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_copy *c = step->args;
    struct kaon_copy now;
    if (!c) {
        const enum kaon_status st = plan_slice(&step->call, &now, msg);
        if (st != KAON_OK)
            return st;
        c = &now;
    }
    kaon_copy_run(c, step->call.out[0]->data, step->call.in[0]->data, step->call.kernels);
    return KAON_OK;
}

static enum kaon_status prepare_slice(struct kaon_step *step, struct kaon_arena *memory,
                                      struct kaon_msg *msg)
{
    step->run = run_slice;
    for (size_t i = 1; i < step->call.n_in; i++)
        if (step->call.in[i] && !step->call.constant[i])
            return KAON_OK;
    struct kaon_copy *c = kaon_own_args(step, memory, sizeof *c, msg);
    return c ? plan_slice(&step->call, c, msg) : KAON_NO_MEMORY;
}

const struct kaon_own kaon_own_slice = { .prepare = prepare_slice };

/* ---- Pad ------------------------------------------------------------------------------------- */

/* For every axis and every index of the output, the index of the input (scratch), -1: the value. */
struct pad {
    const struct kaon_tensor *x, *y;
    const int64_t *map[KAON_MAX_RANK];
    ptrdiff_t from[KAON_MAX_RANK], to[KAON_MAX_RANK];
    size_t bytes;
    char value[8];
};

static int64_t source(enum kaon_pad_mode mode, int64_t at, int64_t n)
{
    if (at >= 0 && at < n)
        return at;
    if (mode == KAON_PAD_CONSTANT || n == 0)
        return -1;
    if (mode == KAON_PAD_EDGE)
        return at < 0 ? 0 : n - 1;
    if (mode == KAON_PAD_WRAP)
        return (at % n + n) % n;
    if (n == 1)
        return 0;
    const int64_t period = 2 * (n - 1), r = (at % period + period) % period;
    return r < n ? r : period - r;
}

static void fill(char *y, const char *value, size_t bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        memcpy(y + i * bytes, value, bytes);
}

static void pad_line(const struct pad *p, int32_t k, char *y, const char *x)
{
    const int64_t n = p->y->dims[k], *map = p->map[k];
    for (int64_t i = 0; i < n;) {
        int64_t run = 1;
        while (i + run < n && map[i] >= 0 && map[i + run] == map[i] + run)
            run++;
        if (map[i] < 0)
            memcpy(y + (size_t)i * p->bytes, p->value, p->bytes);
        else
            memcpy(y + (size_t)i * p->bytes, x + (size_t)map[i] * p->bytes, (size_t)run * p->bytes);
        i += run;
    }
}

static void pad_walk(const struct pad *p, int32_t k, char *y, const char *x)
{
    if (k == p->y->rank - 1) {
        pad_line(p, k, y, x);
        return;
    }
    for (int64_t i = 0; i < p->y->dims[k]; i++) {
        char *to = y + i * p->to[k] * (ptrdiff_t)p->bytes;
        if (p->map[k][i] < 0)
            fill(to, p->value, p->bytes, (size_t)p->to[k]);
        else
            pad_walk(p, k + 1, to, x + p->map[k][i] * p->from[k] * (ptrdiff_t)p->bytes);
    }
}

/* The value as an element; before opset 11 it is a float attribute. */
static void pad_value(const struct kaon_call *call, char *value)
{
    const struct kaon_pad *a = call->attr;
    const struct kaon_tensor *v = kaon_own_in(call, 2);
    const enum kaon_type type = call->in[0]->type;
    memset(value, 0, 8);
    if (v)
        memcpy(value, v->data, kaon_type_bytes(type));
    else if (type == KAON_F32)
        memcpy(value, &a->value, sizeof a->value);
    else if (type == KAON_F64)
        memcpy(value, &(double){ (double)a->value }, sizeof(double));
    else if (type == KAON_F16)
        memcpy(value, &(uint16_t){ kaon_f16_from_f32(a->value) }, sizeof(uint16_t));
}

static enum kaon_status run_pad(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_pad *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *y = call->out[0], *axes = kaon_own_in(call, 3);
    const int64_t n_axes = axes ? (int64_t)kaon_own_count(axes) : x->rank;
    int64_t begin[KAON_MAX_RANK] = { 0 }, end[KAON_MAX_RANK] = { 0 };
    struct pad p = { .x = x, .y = y, .bytes = kaon_type_bytes(x->type) };
    int64_t *map = step->scratch;
    if (kaon_own_count(y) == 0)
        return KAON_OK;
    for (int64_t i = 0; i < n_axes; i++) {
        const int64_t at = axes ? kaon_element_int(axes->type, axes->data, i) : i;
        if (at < -(int64_t)x->rank || at >= x->rank)
            return kaon_own_fail(call, msg, KAON_BAD_INPUT, "axis %lld of rank %d", (long long)at,
                                 (int)x->rank);
        begin[kaon_own_axis(at, x->rank)] = listed(call, 1, a->n < 0 ? NULL : a->pads, i, 0);
        end[kaon_own_axis(at, x->rank)] = listed(call, 1, a->n < 0 ? NULL : a->pads, i + n_axes, 0);
    }
    pad_value(call, p.value);
    kaon_copy_steps(p.from, x->rank, x->dims);
    kaon_copy_steps(p.to, y->rank, y->dims);
    for (int32_t k = 0; k < x->rank; k++) {
        if (x->dims[k] + begin[k] + end[k] != y->dims[k])
            return kaon_own_fail(call, msg, KAON_BAD_INPUT,
                                 "pads %lld and %lld give %lld, planned %lld", (long long)begin[k],
                                 (long long)end[k], (long long)(x->dims[k] + begin[k] + end[k]),
                                 (long long)y->dims[k]);
        p.map[k] = map;
        for (int64_t i = 0; i < y->dims[k]; i++)
            *map++ = source(a->mode, i - begin[k], x->dims[k]);
    }
    if (y->rank)
        pad_walk(&p, 0, y->data, x->data);
    else
        memcpy(y->data, x->data, p.bytes);
    return KAON_OK;
}

static enum kaon_status prepare_pad(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    const struct kaon_tensor *y = step->call.out[0];
    size_t n = 0;
    (void)memory;
    for (int32_t i = 0; i < y->rank; i++)
        n += (size_t)y->dims[i];
    const struct kaon_tensor *value = kaon_own_in(&step->call, 2);
    if (kaon_type_bytes(y->type) > 8 || (value && value->type != y->type))
        return kaon_own_no_type(&step->call, value ? value->type : y->type, msg);
    if (value && kaon_own_count(value) != 1)
        return kaon_own_fail(&step->call, msg, KAON_BAD_MODEL, "the value is not one number");
    step->run = run_pad;
    return kaon_own_scratch(step, n, sizeof(int64_t), msg);
}

const struct kaon_own kaon_own_pad = { .prepare = prepare_pad };
