/* Random numbers; engine/base/random.h has the generator. */
#include "engine/base/random.h"
#include "backends/own/convert.h"

#include <math.h>

static uint64_t seed_of(const struct kaon_call *call)
{
    const struct kaon_random *a = call->attr;
    return a->has_seed ? a->seed : kaon_random_name(call->node);
}

static enum kaon_status run_uniform(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_random *a = step->call.attr;
    const struct kaon_tensor *y = step->call.out[0];
    const uint64_t seed = seed_of(&step->call);
    const size_t n = kaon_own_count(y);
    (void)msg;
    for (size_t i = 0; i < n; i++)
        kaon_put_double(y->type, y->data, i, a->a + (a->b - a->a) * kaon_random_unit(seed, i));
    return KAON_OK;
}

/* Box and Muller's way: 1 - u is never 0. */
static enum kaon_status run_normal(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_random *a = step->call.attr;
    const struct kaon_tensor *y = step->call.out[0];
    const uint64_t seed = seed_of(&step->call);
    const size_t n = kaon_own_count(y);
    (void)msg;
    for (size_t i = 0; i < n; i++) {
        const double radius = sqrt(-2.0 * log(1.0 - kaon_random_unit(seed, 2 * i)));
        const double angle = 2.0 * M_PI * kaon_random_unit(seed, 2 * i + 1);
        kaon_put_double(y->type, y->data, i, a->a + a->b * radius * cos(angle));
    }
    return KAON_OK;
}

static enum kaon_status run_bernoulli(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const uint64_t seed = seed_of(&step->call);
    const size_t n = kaon_own_count(y);
    (void)msg;
    for (size_t i = 0; i < n; i++) {
        const double p = kaon_element_double(x->type, x->data, (int64_t)i);
        kaon_put_double(y->type, y->data, i, kaon_random_unit(seed, i) < p ? 1.0 : 0.0);
    }
    return KAON_OK;
}

/* Sums of the classes' weights, exp of the logarithms less the largest. */
static void add_up(const struct kaon_tensor *x, size_t row, size_t classes, double *sums)
{
    double most = -INFINITY, sum = 0.0;
    for (size_t c = 0; c < classes; c++)
        most = fmax(most, kaon_element_double(x->type, x->data, (int64_t)(row * classes + c)));
    for (size_t c = 0; c < classes; c++) {
        const double v = kaon_element_double(x->type, x->data, (int64_t)(row * classes + c));
        sum += v == most ? 1.0 : v < most ? exp(v - most) : 0.0;
        sums[c] = sum;
    }
}

static enum kaon_status run_multinomial(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0], *y = step->call.out[0];
    const size_t classes = (size_t)x->dims[1], samples = (size_t)y->dims[1];
    const uint64_t seed = seed_of(&step->call);
    double *sums = step->scratch;
    (void)msg;
    for (size_t row = 0; row < (size_t)x->dims[0]; row++) {
        add_up(x, row, classes, sums);
        for (size_t i = 0; i < samples; i++) {
            const size_t at = row * samples + i;
            const double u = kaon_random_unit(seed, at) * sums[classes - 1];
            size_t c = 0;
            while (c + 1 < classes && !(u < sums[c]))
                c++;
            kaon_put_int(y->type, y->data, at, (int64_t)c);
        }
    }
    return KAON_OK;
}

static bool is_real(enum kaon_type type)
{
    return type == KAON_F32 || type == KAON_F64 || type == KAON_F16 || type == KAON_BF16;
}

static enum kaon_status prepare_uniform(struct kaon_step *step, struct kaon_arena *memory,
                                        struct kaon_msg *msg)
{
    (void)memory;
    step->run = run_uniform;
    const enum kaon_type type = step->call.out[0]->type;
    return is_real(type) ? KAON_OK : kaon_own_no_type(&step->call, type, msg);
}

static enum kaon_status prepare_normal(struct kaon_step *step, struct kaon_arena *memory,
                                       struct kaon_msg *msg)
{
    const enum kaon_status st = prepare_uniform(step, memory, msg);
    step->run = run_normal;
    return st;
}

static enum kaon_status prepare_bernoulli(struct kaon_step *step, struct kaon_arena *memory,
                                          struct kaon_msg *msg)
{
    (void)memory;
    step->run = run_bernoulli;
    const enum kaon_type type = step->call.in[0]->type;
    return is_real(type) ? KAON_OK : kaon_own_no_type(&step->call, type, msg);
}

static enum kaon_status prepare_multinomial(struct kaon_step *step, struct kaon_arena *memory,
                                            struct kaon_msg *msg)
{
    const struct kaon_tensor *x = step->call.in[0];
    (void)memory;
    if (!is_real(x->type))
        return kaon_own_no_type(&step->call, x->type, msg);
    step->run = run_multinomial;
    return kaon_own_scratch(step, (size_t)x->dims[1], sizeof(double), msg);
}

const struct kaon_own kaon_own_random_uniform = { .prepare = prepare_uniform };
const struct kaon_own kaon_own_random_uniform_like = { .prepare = prepare_uniform };
const struct kaon_own kaon_own_random_normal = { .prepare = prepare_normal };
const struct kaon_own kaon_own_random_normal_like = { .prepare = prepare_normal };
const struct kaon_own kaon_own_bernoulli = { .prepare = prepare_bernoulli };
const struct kaon_own kaon_own_multinomial = { .prepare = prepare_multinomial };
