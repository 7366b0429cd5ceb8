#include "tools/check/case.h"

#include <stdlib.h>

#include "tools/check/against.h"
#include "tools/check/compare.h"
#include "tools/check/dataset.h"
#include "tools/check/engine.h"

static void set_status(struct kaon_outcome *o, enum kaon_status st, const struct kaon_msg *msg)
{
    kaon_outcome_set(o, st == KAON_UNSUPPORTED ? KAON_REFUSED : KAON_FAILED, "%s", msg->text);
}

/* Compares one output with the one stored; true if they agree. */
static bool check_output(const struct kaon_engine *e, const struct kaon_case *c, size_t set,
                         size_t k, struct kaon_outcome *o)
{
    struct kaon_msg msg = { "" };
    struct kaon_mismatch mismatch;
    struct kaon_tensor want = { 0 };
    struct kaon_port port;
    enum kaon_status st = kaon_model_output(e->model, k, &port);
    bool agree = false;

    if (st == KAON_OK)
        st = kaon_dataset_read(&want, c->folder, set, "output", k,
                               port.type == KAON_OPTIONAL ? KAON_OPTIONAL : e->outputs[k].type,
                               &msg);
    if (st != KAON_OK)
        set_status(o, st, &msg);
    else if (!(agree = kaon_values_agree(&e->outputs[k], &want, &c->tolerance, &mismatch)))
        kaon_outcome_set(o, KAON_FAILED, "set %zu, output %.200s%s", set, port.name, mismatch.text);
    kaon_tensor_free(&want, NULL);
    return agree;
}

/* The set's files must be of this model: no input or output too many, and something to compare. */
static bool set_fits(const struct kaon_engine *e, const struct kaon_case *c, size_t set,
                     struct kaon_outcome *o)
{
    const size_t n_inputs = kaon_model_input_count(e->model);
    size_t stored = 0;

    for (size_t k = 0; k < e->n_outputs; k++)
        stored += kaon_dataset_has(c->folder, set, "output", k);
    if (kaon_dataset_has(c->folder, set, "input", n_inputs))
        kaon_outcome_set(o, KAON_FAILED, "set %zu has more inputs than the model, which has %zu",
                         set, n_inputs);
    else if (kaon_dataset_has(c->folder, set, "output", e->n_outputs))
        kaon_outcome_set(o, KAON_FAILED, "set %zu has more outputs than the model, which has %zu",
                         set, e->n_outputs);
    else if (!stored)
        kaon_outcome_set(o, KAON_FAILED, "set %zu holds no output", set);
    else
        return true;
    return false;
}

/* Runs on a data set and compares every output that it holds; true if all agree. */
static bool check_set(struct kaon_engine *e, const struct kaon_case *c, size_t set,
                      struct kaon_outcome *o)
{
    struct kaon_inputs inputs = { 0 };
    struct kaon_msg msg = { "" };
    bool agree = true;

    if (!set_fits(e, c, set, o))
        return false;
    enum kaon_status st = kaon_engine_read_inputs(e, c->folder, set, &inputs, &msg);
    if (st == KAON_OK)
        st = kaon_engine_run(e, &inputs, &msg);
    if (st != KAON_OK)
        set_status(o, st, &msg);
    for (size_t k = 0; st == KAON_OK && agree && k < e->n_outputs; k++)
        if (kaon_dataset_has(c->folder, set, "output", k))
            agree = check_output(e, c, set, k, o);
    kaon_engine_free_inputs(&inputs);
    return st == KAON_OK && agree;
}

/* Nothing to compare with: opens and runs all the same, so that a crash is seen. */
static void try_random(struct kaon_engine *e, struct kaon_outcome *o)
{
    struct kaon_inputs inputs = { 0 };
    struct kaon_msg msg = { "" };
    enum kaon_status st = kaon_engine_random_inputs(e, &inputs, &msg);

    if (st == KAON_OK)
        st = kaon_engine_run(e, &inputs, &msg);
    if (st == KAON_BAD_INPUT && kaon_inputs_zero_integers(&inputs))
        st = kaon_engine_run(e, &inputs, &msg);
    kaon_outcome_set(o, KAON_SKIPPED, "no data sets; %s%s",
                     st == KAON_OK ? "runs on random inputs" : "does not run on random inputs: ",
                     st == KAON_OK ? "" : msg.text);
    kaon_inputs_close(&inputs);
}

void kaon_case_run(const struct kaon_check *check, const struct kaon_case *c,
                   struct kaon_outcome *o)
{
    struct kaon_engine engine = { 0 };
    struct kaon_msg msg = { "" };

    if (check->against) {
        kaon_case_against(check, c, o);
        return;
    }
    const enum kaon_status st =
        kaon_engine_open(&engine, c->folder, &check->engine, &check->say, &msg);
    if (st != KAON_OK) {
        set_status(o, st, &msg);
    } else if (!kaon_dataset_exists(c->folder, 0)) {
        try_random(&engine, o);
    } else {
        size_t set = 0;
        bool agree = true;
        for (; agree && kaon_dataset_exists(c->folder, set); set++)
            agree = check_set(&engine, c, set, o);
        if (agree)
            kaon_outcome_set(o, KAON_PASSED, "%zu data set%s", set, set == 1 ? "" : "s");
    }
    kaon_engine_close(&engine);
}
