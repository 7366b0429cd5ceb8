/* BatchNormalization in training mode: in double, rounded once. */
#include "backends/own/norm_training.h"
#include "backends/own/convert.h"

#include <math.h>

static double number(const struct kaon_tensor *t, size_t i)
{
    return kaon_element_double(t->type, t->data, (int64_t)i);
}

/* Element k of channel c. */
static size_t place(const struct kaon_channels *s, size_t c, size_t k)
{
    return (k / s->inner * s->channels + c) * s->inner + k % s->inner;
}

static double variance(const struct kaon_channels *s, const struct kaon_tensor *x, size_t c,
                       double *mean)
{
    const size_t n = s->outer * s->inner;
    double sum = 0.0, squares = 0.0;
    for (size_t k = 0; k < n; k++)
        sum += number(x, place(s, c, k));
    *mean = sum / (double)n;
    for (size_t k = 0; k < n; k++) {
        const double d = number(x, place(s, c, k)) - *mean;
        squares += d * d;
    }
    return squares / (double)n;
}

/* Output i, if wanted: what input `from` was, moved towards the batch's. */
static void put_running(const struct kaon_step *step, size_t i, size_t c, double current)
{
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_tensor *before = step->call.in[i + 2];
    struct kaon_tensor *y = kaon_own_out(&step->call, i);
    const double keep = (double)a->momentum;
    if (y)
        kaon_put_double(y->type, y->data, c, number(before, c) * keep + current * (1.0 - keep));
}

static enum kaon_status run_training(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_channels *s = step->args;
    const struct kaon_norm *a = step->call.attr;
    const struct kaon_tensor *x = step->call.in[0];
    struct kaon_tensor *y = kaon_own_out(&step->call, 0);
    const size_t n = s->outer * s->inner;
    double mean;
    (void)msg;
    for (size_t c = 0; c < s->channels; c++) {
        const double var = variance(s, x, c, &mean);
        const double factor = number(step->call.in[1], c) / sqrt(var + (double)a->epsilon);
        for (size_t k = 0; y && k < n; k++) {
            const size_t at = place(s, c, k);
            kaon_put_double(y->type, y->data, at,
                            (number(x, at) - mean) * factor + number(step->call.in[2], c));
        }
        put_running(step, 1, c, mean);
        put_running(step, 2, c, var);
    }
    return KAON_OK;
}

enum kaon_status kaon_norm_training(struct kaon_step *step, struct kaon_arena *memory,
                                    struct kaon_channels shape, struct kaon_msg *msg)
{
    struct kaon_channels *s = kaon_own_args(step, memory, sizeof *s, msg);
    if (!s)
        return KAON_NO_MEMORY;
    for (size_t i = 0; i < step->call.n_in; i++)
        if (!kaon_type_is_float(step->call.in[i]->type))
            return kaon_own_no_type(&step->call, step->call.in[i]->type, msg);
    *s = shape;
    step->run = run_training;
    return KAON_OK;
}
