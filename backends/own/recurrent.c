/* RNN, GRU, LSTM.
 *
 * Of each direction, the inputs' part of all gates is one product over some steps, where these lie one behind
 * the other, else over all; then each step adds the state's part and runs the cell, row by row of the batch.
 * Rows end at their own lengths: a row that has ended keeps its state and gives zeros. In the reverse direction
 * a row starts at its own end.
 * Results of a row do not depend on the other rows. */
#include "backends/own/wide.h"

#include <string.h>

enum { X, W, R, B, LENGTHS, INITIAL_H, INITIAL_C, PEEPHOLES }; /* inputs */

/* Rows of gates that a product over inputs makes at a time: enough to share the weights, few enough for the second
 * cache. */
enum { PART_ROWS = 64 };
/* Rows whose gates stay in the first cache from the product to the cell; whole tiles of it. */
enum { CELL_ROWS = 14 };

struct recurrent {
    struct kaon_wide wide; /* first */
    const struct kaon_recurrent *attr;
    size_t steps, batch, inputs, hidden, gates, directions,
        each;      /* each: activations a direction */
    size_t span;   /* steps whose inputs' part is made at a time */
    bool together; /* all rows are at the same step, their parts one behind the other */
    /* floats into scratch */
    size_t packed_w, bias, parts, now, h, c, extra;
};

/* What a direction works on. */
struct side {
    const struct recurrent *p;
    const struct kaon_kernels *kernels;
    const float *w, *r, *r_h; /* packed: inputs; state; of GRU the candidate's part of the state */
    const float *bias, *r_bias; /* r_bias: of the candidate, added before the reset gate */
    const float *peepholes;
    size_t direction, first_act;
    size_t from; /* first of the steps whose parts are there */
    float *parts, *now, *h, *c, *extra;
};

/* GRU multiplies the state for its two gates and for its candidate apart. */
static size_t state_gates(const struct recurrent *p)
{
    return p->gates == 3 ? 2 : p->gates;
}

/* Floats of one direction's packed weights. */
static size_t packed_floats(size_t inputs, size_t hidden, size_t gates)
{
    const size_t n = gates * hidden, apart = gates == 3 ? 2 * hidden : n;
    return kaon_gemm_packed_floats(inputs, n) + kaon_gemm_packed_floats(hidden, apart) +
           (gates == 3 ? kaon_gemm_packed_floats(hidden, hidden) : 0);
}

/* W (gates x hidden, inputs) and R (gates x hidden, hidden) of a direction, as right-hand sides. */
static void pack_direction(const struct kaon_kernels *kernels, float *out, const float *w,
                           const float *r, size_t inputs, size_t hidden, size_t gates)
{
    const size_t n = gates * hidden, apart = gates == 3 ? 2 * hidden : n;
    kernels->gemm_pack(out, w, 1, (ptrdiff_t)inputs, inputs, n);
    out += kaon_gemm_packed_floats(inputs, n);
    kernels->gemm_pack(out, r, 1, (ptrdiff_t)hidden, hidden, apart);
    out += kaon_gemm_packed_floats(hidden, apart);
    if (gates == 3)
        kernels->gemm_pack(out, r + apart * hidden, 1, (ptrdiff_t)hidden, hidden, hidden);
}

/* ---- activations ----------------------------------------------------------------------------- */

static void activate_unclipped(const struct side *s, size_t which, float *y, const float *x,
                               size_t n)
{
    static const enum kaon_unary kernel[KAON_CELL_FNS] = {
        [KAON_CELL_SIGMOID] = KAON_UNARY_SIGMOID,
        [KAON_CELL_TANH] = KAON_UNARY_TANH,
        [KAON_CELL_RELU] = KAON_UNARY_RELU,
        [KAON_CELL_AFFINE] = KAON_UNARY_AFFINE,
        [KAON_CELL_LEAKY_RELU] = KAON_UNARY_LEAKY_RELU,
        [KAON_CELL_THRESHOLDED_RELU] = KAON_UNARY_THRESHOLDED_RELU,
        [KAON_CELL_SCALED_TANH] = KAON_UNARY_TANH,
        [KAON_CELL_HARD_SIGMOID] = KAON_UNARY_HARD_SIGMOID,
        [KAON_CELL_ELU] = KAON_UNARY_ELU,
        [KAON_CELL_SOFTSIGN] = KAON_UNARY_SOFTSIGN,
        [KAON_CELL_SOFTPLUS] = KAON_UNARY_SOFTPLUS,
    };
    const size_t at = s->first_act + which;
    const enum kaon_cell_fn fn = s->p->attr->act[at].fn;
    const float a = s->p->attr->act[at].a, b = s->p->attr->act[at].b;
    kaon_unary_fn *const *unary = s->kernels->unary;
    if (fn == KAON_CELL_SCALED_TANH) { /* a tanh(b x) */
        unary[KAON_UNARY_AFFINE](y, x, n, b, 0.0f);
        unary[KAON_UNARY_TANH](y, y, n, 0.0f, 0.0f);
        unary[KAON_UNARY_AFFINE](y, y, n, a, 0.0f);
        return;
    }
    unary[kernel[fn]](y, x, n, a, b);
}

/* What a gate's activation takes is clipped; the cell of an LSTM is not (as in ONNX Runtime). */
static void activate(const struct side *s, size_t which, float *y, const float *x, size_t n)
{
    const float clip = s->p->attr->clip;
    if (clip > 0.0f) {
        s->kernels->unary[KAON_UNARY_CLIP](y, x, n, -clip, clip);
        x = y;
    }
    activate_unclipped(s, which, y, x, n);
}

/* y += a b, two roundings, element by element. */
static void add_product(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a[i] * b[i];
}

/* ---- cells: one row; g are its gates before activation --------------------------------------- */

static void cell_rnn(const struct side *s, size_t row, float *g)
{
    activate(s, 0, s->h + row * s->p->hidden, g, s->p->hidden);
}

static void cell_lstm(const struct side *s, size_t row, float *g)
{
    const size_t n = s->p->hidden;
    float *i = g, *o = g + n, *f = g + 2 * n, *candidate = g + 3 * n;
    float *c = s->c + row * n, *h = s->h + row * n;
    const float *p = s->peepholes; /* input, output, forget */
    if (p) {
        add_product(i, p, c, n);
        add_product(f, p + 2 * n, c, n);
    }
    if (p) {
        activate(s, 0, i, i, n);
        activate(s, 0, f, f, n);
    } else {
        activate(s, 0, i, i, 3 * n); /* the output gate waits for nothing */
    }
    activate(s, 1, candidate, candidate, n);
    for (size_t k = 0; k < n; k++) {
        const float forget = s->p->attr->couple_input_forget ? 1.0f - i[k] : f[k];
        c[k] = forget * c[k] + i[k] * candidate[k];
    }
    if (p) {
        add_product(o, p + n, c, n);
        activate(s, 0, o, o, n);
    }
    activate_unclipped(s, 2, f, c, n); /* f is free now */
    for (size_t k = 0; k < n; k++)
        h[k] = o[k] * f[k];
}

/* Update and reset gates are ready; the candidate's state part is in `extra`, or with
 * linear_before_reset still lacks the reset gate. */
static void cell_gru(const struct side *s, size_t row, float *g)
{
    const size_t n = s->p->hidden;
    const float *z = g, *r = g + n;
    float *candidate = g + 2 * n, *h = s->h + row * n;
    const float *extra = s->extra + row * n;
    for (size_t k = 0; k < n; k++)
        candidate[k] += s->p->attr->linear_before_reset ? r[k] * extra[k] : extra[k];
    activate(s, 1, candidate, candidate, n);
    for (size_t k = 0; k < n; k++)
        h[k] = (1.0f - z[k]) * candidate[k] + z[k] * h[k];
}

/* The candidate's state part of some rows, after the gates: R (r h), or R h + bias with linear_before_reset. */
static void gru_candidate(const struct side *s, size_t first, size_t rows)
{
    const size_t n = s->p->hidden, width = 3 * n;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    const float *state = s->h + first * n;
    for (size_t b = 0; b < rows; b++)
        activate(s, 0, s->now + b * width, s->now + b * width, 2 * n);
    if (!s->p->attr->linear_before_reset) {
        float *reset = s->extra + (s->p->batch + first) * n;
        for (size_t b = 0; b < rows; b++)
            s->kernels->binary[KAON_BINARY_MUL](reset + b * n, s->now + b * width + n, 1,
                                                state + b * n, 1, n);
        state = reset;
    }
    e.bias = s->r_bias;
    s->kernels->gemm(s->extra + first * n, n, state, n, s->r_h, rows, n, n, &e);
}

/* ---- a direction ----------------------------------------------------------------------------- */

/* Row of x or its part for batch row b at step t. */
static size_t at_step(const struct recurrent *p, size_t t, size_t b)
{
    return p->attr->batch_first ? b * p->steps + t : t * p->batch + b;
}

static size_t length_of(const struct kaon_call *call, const struct recurrent *p, size_t b)
{
    const struct kaon_tensor *t = kaon_own_in(call, LENGTHS);
    const int64_t n = t ? kaon_element_int(t->type, t->data, (int64_t)b) : (int64_t)p->steps;
    return n < 0 ? 0 : n > (int64_t)p->steps ? p->steps : (size_t)n;
}

static float *place_y(const struct recurrent *p, float *y, size_t t, size_t direction, size_t b)
{
    const size_t n = p->hidden, d = p->directions;
    return y + (p->attr->batch_first ? (b * p->steps + t) * d + direction
                                     : (t * d + direction) * p->batch + b) *
                   n;
}

static size_t place_state(const struct recurrent *p, size_t direction, size_t b)
{
    return (p->attr->batch_first ? b * p->directions + direction : direction * p->batch + b) *
           p->hidden;
}

static bool is_reverse(const struct side *s)
{
    return s->p->attr->direction == KAON_REVERSE || s->direction == 1;
}

/* The step of the input that row b takes. */
static size_t time_of(const struct side *s, const struct kaon_call *call, size_t step, size_t b)
{
    const size_t n = length_of(call, s->p, b);
    return is_reverse(s) && step < n ? n - 1 - step : step;
}

/* The inputs' part of a step for some rows, `width` apart. */
static const float *gather_parts(const struct side *s, const struct kaon_call *call, size_t step,
                                 size_t first, size_t rows)
{
    const struct recurrent *p = s->p;
    const size_t width = p->gates * p->hidden;
    if (p->together)
        return s->parts + ((time_of(s, call, step, 0) - s->from) * p->batch + first) * width;
    for (size_t i = 0; i < rows; i++)
        memcpy(s->now + i * width,
               s->parts + at_step(p, time_of(s, call, step, first + i), first + i) * width,
               width * sizeof(float));
    return s->now;
}

/* Row b's cell from its gates, and its result. */
static void run_row(const struct side *s, const struct kaon_call *call, size_t step, size_t b,
                    float *g, float *y)
{
    const struct recurrent *p = s->p;
    const size_t n = length_of(call, p, b), t = time_of(s, call, step, b);
    if (step < n)
        (p->gates == 1 ? cell_rnn : p->gates == 3 ? cell_gru : cell_lstm)(s, b, g);
    if (y && step < n)
        memcpy(place_y(p, y, t, s->direction, b), s->h + b * p->hidden, p->hidden * sizeof(float));
    else if (y)
        memset(place_y(p, y, t, s->direction, b), 0, p->hidden * sizeof(float));
}

static void run_rows(const struct side *s, const struct kaon_call *call, size_t step, size_t first,
                     size_t rows, float *y)
{
    const struct recurrent *p = s->p;
    const size_t width = p->gates * p->hidden, state = state_gates(p) * p->hidden;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    e.residual = gather_parts(s, call, step, first, rows);
    e.ldr = width;
    s->kernels->gemm(s->now, width, s->h + first * p->hidden, p->hidden, s->r, rows, state,
                     p->hidden, &e);
    for (size_t i = 0; state < width && e.residual != s->now && i < rows; i++)
        memcpy(s->now + i * width + state, e.residual + i * width + state,
               (width - state) * sizeof(float));
    if (p->gates == 3)
        gru_candidate(s, first, rows);
    for (size_t i = 0; i < rows; i++)
        run_row(s, call, step, first + i, s->now + i * width, y);
}

/* The biases of inputs and state together; of a GRU with linear_before_reset the candidate's state
 * bias stays apart. */
static void join_biases(struct side *s, float *out, const float *in)
{
    const struct recurrent *p = s->p;
    const size_t n = p->gates * p->hidden;
    const bool apart = p->gates == 3 && p->attr->linear_before_reset;
    s->bias = s->r_bias = NULL;
    if (!in)
        return;
    for (size_t i = 0; i < n; i++)
        out[i] = apart && i >= 2 * p->hidden ? in[i] : in[i] + in[n + i];
    s->bias = out;
    s->r_bias = apart ? in + n + 2 * p->hidden : NULL;
}

static void load_state(const struct side *s, float *state, const float *initial)
{
    const size_t n = s->p->hidden;
    for (size_t b = 0; b < s->p->batch; b++)
        if (initial)
            memcpy(state + b * n, initial + place_state(s->p, s->direction, b), n * sizeof *state);
        else
            memset(state + b * n, 0, n * sizeof *state);
}

static void store_state(const struct side *s, float *out, const float *state)
{
    const size_t n = s->p->hidden;
    for (size_t b = 0; out && b < s->p->batch; b++)
        memcpy(out + place_state(s->p, s->direction, b), state + b * n, n * sizeof *out);
}

static void run_direction(const struct kaon_step *step, struct side *s, const float *const *in,
                          float *const *out, float *scratch)
{
    const struct recurrent *p = s->p;
    const size_t n = p->gates * p->hidden, d = s->direction;
    const size_t all = packed_floats(p->inputs, p->hidden, p->gates);
    const float *packed = step->call.packed;
    struct kaon_epilogue e = KAON_EPILOGUE_NONE;
    if (packed) {
        packed += d * all;
    } else {
        pack_direction(s->kernels, scratch + p->packed_w, in[W] + d * n * p->inputs,
                       in[R] + d * n * p->hidden, p->inputs, p->hidden, p->gates);
        packed = scratch + p->packed_w;
    }
    s->w = packed;
    s->r = s->w + kaon_gemm_packed_floats(p->inputs, n);
    s->r_h = s->r + kaon_gemm_packed_floats(p->hidden, state_gates(p) * p->hidden);
    s->peepholes = in[PEEPHOLES] ? in[PEEPHOLES] + d * 3 * p->hidden : NULL;
    join_biases(s, scratch + p->bias, in[B] ? in[B] + d * 2 * n : NULL);
    e.bias = s->bias;
    load_state(s, s->h, in[INITIAL_H]);
    if (s->c)
        load_state(s, s->c, in[INITIAL_C]);
    for (size_t t = 0; t < p->steps; t += p->span) {
        const size_t some = p->steps - t < p->span ? p->steps - t : p->span;
        s->from = is_reverse(s) && p->span < p->steps ? p->steps - t - some : t;
        s->kernels->gemm(s->parts, n, in[X] + s->from * p->batch * p->inputs, p->inputs, s->w,
                         some * p->batch, n, p->inputs, &e);
        for (size_t k = 0; k < some; k++)
            for (size_t b = 0; b < p->batch; b += CELL_ROWS)
                run_rows(s, &step->call, t + k, b,
                         p->batch - b < CELL_ROWS ? p->batch - b : CELL_ROWS, out[0]);
    }
    store_state(s, out[1], s->h);
    if (s->c)
        store_state(s, out[2], s->c);
}

static enum kaon_status run_recurrent(const struct kaon_step *step, const float *const *in,
                                      float *const *out, void *scratch, struct kaon_msg *msg)
{
    const struct recurrent *p = step->args;
    float *floats = scratch;
    (void)msg;
    for (size_t d = 0; d < p->directions; d++) {
        struct side s = {
            .p = p,
            .kernels = step->call.kernels,
            .direction = d,
            .first_act = d * p->each,
            .parts = floats + p->parts,
            .now = floats + p->now,
            .h = floats + p->h,
            .c = p->gates == 4 ? floats + p->c : NULL,
            .extra = floats + p->extra,
        };
        run_direction(step, &s, in, out, floats);
    }
    return KAON_OK;
}

static size_t take(size_t *used, size_t floats)
{
    const size_t at = *used;
    *used += floats;
    return at;
}

static size_t gates_of(const struct kaon_call *call)
{
    return call->op->kind == KAON_OP_rnn ? 1 : call->op->kind == KAON_OP_gru ? 3 : 4;
}

static size_t span_of(const struct recurrent *p)
{
    const size_t fit = p->batch && p->batch < PART_ROWS ? PART_ROWS / p->batch : 1;
    return p->together && fit < p->steps ? fit : p->steps;
}

static enum kaon_status prepare_recurrent(struct kaon_step *step, struct kaon_arena *memory,
                                          struct kaon_msg *msg)
{
    const struct kaon_call *call = &step->call;
    const struct kaon_tensor *x = call->in[X], *r = call->in[R];
    struct recurrent *p = kaon_own_args(step, memory, sizeof *p, msg);
    size_t used = 0;
    if (!p)
        return KAON_NO_MEMORY;
    p->attr = call->attr;
    p->steps = (size_t)x->dims[p->attr->batch_first];
    p->batch = (size_t)x->dims[!p->attr->batch_first];
    p->inputs = (size_t)x->dims[2];
    p->hidden = (size_t)r->dims[2];
    p->gates = gates_of(call);
    p->directions = p->attr->direction == KAON_BIDIRECTIONAL ? 2 : 1;
    p->each = p->gates == 1 ? 1 : p->gates - 1;
    const size_t rows = p->batch * p->hidden, width = p->gates * p->hidden;
    p->together = !kaon_own_in(call, LENGTHS) && (!p->attr->batch_first || p->batch == 1);
    p->span = span_of(p);
    if (!call->packed)
        p->packed_w = take(&used, packed_floats(p->inputs, p->hidden, p->gates));
    p->bias = take(&used, width);
    p->parts = take(&used, p->span * p->batch * width);
    p->now = take(&used, (p->batch < CELL_ROWS ? p->batch : CELL_ROWS) * width);
    p->h = take(&used, rows);
    p->c = take(&used, p->gates == 4 ? rows : 0);
    p->extra = take(&used, p->gates == 3 ? 2 * rows : 0);
    step->kernel = call->packed ? "gemm, packed" : "gemm";
    step->macs = (uint64_t)p->directions * p->steps * p->batch * width * (p->inputs + p->hidden);
    p->wide.others = 1u << LENGTHS;
    return kaon_wide_prepare(step, &p->wide, run_recurrent, used * sizeof(float), msg);
}

static enum kaon_status pack_recurrent(const struct kaon_call *call, struct kaon_arena *memory,
                                       const void **packed, struct kaon_msg *msg)
{
    const struct kaon_tensor *w = call->in[W], *r = call->in[R];
    const size_t gates = gates_of(call);
    if (!call->constant[W] || !call->constant[R] || w->type != KAON_F32 || r->type != KAON_F32)
        return KAON_OK;
    const size_t directions = (size_t)w->dims[0], inputs = (size_t)w->dims[2],
                 hidden = (size_t)r->dims[2], all = packed_floats(inputs, hidden, gates);
    float *out = kaon_arena_push_zero(memory, directions * all, sizeof *out);
    if (!out)
        return kaon_own_fail(call, msg, KAON_NO_MEMORY, "no memory for packed weights");
    for (size_t d = 0; d < directions; d++)
        pack_direction(call->kernels, out + d * all,
                       (const float *)w->data + d * gates * hidden * inputs,
                       (const float *)r->data + d * gates * hidden * hidden, inputs, hidden, gates);
    *packed = out;
    return KAON_OK;
}

const struct kaon_own kaon_own_rnn = { .prepare = prepare_recurrent, .pack = pack_recurrent };
const struct kaon_own kaon_own_gru = { .prepare = prepare_recurrent, .pack = pack_recurrent };
const struct kaon_own kaon_own_lstm = { .prepare = prepare_recurrent, .pack = pack_recurrent };
