/* Adagrad, Adam, Momentum: in double, rounded once. */
#include "backends/own/convert.h"

#include <math.h>

/* One element: v[0] is X, v[1] the gradient, then what is carried on; the new values take their place. */
typedef void update_fn(const struct kaon_optimizer *a, double rate, double t, double *v);

static void update_adagrad(const struct kaon_optimizer *a, double rate, double t, double *v)
{
    const double g = a->norm * v[0] + v[1];
    v[2] += g * g;
    v[0] -= rate / (1.0 + t * a->decay) * g / (sqrt(v[2]) + a->epsilon);
}

static void update_adam(const struct kaon_optimizer *a, double rate, double t, double *v)
{
    const double g = a->norm * v[0] + v[1];
    const double r = t > 0.0 ? rate * sqrt(1.0 - pow(a->beta, t)) / (1.0 - pow(a->alpha, t)) : rate;
    v[2] = a->alpha * v[2] + (1.0 - a->alpha) * g;
    v[3] = a->beta * v[3] + (1.0 - a->beta) * g * g;
    v[0] = (1.0 - a->norm_post) * (v[0] - r * v[2] / (sqrt(v[3]) + a->epsilon));
}

static void update_momentum(const struct kaon_optimizer *a, double rate, double t, double *v)
{
    const double g = a->norm * v[0] + v[1];
    v[2] = a->alpha * v[2] + (t > 0.0 ? a->beta : 1.0) * g;
    v[0] -= rate * (a->nesterov ? g + a->alpha * v[2] : v[2]);
}

struct optimizer {
    update_fn *update;
    size_t groups, n;
};

static void update_tensor(const struct kaon_step *step, size_t k)
{
    const struct optimizer *o = step->args;
    const struct kaon_call *call = &step->call;
    const double rate = kaon_element_double(call->in[0]->type, call->in[0]->data, 0),
                 t = kaon_element_double(call->in[1]->type, call->in[1]->data, 0);
    const size_t count = kaon_own_count(call->in[2 + k]);
    double v[4];
    for (size_t i = 0; i < count; i++) {
        for (size_t g = 0; g < o->groups; g++) {
            const struct kaon_tensor *x = call->in[2 + g * o->n + k];
            v[g] = kaon_element_double(x->type, x->data, (int64_t)i);
        }
        o->update(call->attr, rate, t, v);
        for (size_t g = 0; g < o->groups; g++) {
            struct kaon_tensor *y = g == 1 ? NULL : kaon_own_out(call, (g ? g - 1 : 0) * o->n + k);
            if (y)
                kaon_put_double(y->type, y->data, i, v[g]);
        }
    }
}

static enum kaon_status run_optimizer(const struct kaon_step *step, struct kaon_msg *msg)
{
    const struct optimizer *o = step->args;
    (void)msg;
    for (size_t k = 0; k < o->n; k++)
        update_tensor(step, k);
    return KAON_OK;
}

static enum kaon_status prepare_optimizer(struct kaon_step *step, struct kaon_arena *memory,
                                          struct kaon_msg *msg)
{
    struct optimizer *o = kaon_own_args(step, memory, sizeof *o, msg);
    if (!o)
        return KAON_NO_MEMORY;
    const enum kaon_op_kind kind = step->call.op->kind;
    o->update = kind == KAON_OP_adam      ? update_adam
                : kind == KAON_OP_adagrad ? update_adagrad
                                          : update_momentum;
    o->groups = kind == KAON_OP_adam ? 4 : 3;
    o->n = (step->call.n_in - 2) / o->groups;
    for (size_t i = 2; i < step->call.n_in; i++)
        if (step->call.in[i]->type != KAON_F32 && step->call.in[i]->type != KAON_F64)
            return kaon_own_no_type(&step->call, step->call.in[i]->type, msg);
    step->run = run_optimizer;
    return KAON_OK;
}

const struct kaon_own kaon_own_adagrad = { .prepare = prepare_optimizer };
const struct kaon_own kaon_own_adam = { .prepare = prepare_optimizer };
const struct kaon_own kaon_own_momentum = { .prepare = prepare_optimizer };
