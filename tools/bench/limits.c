#include "tools/bench/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/bench/rates.h"
#include "tools/bench/streams.h"
#include "tools/cli/fail.h"

/* ---- caches ---------------------------------------------------------------------------------- */

/* A word from a file of sysfs; false if there is none. */
static bool read_word(char *word, size_t room, const char *format, unsigned cpu, unsigned index)
{
    char path[128];
    snprintf(path, sizeof path, format, cpu, index);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    const bool ok = fgets(word, (int)room, f) != NULL;
    fclose(f);
    word[strcspn(word, "\n")] = 0;
    return ok;
}

static size_t size_of(const char *word)
{
    char *end;
    const size_t n = strtoul(word, &end, 10);
    return *end == 'K' ? n << 10 : *end == 'M' ? n << 20 : n;
}

void kaon_bench_cache_sizes(struct kaon_bench_level level[KAON_BENCH_LEVELS])
{
    static const struct kaon_bench_level typical[KAON_BENCH_LEVELS] = {
        { .name = "L1", .capacity = 32u << 10 },
        { .name = "L2", .capacity = 1u << 20 },
        { .name = "L3", .capacity = 32u << 20 },
        { .name = "memory" },
    };
    const char *folder = "/sys/devices/system/cpu/cpu%u/cache/index%u/";
    char format[96], type[32], depth[32], size[32];

    memcpy(level, typical, sizeof typical);
    for (unsigned i = 0; i < 8; i++) {
        snprintf(format, sizeof format, "%stype", folder);
        if (!read_word(type, sizeof type, format, 0, i))
            return;
        snprintf(format, sizeof format, "%slevel", folder);
        const bool has_level = read_word(depth, sizeof depth, format, 0, i);
        snprintf(format, sizeof format, "%ssize", folder);
        if (!has_level || !read_word(size, sizeof size, format, 0, i) ||
            !strcmp(type, "Instruction"))
            continue;
        const size_t d = size_of(depth);
        if (d >= 1 && d <= 3 && size_of(size))
            level[d - 1].capacity = size_of(size);
    }
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

struct rate_run {
    const struct kaon_bench_rate *rate;
    size_t iterations;
};

static void run_rate(void *arg)
{
    const struct rate_run *r = arg;
    r->rate->loop(r->iterations);
}

static double rate_of(unsigned which, uint32_t cpu_bits, const struct kaon_bench_pace *pace)
{
    struct rate_run r = { &kaon_bench_rates[which], 1000 };
    if (r.rate->need & ~cpu_bits)
        return 0.0;
    return r.rate->ops * (double)r.iterations / kaon_bench_best_ns(run_rate, &r, pace);
}

static void measure_arithmetic(struct kaon_bench_limits *l, uint32_t cpu_bits,
                               const struct kaon_bench_pace *pace)
{
    for (unsigned w = 0; w < KAON_BENCH_WIDTHS; w++)
        l->fma[w] = rate_of(KAON_BENCH_RATE_FMA_128 + w, cpu_bits, pace);
    l->vnni = rate_of(KAON_BENCH_RATE_VNNI, cpu_bits, pace);
    l->bf16 = rate_of(KAON_BENCH_RATE_BF16, cpu_bits, pace);
    l->fp16 = rate_of(KAON_BENCH_RATE_FP16, cpu_bits, pace);
}

/* Without AVX2: some arithmetic all the same, for the spin. */
static void sum_integers(size_t iterations)
{
    uint64_t x = 1;
    for (size_t i = 0; i < 24 * iterations; i++) {
        x = x * UINT64_C(6364136223846793005) + 1;
        __asm__ volatile("" : "+r"(x));
    }
}

enum { SPIN_ITERATIONS = 1000 };

struct kaon_bench_spin kaon_bench_spin_for(uint32_t cpu_bits)
{
    for (int w = KAON_BENCH_512; w >= KAON_BENCH_128; w--) {
        const struct kaon_bench_rate *r = &kaon_bench_rates[KAON_BENCH_RATE_FMA_128 + w];
        if (!(r->need & ~cpu_bits))
            return (struct kaon_bench_spin){ r->loop, r->ops * SPIN_ITERATIONS };
    }
    return (struct kaon_bench_spin){ sum_integers, 0.0 };
}

void kaon_bench_spin_run(void *arg)
{
    const struct kaon_bench_spin *spin = arg;
    spin->loop(SPIN_ITERATIONS);
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct stream_run {
    const struct kaon_bench_streams *loops;
    char *a, *b;
    size_t bytes; /* of a, and of b */
};

static void run_read(void *arg)
{
    const struct stream_run *r = arg;
    r->loops->read(r->a, r->bytes);
}

static void run_write(void *arg)
{
    const struct stream_run *r = arg;
    r->loops->write(r->a, r->bytes);
}

static void run_copy(void *arg)
{
    const struct stream_run *r = arg;
    r->loops->copy(r->b, r->a, r->bytes);
}

/* How much to go over at each level: well inside a cache, well outside the one before. The last
 * cache of a server is shared and sliced: 32 MiB of it are enough to be outside of L2. Memory: four
 * times the last cache, as far as an eighth of what is installed allows. */
static void choose_sizes(struct kaon_bench_level level[KAON_BENCH_LEVELS], size_t at_most)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t most = (size_t)sysconf(_SC_PHYS_PAGES) / 8 * page;
    const size_t last = level[2].capacity;
    level[0].measured = level[0].capacity / 2;
    level[1].measured = level[1].capacity / 2;
    level[2].measured = last / 2 < 32u << 20 ? last / 2 : 32u << 20;
    level[3].measured = 4 * last < most ? 4 * last : most;
    for (int i = 0; i < KAON_BENCH_LEVELS; i++) {
        level[i].measured = level[i].measured < at_most ? level[i].measured : at_most;
        level[i].measured &= ~(size_t)4095;
    }
}

static enum kaon_status measure_memory(struct kaon_bench_limits *l, uint32_t cpu_bits,
                                       const struct kaon_bench_pace *pace, struct kaon_msg *msg)
{
    struct stream_run r = { .loops = kaon_bench_streams_for(cpu_bits) };
    choose_sizes(l->level, pace->memory_bytes);
    const size_t most = l->level[KAON_BENCH_LEVELS - 1].measured;
    char *block = aligned_alloc(4096, most);
    if (!block)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for a buffer of %zu bytes", most);
    memset(block, 1, most);
    for (int i = 0; i < KAON_BENCH_LEVELS; i++) {
        struct kaon_bench_level *v = &l->level[i];
        r.a = block;
        r.bytes = v->measured;
        v->read = (double)r.bytes / kaon_bench_best_ns(run_read, &r, pace);
        v->write = (double)r.bytes / kaon_bench_best_ns(run_write, &r, pace);
        r.bytes = v->measured / 2 & ~(size_t)511;
        r.b = block + v->measured / 2;
        v->copy = 2.0 * (double)r.bytes / kaon_bench_best_ns(run_copy, &r, pace);
    }
    free(block);
    return KAON_OK;
}

/* ---- steps and clock ------------------------------------------------------------------------- */

struct empty_step {
    void (*run)(const struct empty_step *step);
    const struct empty_step *volatile next;
};

static void do_nothing(const struct empty_step *step)
{
    __asm__ volatile("" : : "r"(step) : "memory");
}

enum { STEPS = 100 };

static void run_steps(void *arg)
{
    const struct empty_step *step = arg;
    for (size_t i = 0; i < STEPS; i++)
        step[i].run(&step[i]);
}

static double step_ns(const struct kaon_bench_pace *pace)
{
    struct empty_step steps[STEPS];
    for (size_t i = 0; i < STEPS; i++)
        steps[i] = (struct empty_step){ .run = do_nothing };
    return kaon_bench_best_ns(run_steps, steps, pace) / STEPS;
}

static void read_clock(void *arg)
{
    double *now = arg;
    *now = kaon_bench_now();
}

/* ---- all ------------------------------------------------------------------------------------- */

enum kaon_status kaon_bench_limits_measure(struct kaon_bench_limits *l, uint32_t cpu_bits,
                                           const struct kaon_bench_pace *pace, struct kaon_msg *msg)
{
    struct kaon_bench_spin spin = kaon_bench_spin_for(cpu_bits);
    double now;
    *l = (struct kaon_bench_limits){ 0 };
    kaon_bench_cache_sizes(l->level);
    measure_arithmetic(l, cpu_bits, pace);
    l->spin_ns = kaon_bench_best_ns(kaon_bench_spin_run, &spin, pace);
    l->step_ns = step_ns(pace);
    l->clock_ns = kaon_bench_best_ns(read_clock, &now, pace);
    return measure_memory(l, cpu_bits, pace, msg);
}

double kaon_bench_peak(const struct kaon_bench_limits *l)
{
    double peak = 0.0;
    for (int w = 0; w < KAON_BENCH_WIDTHS; w++)
        peak = l->fma[w] > peak ? l->fma[w] : peak;
    return peak;
}

const struct kaon_bench_level *kaon_bench_level_of(const struct kaon_bench_limits *l, size_t bytes)
{
    size_t i = 0;
    while (i + 1 < KAON_BENCH_LEVELS && bytes > l->level[i].capacity)
        i++;
    return &l->level[i];
}

double kaon_bench_floor_ns(const struct kaon_bench_limits *l, double flops, double bytes_read,
                           double bytes_written, size_t footprint)
{
    const struct kaon_bench_level *level = kaon_bench_level_of(l, footprint);
    const double both = bytes_read < bytes_written ? bytes_read : bytes_written;
    const double memory = 2.0 * both / level->copy + (bytes_read - both) / level->read +
                          (bytes_written - both) / level->write;
    const double peak = kaon_bench_peak(l);
    const double arithmetic = peak > 0.0 ? flops / peak : 0.0;
    return memory > arithmetic ? memory : arithmetic;
}
