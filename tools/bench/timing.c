#include "tools/bench/timing.h"

#include <stdlib.h>
#include <time.h>

#include "tools/bench/stats.h"
#include "tools/cli/fail.h"
#include "tools/cli/interrupt.h"

double kaon_bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* What takes longer goes over more memory than caches hold: nothing would come back. */
#define LONG_RUN_NS 1e7

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* The lesser of wall time and the CPU time of all our threads: less where the core was given to
 * somebody else meanwhile, which is no property of what is timed. */
static double batch_ns(const struct kaon_bench_timed *t)
{
    const double cpu_start = cpu_now(), start = kaon_bench_now();
    for (uint64_t i = 0; i < t->batch; i++)
        t->run(t->arg);
    const double wall = kaon_bench_now() - start, cpu = cpu_now() - cpu_start;
    return cpu < wall ? cpu : wall;
}

/* Finds the number of runs that lasts as long as a batch should. Two runs first, which fill caches
 * and do whatever is done once. */
static void calibrate(struct kaon_bench_timed *t, double want_ns)
{
    t->run(t->arg);
    t->run(t->arg);
    for (t->batch = 1;;) {
        const double ns = batch_ns(t);
        if (ns >= want_ns || kaon_interrupted())
            return;
        const double factor = ns > 0.0 ? 1.2 * want_ns / ns : 10.0;
        t->batch = (uint64_t)((double)t->batch * (factor > 10.0 ? 10.0 : factor)) + 1;
    }
}

/* Brings back what the others drove out of the caches. */
static void warm_up(const struct kaon_bench_timed *t)
{
    const uint64_t runs = t->last_ns < LONG_RUN_NS ? 1 + t->batch / 3 : 0;
    for (uint64_t i = 0; i < runs; i++)
        t->run(t->arg);
}

static size_t rounds_of(const struct kaon_bench_timed *timed, size_t n,
                        const struct kaon_bench_pace *pace)
{
    double longest = pace->batch_ns;
    for (size_t i = 0; i < n; i++) {
        const double ns = batch_ns(&timed[i]);
        longest = ns > longest ? ns : longest;
    }
    const double rounds = pace->total_ns / longest;
    if (rounds < (double)pace->min_rounds)
        return pace->min_rounds;
    return rounds > (double)pace->max_rounds ? pace->max_rounds : (size_t)rounds;
}

enum kaon_status kaon_bench_time(struct kaon_bench_timed *timed, size_t n,
                                 const struct kaon_bench_pace *pace, struct kaon_msg *msg)
{
    for (size_t i = 0; i < n && !kaon_interrupted(); i++)
        calibrate(&timed[i], pace->batch_ns);
    if (kaon_interrupted())
        return KAON_OK;
    const size_t rounds = rounds_of(timed, n, pace);
    for (size_t i = 0; i < n; i++) {
        timed[i].sample_ns = calloc(rounds, sizeof *timed[i].sample_ns);
        if (!timed[i].sample_ns)
            return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for %zu times", rounds);
    }
    for (size_t r = 0; r < rounds && !kaon_interrupted(); r++)
        for (size_t k = 0; k < n; k++) {
            struct kaon_bench_timed *t = &timed[(r + k) % n];
            warm_up(t);
            t->last_ns = batch_ns(t) / (double)t->batch;
            t->sample_ns[t->n++] = t->last_ns;
        }
    return KAON_OK;
}

double kaon_bench_best_ns(kaon_bench_fn *run, void *arg, const struct kaon_bench_pace *pace)
{
    enum { MOST = 400 };
    struct kaon_bench_timed t = { .run = run, .arg = arg };
    double sample[MOST];
    size_t n = 0;

    calibrate(&t, pace->batch_ns);
    size_t rounds = rounds_of(&t, 1, pace);
    rounds = rounds > MOST ? MOST : rounds;
    for (; n < rounds && !(n && kaon_interrupted()); n++)
        sample[n] = batch_ns(&t) / (double)t.batch;
    kaon_bench_sort(sample, n);
    return kaon_bench_quantile(sample, n, 0.1);
}
