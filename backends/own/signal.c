/* DFT, STFT, windows, MelWeightMatrix: in double, rounded once. */
#include "backends/own/convert.h"
#include "backends/own/fourier.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

static double element(const struct kaon_tensor *t, size_t i)
{
    return kaon_element_double(t->type, t->data, (int64_t)i);
}

/* ---- DFT ------------------------------------------------------------------------------------- */

struct dft {
    size_t outer, inner;  /* around the axis */
    size_t in, out, full; /* lengths along the axis; full: of the transform */
    size_t parts_in, parts_out;
};

/* One line into x, zeros where it is too short; of half the bins the others are conjugates. */
static void load_line(const struct dft *d, const struct kaon_tensor *t, size_t o, size_t i,
                      bool conjugates, double *x)
{
    memset(x, 0, 2 * d->full * sizeof *x);
    for (size_t j = 0; j < d->in && j < d->full; j++) {
        const size_t at = ((o * d->in + j) * d->inner + i) * d->parts_in;
        x[2 * j] = element(t, at);
        x[2 * j + 1] = d->parts_in > 1 ? element(t, at + 1) : 0.0;
    }
    for (size_t j = d->full / 2 + 1; conjugates && j < d->full; j++) {
        x[2 * j] = x[2 * (d->full - j)];
        x[2 * j + 1] = -x[2 * (d->full - j) + 1];
    }
}

/* From the inputs, which may be there when it runs only. */
static struct dft place_dft(const struct kaon_call *call)
{
    const struct kaon_dft *a = call->attr;
    const struct kaon_tensor *x = call->in[0], *y = call->out[0], *length = kaon_own_in(call, 1);
    const struct kaon_tensor *axis = a->axis_in ? kaon_own_in(call, 2) : NULL;
    const int32_t at =
        kaon_own_axis(axis ? kaon_element_int(axis->type, axis->data, 0) : a->axis, x->rank);
    struct dft d = { .outer = kaon_own_product(x, 0, at),
                     .inner = kaon_own_product(x, at + 1, x->rank - 1),
                     .in = (size_t)x->dims[at],
                     .out = (size_t)y->dims[at],
                     .full = (size_t)y->dims[at],
                     .parts_in = (size_t)x->dims[x->rank - 1],
                     .parts_out = (size_t)y->dims[y->rank - 1] };
    if (a->onesided && !a->inverse)
        d.full = length ? (size_t)kaon_element_int(length->type, length->data, 0) : d.in;
    return d;
}

static enum kaon_status run_dft(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct dft d = place_dft(&step->call);
    const struct kaon_dft *a = step->call.attr;
    const struct kaon_tensor *y = step->call.out[0];
    double *x = step->scratch;
    (void)msg;
    for (size_t o = 0; o < d.outer; o++)
        for (size_t i = 0; i < d.inner; i++) {
            load_line(&d, step->call.in[0], o, i, a->inverse && a->onesided, x);
            kaon_fourier(x, d.full, a->inverse, x + 2 * d.full);
            for (size_t j = 0; j < d.out * d.parts_out; j++) {
                const size_t k = j / d.parts_out, part = j % d.parts_out;
                kaon_put_double(y->type, y->data,
                                ((o * d.out + k) * d.inner + i) * d.parts_out + part,
                                x[2 * k + part]);
            }
        }
    return KAON_OK;
}

/* Scratch of a line of up to so many numbers. */
static enum kaon_status line_scratch(struct kaon_step *step, size_t most, struct kaon_msg *msg)
{
    const size_t room = kaon_fourier_scratch(most);
    if (room == 0)
        return kaon_own_fail(&step->call, msg, KAON_OVER_LIMIT, "length %zu is too large", most);
    return kaon_own_scratch(step, 2 * most + room, sizeof(double), msg);
}

static enum kaon_status prepare_dft(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    size_t most = 1;
    (void)memory;
    if (!kaon_type_is_float(x->type))
        return kaon_own_no_type(&step->call, x->type, msg);
    for (int32_t i = 0; i < y->rank - 1; i++)
        most = most < 2 * (size_t)y->dims[i] ? 2 * (size_t)y->dims[i] : most;
    step->run = run_dft;
    return line_scratch(step, most, msg);
}

const struct kaon_own kaon_own_dft = { .prepare = prepare_dft };

/* ---- STFT ------------------------------------------------------------------------------------ */

struct stft {
    size_t samples, parts, frame, step;
};

static struct stft place_stft(const struct kaon_call *call)
{
    const struct kaon_tensor *x = call->in[0], *every = call->in[1], *window = kaon_own_in(call, 2),
                             *given = kaon_own_in(call, 3);
    return (struct stft){ .samples = (size_t)x->dims[1],
                          .parts = x->rank > 2 ? (size_t)x->dims[2] : 1,
                          .frame = given ? (size_t)kaon_element_int(given->type, given->data, 0)
                                         : kaon_own_count(window),
                          .step = (size_t)kaon_element_int(every->type, every->data, 0) };
}

static void load_frame(const struct stft *s, const struct kaon_tensor *t,
                       const struct kaon_tensor *window, size_t first, double *x)
{
    for (size_t j = 0; j < s->frame; j++) {
        const double w = window ? element(window, j) : 1.0;
        const size_t at = (first + j) * s->parts;
        x[2 * j] = w * element(t, at);
        x[2 * j + 1] = s->parts > 1 ? w * element(t, at + 1) : 0.0;
    }
}

static enum kaon_status run_stft(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct stft s = place_stft(&step->call);
    const struct kaon_tensor *y = step->call.out[0];
    const size_t frames = (size_t)y->dims[1], bins = (size_t)y->dims[2];
    double *x = step->scratch;
    (void)msg;
    for (size_t b = 0; b < (size_t)y->dims[0]; b++)
        for (size_t f = 0; f < frames; f++) {
            load_frame(&s, step->call.in[0], kaon_own_in(&step->call, 2),
                       b * s.samples + f * s.step, x);
            kaon_fourier(x, s.frame, false, x + 2 * s.frame);
            for (size_t j = 0; j < 2 * bins; j++)
                kaon_put_double(y->type, y->data, (b * frames + f) * 2 * bins + j, x[j]);
        }
    return KAON_OK;
}

static enum kaon_status prepare_stft(struct kaon_step *step, struct kaon_arena *memory,
                                     struct kaon_msg *msg)
{
    const enum kaon_type type = step->call.in[0]->type;
    (void)memory;
    if (!kaon_type_is_float(type))
        return kaon_own_no_type(&step->call, type, msg);
    step->run = run_stft;
    return line_scratch(step, 2 * (size_t)step->call.out[0]->dims[2], msg);
}

const struct kaon_own kaon_own_stft = { .prepare = prepare_stft };

/* ---- windows --------------------------------------------------------------------------------- */

/* a0 - a1 cos(2 pi i / n) + a2 cos(4 pi i / n) */
static const double *terms(enum kaon_op_kind kind)
{
    static const double hann[] = { 0.5, 0.5, 0.0 }, blackman[] = { 0.42, 0.5, 0.08 },
                        hamming[] = { 25.0 / 46.0, 1.0 - 25.0 / 46.0, 0.0 };
    return kind == KAON_OP_hann_window ? hann : kind == KAON_OP_hamming_window ? hamming : blackman;
}

static enum kaon_status run_window(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_signal_window *a = step->call.attr;
    const struct kaon_tensor *y = step->call.out[0];
    const double *t = terms(step->call.op->kind);
    const int64_t n = y->dims[0], period = a->periodic ? n : n - 1;
    (void)msg;
    for (int64_t i = 0; i < n; i++) {
        const double angle = period > 0 ? 2.0 * PI * (double)i / (double)period : 0.0;
        kaon_put_double(y->type, y->data, (size_t)i,
                        t[0] - t[1] * cos(angle) + t[2] * cos(2.0 * angle));
    }
    return KAON_OK;
}

static enum kaon_status prepare_window(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    (void)memory, (void)msg;
    step->run = run_window;
    return KAON_OK;
}

const struct kaon_own kaon_own_hann_window = { .prepare = prepare_window };
const struct kaon_own kaon_own_hamming_window = { .prepare = prepare_window };
const struct kaon_own kaon_own_blackman_window = { .prepare = prepare_window };

/* ---- MelWeightMatrix ------------------------------------------------------------------------- */

static double mel_of(double hertz)
{
    return 2595.0 * log10(1.0 + hertz / 700.0);
}

/* The bin of edge i of mels + 2 that are equally far apart in mel. */
static int64_t edge(const struct kaon_call *call, int64_t i, int64_t mels)
{
    const double length = element(call->in[1], 0), rate = element(call->in[2], 0);
    const double low = mel_of(element(call->in[3], 0)), high = mel_of(element(call->in[4], 0));
    const double mel = low + (double)i * ((high - low) / (double)(mels + 2));
    return (int64_t)floor((length + 1.0) * (700.0 * (pow(10.0, mel / 2595.0) - 1.0)) / rate);
}

static void mel_triangle(const struct kaon_call *call, int64_t i)
{
    const struct kaon_tensor *y = call->out[0];
    const int64_t mels = y->dims[1];
    const int64_t low = edge(call, i, mels), mid = edge(call, i + 1, mels),
                  high = edge(call, i + 2, mels);
    for (int64_t j = 0; j < y->dims[0]; j++) {
        double w = 0.0;
        if (j == mid)
            w = 1.0;
        else if (j >= low && j < mid)
            w = (double)(j - low) / (double)(mid - low);
        else if (j > mid && j < high)
            w = (double)(high - j) / (double)(high - mid);
        kaon_put_double(y->type, y->data, (size_t)(j * mels + i), w);
    }
}

static enum kaon_status run_mel(const struct kaon_step *step, struct kaon_msg *msg)
{
    (void)msg;
    for (int64_t i = 0; i < step->call.out[0]->dims[1]; i++)
        mel_triangle(&step->call, i);
    return KAON_OK;
}

static enum kaon_status prepare_mel(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_msg *msg)
{
    (void)memory, (void)msg;
    step->run = run_mel;
    return KAON_OK;
}

const struct kaon_own kaon_own_mel_weight_matrix = { .prepare = prepare_mel };
