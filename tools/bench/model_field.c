#include "tools/bench/model_field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/suite.h"
#include "tools/cli/fail.h"

static struct kaon_bench_runner *new_runner(struct kaon_bench_runners *all)
{
    struct kaon_bench_runner *at = realloc(all->at, (all->n + 1) * sizeof *at);
    if (!at)
        return NULL;
    all->at = at;
    at[all->n] = (struct kaon_bench_runner){ .slot = calloc(all->draw.n_shapes, sizeof(void *)) };
    return at[all->n].slot ? &at[all->n++] : NULL;
}

static void close_runner(struct kaon_bench_runner *r, size_t n_shapes)
{
    for (size_t i = 0; r->slot && i < n_shapes; i++)
        if (r->slot[i])
            r->model.unbind(r->model.state, r->slot[i]);
    if (r->model.close)
        r->model.close(r->model.state);
    if (r->own)
        kaon_bench_own_close(r->own);
    free(r->own);
    free(r->slot);
    free(r->sample_ns);
}

static void drop_last(struct kaon_bench_runners *all)
{
    close_runner(&all->at[--all->n], all->draw.n_shapes);
}

void kaon_bench_runners_close(struct kaon_bench_runners *all)
{
    while (all->n)
        drop_last(all);
    free(all->at);
    kaon_bench_draw_close(&all->draw);
    kaon_threads_close(&all->threads);
    *all = (struct kaon_bench_runners){ 0 };
}

static enum kaon_status bind_shapes(struct kaon_bench_runners *all, struct kaon_bench_runner *r,
                                    struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; st == KAON_OK && i < all->draw.n_shapes; i++) {
        const struct kaon_inputs *in = &all->draw.inputs[i];
        st = r->model.bind(r->model.state, in->tensor, in->n, &r->slot[i], msg);
    }
    return st;
}

/* ---- outputs --------------------------------------------------------------------------------- */

static bool same_shape(const struct kaon_tensor *a, const struct kaon_tensor *b)
{
    return a->type == b->type && a->rank == b->rank &&
           !memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims);
}

/* One shape: runs both, the first runner's outputs first, which are its session's until its next
 * run. */
static void compare_shape(const struct kaon_bench_runner *first, struct kaon_bench_runner *r,
                          size_t shape)
{
    struct kaon_tensor want, got;
    if (!first->model.run(first->model.state, first->slot[shape]) ||
        !r->model.run(r->model.state, r->slot[shape])) {
        r->wrong = true;
        return;
    }
    for (size_t i = 0; first->model.output(first->model.state, first->slot[shape], i, &want); i++) {
        double largest;
        if (!r->model.output(r->model.state, r->slot[shape], i, &got) || !same_shape(&want, &got)) {
            r->wrong = true;
            return;
        }
        r->difference = fmax(r->difference, kaon_bench_difference(&want, &got, &largest));
        r->largest = fmax(r->largest, largest);
        r->wrong |= !(r->difference <= 1e-3 * fmax(r->largest, 1.0));
    }
}

static void compare(const struct kaon_bench_runners *all, struct kaon_bench_runner *r)
{
    if (r != all->at)
        for (size_t i = 0; i < all->draw.n_shapes; i++)
            compare_shape(&all->at[0], r, i);
}

/* ---- kaon ------------------------------------------------------------------------------------ */

/* Random integers may be no indices of the model: then all integers are 0, as in kaon info. */
static enum kaon_status bind_own(struct kaon_bench_runners *all, struct kaon_bench_runner *r,
                                 struct kaon_msg *msg)
{
    enum kaon_status st = bind_shapes(all, r, msg);
    if (st != KAON_BAD_INPUT)
        return st;
    bool any = false;
    for (size_t i = 0; i < all->draw.n_shapes; i++) {
        any |= kaon_inputs_zero_integers(&all->draw.inputs[i]);
        if (r->slot[i])
            r->model.unbind(r->model.state, r->slot[i]);
        r->slot[i] = NULL;
    }
    return any ? bind_shapes(all, r, msg) : st;
}

static enum kaon_status add_own(struct kaon_bench_runners *all,
                                const struct kaon_bench_model_job *job, const char *backend,
                                const char *cpu, struct kaon_msg *msg)
{
    struct kaon_engine_choice engine = *job->engine;
    engine.cpu = cpu;
    engine.backend = backend;
    struct kaon_bench_own *own = malloc(sizeof *own);
    const double start = kaon_bench_now();
    enum kaon_status st = own ? kaon_bench_own_open(own, job->path, &engine, job->say, msg)
                              : kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the model");
    if (st != KAON_OK) {
        free(own);
        return st;
    }
    const double loaded = kaon_bench_now();
    if (!all->draw.inputs)
        st = kaon_bench_draw_open(&all->draw, own->model, job->dims, job->batch, job->seed, msg);
    struct kaon_bench_runner *r = st == KAON_OK ? new_runner(all) : NULL;
    if (!r) {
        kaon_bench_own_close(own);
        free(own);
        return st != KAON_OK ? st
                             : kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for %s", job->path);
    }
    r->own = own;
    r->model = kaon_bench_own_model(own);
    r->load_ms = 1e-6 * (loaded - start);
    r->chosen = all->n == 1;
    snprintf(r->impl, sizeof r->impl, "kaon");
    snprintf(r->isa, sizeof r->isa, "%s", kaon_model_isa(own->model));
    if (strcmp(backend, "own") != 0)
        snprintf(r->form, sizeof r->form, "%s", backend);
    st = kaon_bench_own_prepare(own, &all->draw, &all->threads, msg);
    if (st == KAON_OK)
        st = bind_own(all, r, msg);
    if (st == KAON_OK)
        compare(all, r);
    return st;
}

/* The instruction sets of --isa: the chosen one, one by name, or all from the best down. */
static enum kaon_status add_isas(struct kaon_bench_runners *all,
                                 const struct kaon_bench_model_job *job, const char *backend,
                                 struct kaon_msg *msg)
{
    static const char *const caps[] = { "avx512", "avx2", "scalar" };
    if (!job->isa || strcmp(job->isa, "all") != 0)
        return add_own(all, job, backend, job->isa, msg);
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; st == KAON_OK && i < KAON_BENCH_COUNT(caps); i++) {
        st = add_own(all, job, backend, caps[i], msg);
        if (st == KAON_OK && all->n > 1 &&
            !strcmp(all->at[all->n - 1].isa, all->at[all->n - 2].isa))
            drop_last(all); /* the CPU lacks the better one */
    }
    return st;
}

static enum kaon_status add_backends(struct kaon_bench_runners *all,
                                     const struct kaon_bench_model_job *job, struct kaon_msg *msg)
{
    char *copy = strdup(job->backends ? job->backends : "own"), *rest = copy;
    enum kaon_status st = copy ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory");
    for (char *word; st == KAON_OK && (word = strsep(&rest, ",")) != NULL;)
        st = add_isas(all, job, word, msg);
    free(copy);
    return st;
}

/* ---- peers ----------------------------------------------------------------------------------- */

static void add_way(struct kaon_bench_runners *all, const struct kaon_bench_model_job *job,
                    struct kaon_peer_loaded *p, const char *way)
{
    struct kaon_msg msg = { "" };
    struct kaon_peer_model model = { 0 };
    const double start = kaon_bench_now();
    enum kaon_status st = p->peer->open_model(p, job->path, way, &model, &msg);
    const double loaded = kaon_bench_now();
    struct kaon_bench_runner *r = st == KAON_OK ? new_runner(all) : NULL;
    if (r) {
        r->model = model;
        r->load_ms = 1e-6 * (loaded - start);
        snprintf(r->impl, sizeof r->impl, "%s", p->impl);
        snprintf(r->form, sizeof r->form, "%s", way);
        st = bind_shapes(all, r, &msg);
        if (st == KAON_OK)
            compare(all, r);
        else
            drop_last(all);
    } else if (model.close) {
        model.close(model.state);
    }
    if (st != KAON_OK)
        kaon_say_warning(job->say, "%s%s%s is left out: %s", p->impl, *way ? " " : "", way,
                         msg.text);
}

static void add_peers(struct kaon_bench_runners *all, const struct kaon_bench_model_job *job)
{
    for (size_t i = 0; i < job->peers->n; i++) {
        struct kaon_peer_loaded *p = &job->peers->at[i];
        if (!p->state || !p->peer->open_model)
            continue;
        for (size_t w = 0; w < KAON_PEER_WAYS && p->peer->ways[w]; w++)
            if (all->draw.n_ranges || strcmp(p->peer->ways[w], "dynamic") != 0)
                add_way(all, job, p, p->peer->ways[w]); /* fixed shapes are not dynamic */
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

enum kaon_status kaon_bench_runners_open(struct kaon_bench_runners *all,
                                         const struct kaon_bench_model_job *job,
                                         struct kaon_msg *msg)
{
    *all = (struct kaon_bench_runners){ 0 };
    enum kaon_status st = kaon_threads_open(&all->threads, job->threads, msg);
    if (st == KAON_OK)
        st = add_backends(all, job, msg);
    if (st == KAON_OK)
        add_peers(all, job);
    return st;
}
