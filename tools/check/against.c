#include "tools/check/against.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/check/compare.h"
#include "tools/check/dataset.h"
#include "tools/check/engine.h"
#include "tools/cli/fail.h"
#include "tools/model/element.h"

/* What the first backend computed. A value computed again (in a loop) has a record each time. */
struct record {
    char *name;
    struct kaon_tensor value; /* a copy */
    bool used;
};

struct trace {
    struct record *record;
    size_t n, cursor; /* cursor: where the next match is likely */
    bool failed;      /* memory ran out */
    const struct kaon_tolerance *tolerance;
    size_t compared;
    char where[600]; /* first disagreement; empty: none */
};

/* Sequences are compared as outputs only. */
static bool can_copy(const struct kaon_tensor *value)
{
    return kaon_type_bytes(value->type) > 0;
}

static void keep(void *user, const char *node, const char *op, const char *name,
                 const struct kaon_tensor *value)
{
    struct trace *t = user;
    struct record r = { .value = *value };
    (void)node;
    (void)op;
    if (t->failed || !can_copy(value))
        return;
    const size_t bytes = (size_t)kaon_tensor_count(value) * kaon_type_bytes(value->type);
    r.name = strdup(name ? name : "");
    r.value.data = malloc(bytes ? bytes : 1);
    if ((t->n & (t->n - 1)) == 0) { /* grown at every power of two */
        struct record *grown = realloc(t->record, (2 * t->n + 1) * sizeof *grown);
        t->failed = !grown;
        t->record = grown ? grown : t->record;
    }
    if (t->failed || !r.name || !r.value.data) {
        t->failed = true;
        free(r.name);
        free(r.value.data);
        return;
    }
    if (bytes)
        memcpy(r.value.data, value->data, bytes);
    t->record[t->n++] = r;
}

static struct record *match(struct trace *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++) {
        struct record *r = &t->record[(t->cursor + i) % t->n];
        if (!r->used && !strcmp(r->name, name)) {
            t->cursor = (size_t)(r - t->record) + 1;
            r->used = true;
            return r;
        }
    }
    return NULL;
}

/* Inside a graph small values are often what is left of large ones (sums over k, differences of
 * products), and two orders of summation differ by a share of those: a value inside is held to a
 * share of the largest of its tensor, an output to the case's tolerance as it is. */
static struct kaon_tolerance inner_tolerance(const struct kaon_tensor *want,
                                             const struct kaon_tolerance *outer)
{
    struct kaon_tolerance t = *outer;
    const size_t n = (size_t)kaon_tensor_count(want);
    for (size_t i = 0; i < n; i++) {
        const double share = t.rtol * fabs(kaon_element(want, i));
        if (share > t.atol && isfinite(share))
            t.atol = share;
    }
    return t;
}

static void compare(void *user, const char *node, const char *op, const char *name,
                    const struct kaon_tensor *value)
{
    struct trace *t = user;
    struct kaon_mismatch mismatch;
    if (t->where[0] || !can_copy(value))
        return;
    const struct record *r = match(t, name ? name : "");
    if (!r)
        return;
    const struct kaon_tolerance tolerance = inner_tolerance(&r->value, t->tolerance);
    t->compared++;
    if (!kaon_values_agree(value, &r->value, &tolerance, &mismatch))
        snprintf(t->where, sizeof t->where, "node %.80s (%.40s), value %.80s%.380s",
                 node ? node : "", op ? op : "", name ? name : "", mismatch.text);
}

static void free_trace(struct trace *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->record[i].name);
        free(t->record[i].value.data);
    }
    free(t->record);
}

static void compare_outputs(const struct kaon_engine *tested, const struct kaon_engine *other,
                            struct trace *t)
{
    for (size_t k = 0; k < tested->n_outputs && !t->where[0]; k++) {
        struct kaon_mismatch mismatch;
        struct kaon_port port;
        if (kaon_model_output(tested->model, k, &port) == KAON_OK &&
            !kaon_values_agree(&tested->outputs[k], &other->outputs[k], t->tolerance, &mismatch))
            snprintf(t->where, sizeof t->where, "output %.80s%.480s", port.name, mismatch.text);
    }
}

/* Both backends on one set of inputs. */
static enum kaon_status run_both(struct kaon_engine *tested, struct kaon_engine *other,
                                 const struct kaon_inputs *inputs, struct trace *t,
                                 struct kaon_msg *msg)
{
    enum kaon_status st = kaon_session_observe(other->session, keep, t);
    if (st == KAON_OK)
        st = kaon_engine_run(other, inputs, msg);
    if (st == KAON_OK && t->failed)
        st = kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the values of every node");
    if (st == KAON_OK)
        st = kaon_session_observe(tested->session, compare, t);
    if (st == KAON_OK)
        st = kaon_engine_run(tested, inputs, msg);
    if (st == KAON_OK)
        compare_outputs(tested, other, t);
    return st;
}

/* On data set `set`, or on random inputs if the case has none. */
static bool compare_set(struct kaon_engine *tested, struct kaon_engine *other,
                        const struct kaon_case *c, size_t set, bool stored, size_t *compared,
                        struct kaon_outcome *o)
{
    struct trace t = { .tolerance = &c->tolerance };
    struct kaon_inputs inputs = { 0 };
    struct kaon_msg msg = { "" };
    enum kaon_status st = stored ? kaon_engine_read_inputs(tested, c->folder, set, &inputs, &msg)
                                 : kaon_engine_random_inputs(tested, &inputs, &msg);
    if (st == KAON_OK)
        st = run_both(tested, other, &inputs, &t, &msg);
    if (st != KAON_OK)
        kaon_outcome_set(o, st == KAON_UNSUPPORTED ? KAON_REFUSED : KAON_FAILED, "%s", msg.text);
    else if (t.where[0])
        kaon_outcome_set(o, KAON_FAILED, "set %zu, %s", set, t.where);
    *compared += t.compared;
    const bool agree = st == KAON_OK && !t.where[0];
    if (stored)
        kaon_engine_free_inputs(&inputs);
    else
        kaon_inputs_close(&inputs);
    free_trace(&t);
    return agree;
}

void kaon_case_against(const struct kaon_check *check, const struct kaon_case *c,
                       struct kaon_outcome *o)
{
    const struct kaon_engine_choice choice = { .cpu = check->engine.cpu,
                                               .backend = check->against };
    struct kaon_engine tested = { 0 }, other = { 0 };
    struct kaon_msg msg = { "" };
    size_t set = 0, compared = 0;
    enum kaon_status st = kaon_engine_open(&other, c->folder, &choice, &check->say, &msg);

    if (st == KAON_OK)
        st = kaon_engine_open(&tested, c->folder, &check->engine, &check->say, &msg);
    if (st != KAON_OK) {
        kaon_outcome_set(o, st == KAON_UNSUPPORTED ? KAON_REFUSED : KAON_FAILED, "%s", msg.text);
    } else {
        const bool stored = kaon_dataset_exists(c->folder, 0);
        bool agree = true;
        for (; agree && (stored ? kaon_dataset_exists(c->folder, set) : set == 0); set++)
            agree = compare_set(&tested, &other, c, set, stored, &compared, o);
        if (agree)
            kaon_outcome_set(o, KAON_PASSED, "%zu values agree", compared);
    }
    kaon_engine_close(&tested);
    kaon_engine_close(&other);
}
