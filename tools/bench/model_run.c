#include "tools/bench/model_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tools/bench/model_field.h"
#include "tools/bench/profile.h"
#include "tools/bench/stats.h"
#include "tools/cli/fail.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/json.h"

/* A spin that lasts about as long as a run of kaon's: its tail is the machine's. */
struct spin {
    struct kaon_bench_spin once;
    size_t times;
};

struct race {
    const struct kaon_bench_model_job *job;
    struct kaon_bench_runners *all;
    struct spin spin;
    struct kaon_bench_runner spinner; /* the spin as a runner; samples only */
    char *sweep;                      /* memory that drives the caches out */
    size_t sweep_bytes;
    uint64_t turn;
};

/* ---- one run --------------------------------------------------------------------------------- */

static bool run_once(const struct race *race, struct kaon_bench_runner *r, uint64_t index)
{
    if (r == &race->spinner) {
        for (size_t i = 0; i < race->spin.times; i++)
            kaon_bench_spin_run((void *)(uintptr_t)&race->spin.once);
        return true;
    }
    return r->model.run(r->model.state, r->slot[kaon_bench_draw_at(&race->all->draw, index)]);
}

/* Writes to every line of the memory, which fills the inner caches with it. */
static void sweep_caches(const struct race *race)
{
    for (size_t i = 0; i < race->sweep_bytes; i += 64)
        race->sweep[i]++;
    __asm__ volatile("" : : "r"(race->sweep) : "memory");
}

static double cpu_ns(const struct rusage *u)
{
    return 1e9 * (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           1e3 * (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

/* A burst of runs, the first of which is not counted: it meets the caches as the one before left
 * them. With --cold each run meets them swept. */
static bool burst(const struct race *race, struct kaon_bench_runner *r, uint64_t first, size_t n)
{
    struct rusage before, after;
    if (!race->sweep && !run_once(race, r, first))
        return false;
    const uint64_t allocations = r->own ? r->own->allocations : 0;
    getrusage(RUSAGE_SELF, &before);
    const double began = kaon_bench_now();
    for (size_t i = 0; i < n && r->n < r->room; i++) {
        if (race->sweep)
            sweep_caches(race);
        const double start = kaon_bench_now();
        if (!run_once(race, r, first + i))
            return false;
        r->sample_ns[r->n++] = kaon_bench_now() - start;
    }
    r->wall_ns += kaon_bench_now() - began;
    getrusage(RUSAGE_SELF, &after);
    r->cpu_ns += cpu_ns(&after) - cpu_ns(&before);
    r->page_faults += (uint64_t)(after.ru_minflt - before.ru_minflt);
    r->allocations += r->own ? r->own->allocations - allocations : 0;
    return true;
}

/* ---- the race -------------------------------------------------------------------------------- */

static double time_of(const struct race *race, struct kaon_bench_runner *r)
{
    double best = (double)INFINITY;
    for (uint64_t i = 0; i < 5; i++) {
        const double start = kaon_bench_now();
        run_once(race, r, i);
        best = fmin(best, kaon_bench_now() - start);
    }
    return best;
}

static enum kaon_status prepare_race(struct race *race, size_t runs, struct kaon_msg *msg)
{
    for (size_t i = 0; i <= race->all->n; i++) {
        struct kaon_bench_runner *r = i < race->all->n ? &race->all->at[i] : &race->spinner;
        r->room = runs;
        r->sample_ns = calloc(runs, sizeof *r->sample_ns);
        if (!r->sample_ns)
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for %zu times", runs);
        memset(r->sample_ns, 1, runs * sizeof *r->sample_ns); /* page faults now, not in a run */
    }
    if (race->job->cold) {
        race->sweep_bytes = 4 * race->job->limits->level[1].capacity;
        race->sweep = malloc(race->sweep_bytes);
        if (!race->sweep)
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory to sweep the caches with");
        memset(race->sweep, 1, race->sweep_bytes);
    }
    return KAON_OK;
}

/* Rounds of one burst each, which begin one place later each time, until all have their runs. */
static enum kaon_status run_rounds(struct race *race, size_t runs, size_t burst_runs,
                                   struct kaon_msg *msg)
{
    const size_t n = race->all->n + 1;
    for (size_t done = 0; done < runs && !kaon_interrupted(); done += burst_runs, race->turn++)
        for (size_t i = 0; i < n; i++) {
            const size_t k = (race->turn + i) % n;
            struct kaon_bench_runner *r = k < race->all->n ? &race->all->at[k] : &race->spinner;
            if (!burst(race, r, done, burst_runs))
                return kaon_cli_fail(msg, KAON_UNSUPPORTED, "%s: %s has failed in a run",
                                     race->job->path, r->impl);
        }
    return KAON_OK;
}

/* As many runs as the seconds allow the slowest runner, a million at most; for the sake of the tails 200 at least,
 * or what ten times the seconds allow, and never below 9. */
static double runs_of(const struct kaon_bench_model_job *job, double slowest_ns)
{
    const double fit = 1e9 * job->seconds / slowest_ns;
    const double least = fmax(9, fmin(200, 10 * fit));
    return job->quick ? 20 : fmin(1e6, fmax(least, fit));
}

/* A burst lasts some 5 ms. */
static enum kaon_status hold_race(struct race *race, struct kaon_msg *msg)
{
    const struct kaon_bench_model_job *job = race->job;
    double slowest = 0.0;
    for (size_t i = 0; i < race->all->n; i++)
        slowest = fmax(slowest, time_of(race, &race->all->at[i]));
    const double own = time_of(race, &race->all->at[0]);
    race->spin.times = 1;
    race->spin.times = (size_t)fmax(1.0, own / time_of(race, &race->spinner));
    const double runs = runs_of(job, slowest);
    const double burst_runs = job->quick ? 5 : fmin(runs, fmax(1, 5e6 / slowest));
    const enum kaon_status st = prepare_race(race, (size_t)runs, msg);
    return st == KAON_OK ? run_rounds(race, (size_t)runs, (size_t)burst_runs, msg) : st;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* "models/btag_gn2/model.onnx" is btag_gn2, "x.onnx" is x. */
static void name_of(char *name, size_t room, const char *path)
{
    const char *end = strrchr(path, '/'), *base = end ? end + 1 : path;
    if (end && end > path && !strcmp(base, "model.onnx")) {
        base = end;
        while (base > path && base[-1] != '/')
            base--;
    } else {
        end = strrchr(base, '.');
    }
    snprintf(name, room, "%.*s", end && end > base ? (int)(end - base) : (int)strlen(base), base);
}

/* How much of the runs took longer than a time, from all to one in a million: what a picture of the
 * tail is made of. Sorted samples. */
static json_t *survival(const double *sorted, size_t n)
{
    json_t *list = json_array();
    for (double left = 1.0; left > 0.5 / (double)n; left *= 0.75) {
        json_t *pair = json_array();
        json_array_append_new(pair, json_real(kaon_bench_quantile(sorted, n, 1.0 - left)));
        json_array_append_new(pair, json_real(left));
        json_array_append_new(list, pair);
    }
    return list;
}

/* Medians of up to 400 stretches of the runs, for comparing with another run. */
static json_t *stretches(const double *sample, size_t n)
{
    const size_t count = n < 400 ? n : 400;
    double *part = calloc(n / (count ? count : 1) + 2, sizeof *part);
    json_t *list = json_array();
    for (size_t i = 0; part && i < count; i++) {
        const size_t from = n * i / count, to = n * (i + 1) / count;
        memcpy(part, sample + from, (to - from) * sizeof *part);
        json_array_append_new(list, json_real(round(10 * kaon_bench_median(part, to - from)) / 10));
    }
    free(part);
    return list;
}

static json_t *row_of(const struct race *race, struct kaon_bench_runner *r, const char *case_name,
                      double spin_ns)
{
    const struct kaon_bench_limits *l = race->job->limits;
    struct kaon_session_info info = { 0 };
    json_t *samples = stretches(r->sample_ns, r->n);
    const struct kaon_bench_summary s = kaon_bench_summarise(r->sample_ns, r->n);
    const double n = (double)r->n;
    kaon_session_get_info(race->all->at[0].own->session, &info);
    const double flops = 2.0 * (double)info.macs;
    const double pace = l->spin_ns > 0 ? spin_ns / l->spin_ns : 1.0;
    const double floor_ns = kaon_bench_floor_ns(l, flops, 0, 0, 0);
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "case", case_name, "impl", r->impl,
                            "form", r->form, "isa", r->isa, "chosen", r->chosen, "wrong", r->wrong);
    const bool one_shape = race->all->draw.n_shapes == 1, spins = r == &race->spinner;
    const struct {
        const char *name;
        double value;
    } members[] = {
        { "median_ns", s.median },
        { "min_ns", s.min },
        { "p90_ns", s.p90 },
        { "p99_ns", s.p99 },
        { "p999_ns", s.p999 },
        { "max_ns", s.max },
        { "mean_ns", s.mean },
        { "spread_ns", s.spread },
        { "runs_per_second", 1e9 / s.mean },
        { "flops", one_shape && !spins ? flops : (double)NAN },
        { "floor_ns", one_shape && !spins ? floor_ns : (double)NAN },
        { "limit_share", one_shape && !spins ? floor_ns * pace / s.median : (double)NAN },
        { "max_abs_diff", spins ? (double)NAN : r->difference },
        { "load_ms", spins ? (double)NAN : r->load_ms },
        { "allocations", r->own ? (double)r->allocations / n : (double)NAN },
        { "page_faults", (double)r->page_faults / n },
        { "cpu_share", r->cpu_ns / r->wall_ns },
        { "spin_ns", spin_ns },
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set_new(row, members[i].name, kaon_json_number(members[i].value));
    json_object_set_new(row, "reps", json_integer((json_int_t)r->n));
    json_object_set_new(row, "rounds", json_integer((json_int_t)race->turn));
    json_object_set_new(row, "survival", survival(r->sample_ns, r->n));
    json_object_set_new(row, "samples_ns", samples);
    return row;
}

static void make_rows(struct race *race, const char *case_name, json_t *rows)
{
    struct kaon_bench_runner *spinner = &race->spinner;
    double *copy = malloc((spinner->n + 1) * sizeof *copy);
    if (!copy || !spinner->n) {
        free(copy);
        return;
    }
    memcpy(copy, spinner->sample_ns, spinner->n * sizeof *copy);
    const double spin_ns = kaon_bench_median(copy, spinner->n) / (double)race->spin.times;
    free(copy);
    for (size_t i = 0; i < race->all->n; i++)
        if (race->all->at[i].n)
            json_array_append_new(rows, row_of(race, &race->all->at[i], case_name, spin_ns));
    json_array_append_new(rows, row_of(race, spinner, case_name, spin_ns));
}

/* ---- all ------------------------------------------------------------------------------------- */

static enum kaon_status run_race(struct race *race, json_t *rows, json_t *profiles,
                                 struct kaon_msg *msg)
{
    const struct kaon_bench_model_job *job = race->job;
    char model[80], case_name[256];
    race->spin.once = kaon_bench_spin_for(job->host->cpu_bits);
    snprintf(race->spinner.impl, sizeof race->spinner.impl, "spin");
    name_of(model, sizeof model, job->path);
    snprintf(case_name, sizeof case_name, "%s%s%s%s", model, race->all->draw.text[0] ? "/" : "",
             race->all->draw.text, job->cold ? " cold" : "");
    enum kaon_status st = hold_race(race, msg);
    if (st == KAON_OK)
        make_rows(race, case_name, rows);
    if (st == KAON_OK && job->profile && !kaon_interrupted())
        st = kaon_bench_profile(race->all->at[0].own->session, &race->all->draw, case_name,
                                job->limits, job->quick ? 3 : 101, profiles, msg);
    return st;
}

enum kaon_status kaon_bench_model_run(const struct kaon_bench_model_job *job, json_t *rows,
                                      json_t *profiles, struct kaon_msg *msg)
{
    struct kaon_bench_runners all;
    enum kaon_status st = kaon_bench_runners_open(&all, job, msg);
    struct race race = { .job = job, .all = &all };
    if (st == KAON_OK)
        st = run_race(&race, rows, profiles, msg);
    free(race.spinner.sample_ns);
    free(race.sweep);
    kaon_bench_runners_close(&all);
    return st;
}
