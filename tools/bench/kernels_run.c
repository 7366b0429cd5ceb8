#include "tools/bench/kernels_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/cpu.h"
#include "tools/bench/row.h"
#include "tools/bench/suite.h"
#include "tools/cli/fail.h"
#include "tools/cli/interrupt.h"

/* ---- kaon's own contenders ------------------------------------------------------------------- */

struct own {
    struct kaon_bench_call call;
    const struct kaon_bench_form *form;
};

static void run_own(void *arg)
{
    const struct own *own = arg;
    own->form->run(&own->call);
}

static void close_own(void *arg)
{
    struct own *own = arg;
    free(own->call.memory);
    free(own);
}

static void enter_own(struct kaon_bench_field *field, const struct kaon_bench_case *c,
                      const struct kaon_kernels *k, const struct kaon_bench_op *op,
                      const struct kaon_bench_form *form, bool chosen)
{
    struct own *own = calloc(1, sizeof *own);
    struct kaon_bench_contender who = {
        .impl = "kaon", .chosen = chosen, .run = run_own, .arg = own, .close = close_own
    };
    if (!own) {
        field->failed = true;
        return;
    }
    *own = (struct own){ { k, c, NULL }, form };
    snprintf(who.form, sizeof who.form, "%s", form->name);
    snprintf(who.isa, sizeof who.isa, "%s%s%s", k->isa, op->extended && *k->extension ? " " : "",
             op->extended ? k->extension : "");
    if (form->prepare && !form->prepare(&own->call)) {
        close_own(own);
        return;
    }
    kaon_bench_enter(field, who);
}

/* The tables that the CPU runs, best first: what selection gives as the CPU's bits are taken away. */
struct tables {
    const struct kaon_kernels *at[8];
    size_t n;
};

static struct tables tables_of(uint32_t cpu_bits)
{
    static const uint32_t kept[] = {
        UINT32_MAX,
        KAON_CPU_AVX2 | KAON_CPU_AVX512 | KAON_CPU_VNNI | KAON_CPU_BF16,
        KAON_CPU_AVX2 | KAON_CPU_AVX512 | KAON_CPU_VNNI,
        KAON_CPU_AVX2 | KAON_CPU_AVX512,
        KAON_CPU_AVX2,
        0,
    };
    struct tables t = { .n = 0 };
    for (size_t i = 0; i < KAON_BENCH_COUNT(kept); i++) {
        const struct kaon_kernels *k = kaon_kernels_select(cpu_bits & kept[i]);
        if (!t.n || t.at[t.n - 1] != k)
            t.at[t.n++] = k;
    }
    return t;
}

/* By default all but the scalar form, which is slow, where the CPU has a better one. */
static bool wants_isa(const struct kaon_bench_kernels_job *job, const struct kaon_kernels *k,
                      const struct kaon_kernels *best)
{
    if (!job->isa)
        return k == best || strcmp(k->isa, "scalar") != 0;
    return !strcmp(job->isa, "all") || !strcmp(job->isa, k->isa);
}

/* Every form of every table; the chosen one first, since the others' outputs are compared with
 * it. */
static void enter_forms(struct kaon_bench_field *field, const struct kaon_bench_kernels_job *job,
                        const struct kaon_bench_op *op, const struct kaon_bench_case *c)
{
    const struct tables tables = tables_of(job->host->cpu_bits);
    for (size_t i = 0; i < tables.n; i++) {
        const bool again = i && !strcmp(tables.at[i]->isa, tables.at[i - 1]->isa);
        if (!wants_isa(job, tables.at[i], tables.at[0]) || (again && !op->extended))
            continue;
        for (const struct kaon_bench_form *f = op->forms; f->run; f++)
            enter_own(field, c, tables.at[i], op, f, i == 0 && f == op->forms);
    }
}

static void enter_peers(struct kaon_bench_field *field, const struct kaon_bench_kernels_job *job,
                        const struct kaon_bench_case *c)
{
    for (size_t i = 0; i < job->peers->n; i++) {
        struct kaon_peer_loaded *p = &job->peers->at[i];
        if (p->state && p->peer->enter[c->kind])
            p->peer->enter[c->kind](p, c, field);
    }
}

/* ---- one case -------------------------------------------------------------------------------- */

/* Runs each once and compares its output with that of the first. */
static enum kaon_status compare_outputs(struct kaon_bench_field *field, struct kaon_bench_case *c,
                                        struct kaon_msg *msg)
{
    struct kaon_tensor first = c->out;
    first.data = malloc(c->out.bytes ? c->out.bytes : 1);
    if (!first.data)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the output of %s", c->name);
    for (size_t i = 0; i < field->n; i++) {
        struct kaon_bench_contender *who = &field->at[i];
        double largest;
        memset(c->out.data, 0xff, c->out.bytes); /* NaN: what is not written is wrong */
        who->run(who->arg);
        if (i == 0)
            memcpy(first.data, c->out.data, c->out.bytes);
        who->difference = kaon_bench_difference(&first, &c->out, &largest);
        who->wrong = !(who->difference <= c->tolerance * largest);
    }
    free(first.data);
    return KAON_OK;
}

/* What lives in the last cache takes several runs to come back to it: longer batches. */
static struct kaon_bench_pace pace_for(const struct kaon_bench_kernels_job *job,
                                       const struct kaon_bench_case *c)
{
    struct kaon_bench_pace pace = job->pace;
    if (kaon_bench_level_of(job->limits, c->footprint) == &job->limits->level[2])
        pace.batch_ns *= 40;
    return pace;
}

static enum kaon_status time_field(const struct kaon_bench_kernels_job *job,
                                   const struct kaon_bench_case *c, struct kaon_bench_field *field,
                                   json_t *rows, struct kaon_msg *msg)
{
    struct kaon_bench_spin spin = kaon_bench_spin_for(job->host->cpu_bits);
    struct kaon_bench_timed *timed = calloc(field->n + 1, sizeof *timed);
    if (!timed)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for %zu contenders", field->n);
    for (size_t i = 0; i < field->n; i++)
        timed[i] = (struct kaon_bench_timed){ .run = field->at[i].run, .arg = field->at[i].arg };
    timed[field->n] = (struct kaon_bench_timed){ .run = kaon_bench_spin_run, .arg = &spin };
    const struct kaon_bench_pace pace = pace_for(job, c);
    const enum kaon_status st = kaon_bench_time(timed, field->n + 1, &pace, msg);
    const double spin_ns = kaon_bench_median(timed[field->n].sample_ns, timed[field->n].n);
    for (size_t i = 0; st == KAON_OK && i < field->n; i++)
        if (timed[i].n)
            json_array_append_new(
                rows, kaon_bench_row(c, &field->at[i], &timed[i], job->limits, spin_ns));
    for (size_t i = 0; i <= field->n; i++)
        free(timed[i].sample_ns);
    free(timed);
    return st;
}

static enum kaon_status run_case(const struct kaon_bench_kernels_job *job,
                                 const struct kaon_bench_op *op, struct kaon_bench_case *c,
                                 json_t *rows, struct kaon_msg *msg)
{
    struct kaon_bench_field field = { 0 };
    const size_t first = json_array_size(rows);
    enum kaon_status st = KAON_OK;

    kaon_bench_count_bytes(c);
    enter_forms(&field, job, op, c);
    enter_peers(&field, job, c);
    if (field.failed)
        st = kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the contenders of %s", c->name);
    if (st == KAON_OK)
        st = compare_outputs(&field, c, msg);
    if (st == KAON_OK)
        st = time_field(job, c, &field, rows, msg);
    kaon_bench_field_close(&field);
    if (st == KAON_OK && json_array_size(rows) > first)
        job->done(job->user, rows, first);
    return st;
}

/* ---- suites ---------------------------------------------------------------------------------- */

static enum kaon_status run_shape(const struct kaon_bench_kernels_job *job,
                                  const struct kaon_bench_suite *suite,
                                  const struct kaon_bench_op *op, struct kaon_bench_shape shape,
                                  json_t *rows, struct kaon_msg *msg)
{
    struct kaon_bench_case c;
    enum kaon_status st = KAON_OK;
    if (!kaon_bench_case_make(&c, suite, op, shape))
        st = kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the data of %s", c.name);
    else if (!job->only || strstr(c.name, job->only))
        st = run_case(job, op, &c, rows, msg);
    kaon_bench_case_free(&c);
    return st;
}

static enum kaon_status run_shapes(const struct kaon_bench_kernels_job *job,
                                   const struct kaon_bench_suite *suite,
                                   const struct kaon_bench_op *op,
                                   const struct kaon_bench_shape *shapes, size_t n, json_t *rows,
                                   struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; i < n && st == KAON_OK && !kaon_interrupted(); i++)
        st = run_shape(job, suite, op, shapes[i], rows, msg);
    return st;
}

/* Those of --shape that are shapes of the suite. */
static enum kaon_status run_given(const struct kaon_bench_kernels_job *job,
                                  const struct kaon_bench_suite *suite,
                                  const struct kaon_bench_op *op, json_t *rows,
                                  struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; i < job->shapes->n && st == KAON_OK && !kaon_interrupted(); i++) {
        struct kaon_bench_shape shape;
        if (kaon_bench_shape_parse(suite, job->shapes->word[i], &shape))
            st = run_shape(job, suite, op, shape, rows, msg);
    }
    return st;
}

/* Whether --only means this operation: by a part of its name, or by a case's name that holds it. */
static bool is_named(const struct kaon_bench_kernels_job *job, const char *op)
{
    return job->only && (strstr(op, job->only) || strstr(job->only, op));
}

static enum kaon_status run_suite(const struct kaon_bench_kernels_job *job,
                                  const struct kaon_bench_suite *suite, json_t *rows,
                                  struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; i < suite->n_ops && st == KAON_OK; i++) {
        const struct kaon_bench_op *op = &suite->ops[i];
        if (op->quiet && !job->all && !is_named(job, op->name))
            continue;
        if (job->shapes->n) {
            st = run_given(job, suite, op, rows, msg);
            continue;
        }
        st = run_shapes(job, suite, op, suite->shapes, suite->n_shapes, rows, msg);
        if (st == KAON_OK && job->all)
            st = run_shapes(job, suite, op, suite->more, suite->n_more, rows, msg);
    }
    return st;
}

static bool asked_for(const struct kaon_bench_kernels_job *job, const char *suite)
{
    for (size_t i = 0; i < job->n_suites; i++)
        if (!strcmp(job->suites[i], suite))
            return true;
    return job->n_suites == 0;
}

static enum kaon_status check_suites(const struct kaon_bench_kernels_job *job, struct kaon_msg *msg)
{
    for (size_t i = 0; i < job->n_suites; i++) {
        const char *nearest;
        if (!kaon_bench_suite_find(job->suites[i], &nearest))
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "no suite \"%s\"; %s%s%s", job->suites[i],
                                 nearest ? "did you mean \"" : "kaon bench --help lists them",
                                 nearest ? nearest : "", nearest ? "\"?" : "");
    }
    return KAON_OK;
}

/* Each shape must fit a suite that was asked for. */
static enum kaon_status check_shapes(const struct kaon_bench_kernels_job *job, struct kaon_msg *msg)
{
    for (size_t i = 0; i < job->shapes->n; i++) {
        const struct kaon_bench_suite *suite;
        struct kaon_bench_shape shape;
        bool fits = false;
        for (size_t k = 0; (suite = kaon_bench_suite_at(k)) != NULL; k++)
            fits |= asked_for(job, suite->name) &&
                    kaon_bench_shape_parse(suite, job->shapes->word[i], &shape);
        if (!fits)
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                                 "--shape %s is not a shape of %s; they look like M=15,K=64,N=64 "
                                 "or n=64",
                                 job->shapes->word[i],
                                 job->n_suites ? job->suites[0] : "any suite");
    }
    return KAON_OK;
}

static enum kaon_status check_isa(const struct kaon_bench_kernels_job *job, struct kaon_msg *msg)
{
    const struct tables tables = tables_of(job->host->cpu_bits);
    char names[128] = "";
    size_t at = 0;
    if (!job->isa || !strcmp(job->isa, "all"))
        return KAON_OK;
    for (size_t i = 0; i < tables.n; i++) {
        if (!strcmp(job->isa, tables.at[i]->isa))
            return KAON_OK;
        at += (size_t)snprintf(names + at, sizeof names - at, "%s, ", tables.at[i]->isa);
    }
    return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--isa %s: this CPU and build run %sall", job->isa,
                         names);
}

enum kaon_status kaon_bench_kernels_check(const struct kaon_bench_kernels_job *job,
                                          struct kaon_msg *msg)
{
    enum kaon_status st = check_suites(job, msg);
    if (st == KAON_OK)
        st = check_shapes(job, msg);
    return st == KAON_OK ? check_isa(job, msg) : st;
}

enum kaon_status kaon_bench_kernels_run(const struct kaon_bench_kernels_job *job, json_t *rows,
                                        struct kaon_msg *msg)
{
    const struct kaon_bench_suite *suite;
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; st == KAON_OK && (suite = kaon_bench_suite_at(i)) != NULL; i++)
        if (asked_for(job, suite->name))
            st = run_suite(job, suite, rows, msg);
    return st;
}
