/* kaon_check_kernels: compares every kernel of every instruction set with the scalar form, bit for
 * bit, and the scalar form with double. Options: --seed N, --only TEXT and --except TEXT (cases whose
 * name holds it, or does not), --isa NAME (of these tables), --bench, --exhaustive (minutes: every float of some functions' range). */
#include "tests/check/check.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/cpu.h"

static const struct {
    const char *family;
    check_fn *run;
} checks[] = {
#define CHECK_FAMILY(family) { #family, check_##family },
#include "tests/check/checks.inc"
#undef CHECK_FAMILY
};

/* Buffers: slots mapped once, each ending in a page without access, so that one byte past a buffer
 * that ends there is a crash, even for masked loads, which address sanitizers do not see. */
enum { SLOTS = 16, SLOT_BYTES = 4 << 20, GUARD_WORDS = 16, MAX_SHIFT = 3 };
#define GUARD 0xdeadbeefu

struct slot {
    char *memory; /* SLOT_BYTES, then the forbidden page */
    uint32_t *head, *tail;
    size_t tail_words;
};
static struct slot slots[SLOTS];
static size_t slots_used;
static const char *running_name = "(no case)";

static void crashed(int sig)
{
    static const char text[] = "crash in ";
    (void)!write(2, text, sizeof text - 1);
    (void)!write(2, running_name, strlen(running_name));
    (void)!write(2, "\n", 1);
    signal(sig, SIG_DFL);
    raise(sig);
}

static void map_slots(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < SLOTS; i++) {
        char *p = mmap(NULL, SLOT_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);
        if (p == MAP_FAILED || mprotect(p + SLOT_BYTES, page, PROT_NONE) != 0) {
            perror("mmap");
            exit(2);
        }
        slots[i].memory = p;
    }
}

void *check_alloc(struct check *c, size_t bytes)
{
    const size_t shift = check_random(c) % (MAX_SHIFT + 1), size = (bytes + 3) / 4 * 4;
    if (slots_used == SLOTS || size + (GUARD_WORDS + MAX_SHIFT) * 4 > SLOT_BYTES) {
        fprintf(stderr, "%s: a case takes too many or too large buffers\n", c->name);
        exit(2);
    }
    struct slot *s = &slots[slots_used++];
    char *start = s->memory + SLOT_BYTES - size - shift * 4;
    s->head = (uint32_t *)start - GUARD_WORDS;
    s->tail = (uint32_t *)(start + size);
    s->tail_words = shift;
    for (size_t i = 0; i < GUARD_WORDS; i++)
        s->head[i] = GUARD;
    for (size_t i = 0; i < shift; i++)
        s->tail[i] = GUARD;
    memset(start, 0x7f, size); /* as floats, 3.4e38: what is left unwritten shows */
    return start;
}

float *check_floats(struct check *c, size_t n)
{
    return check_alloc(c, n * sizeof(float));
}

float *check_scratch(struct check *c, size_t n)
{
    char *p = check_alloc(c, n * sizeof(float) + 4096);
    return (float *)(p + 64 - (uintptr_t)p % 64);
}

double *check_doubles(struct check *c, size_t n)
{
    /* doubles want 8-byte alignment, the slots give 4 */
    char *p = check_alloc(c, (n + 1) * sizeof(double));
    return (double *)(p + (uintptr_t)p % sizeof(double));
}

static void check_guards(struct check *c)
{
    for (size_t i = 0; i < slots_used; i++) {
        for (size_t w = 0; w < GUARD_WORDS; w++)
            if (slots[i].head[w] != GUARD)
                check_fail(c, "buffer %zu: written %zu words before its start", i, GUARD_WORDS - w);
        for (size_t w = 0; w < slots[i].tail_words; w++)
            if (slots[i].tail[w] != GUARD)
                check_fail(c, "buffer %zu: written %zu words past its end", i, w + 1);
    }
}

void check_end(struct check *c)
{
    if (!c->running)
        return;
    check_guards(c);
    c->failures += c->failed;
    c->passed += !c->failed;
    c->running = c->failed = false;
    slots_used = 0;
    running_name = "(no case)";
}

/* True if the extended table took this member over from its base, where it has been checked. */
static bool extends_nothing(const struct check *c, const void *member)
{
    const size_t at = (size_t)((const char *)member - (const char *)c->now);
    return c->base && memcmp(member, (const char *)c->base + at, sizeof(void *)) == 0;
}

bool check_begin(struct check *c, const void *member, const char *format, ...)
{
    check_end(c);
    c->covered[(size_t)((const char *)member - (const char *)c->now) / sizeof(void *)] = true;

    va_list args;
    const int prefix = snprintf(c->name, sizeof c->name, "%s ", c->now->isa);
    va_start(args, format);
    vsnprintf(c->name + prefix, sizeof c->name - (size_t)prefix, format, args);
    va_end(args);
    if (extends_nothing(c, member))
        return false;
    if ((c->only && !strstr(c->name, c->only)) || (c->except && strstr(c->name, c->except))) {
        c->skipped++;
        return false;
    }
    c->running = true;
    running_name = c->name;
    return true;
}

void check_fail(struct check *c, const char *format, ...)
{
    va_list args;
    if (c->failed)
        return; /* the first reason is enough */
    c->failed = true;
    printf("FAIL %s: ", c->name);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void check_note(struct check *c, const char *format, ...)
{
    va_list args;
    (void)c;
    printf("  ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* splitmix64, S. Vigna, public domain constants */
uint64_t check_random(struct check *c)
{
    uint64_t z = c->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

float check_uniform(struct check *c, float lo, float hi)
{
    const double unit = (double)(check_random(c) >> 11) * 0x1.0p-53;
    return (float)(lo + (hi - lo) * unit);
}

float check_any_float(struct check *c)
{
    const uint32_t bits = (uint32_t)check_random(c);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

void check_pattern(struct check *c, unsigned which, float *x, size_t n, float lo, float hi)
{
    const float equal = check_uniform(c, lo, hi);
    c->tame = which <= CHECK_DENORMALS;
    for (size_t i = 0; i < n; i++)
        x[i] = check_uniform(c, lo, hi);
    for (size_t i = 0; i < n; i++) {
        const uint64_t r = check_random(c);
        if (which == CHECK_EQUAL)
            x[i] = equal;
        else if (which == CHECK_RAMP)
            x[i] = n > 1 ? lo + (hi - lo) * ((float)i / (float)(n - 1)) : hi;
        else if (which == CHECK_ZEROS)
            x[i] = r & 1 ? 0.0f : -0.0f;
        else if (which == CHECK_DENORMALS && r % 5)
            x[i] = (float)(int32_t)(r >> 40) * (r & 64 ? 0x1.0p-149f : -0x1.0p-149f);
        else if (which == CHECK_SOME_INF && r % 7 == 0)
            x[i] = INFINITY;
        else if (which == CHECK_SOME_MINUS_INF && r % 3 == 0)
            x[i] = -INFINITY;
        else if (which == CHECK_ALL_MINUS_INF)
            x[i] = -INFINITY;
        else if (which == CHECK_ANY_BITS)
            x[i] = check_any_float(c);
    }
    if (which == CHECK_ONE_NAN && n > 0)
        x[check_random(c) % n] = NAN;
}

/* The rows of both arrays around a bad index. */
static void print_around(const char *left, const char *right, size_t bad, size_t n,
                         void (*line)(const void *, const void *, size_t), const void *want,
                         const void *got)
{
    printf("  %8s  %-26s %-26s\n", "index", left, right);
    const size_t first = bad > 4 ? bad - 4 : 0;
    for (size_t i = first; i < n && i < bad + 5; i++) {
        printf("%s%8zu  ", i == bad ? "->" : "  ", i);
        line(want, got, i);
    }
}

static void line_floats(const void *want, const void *got, size_t i)
{
    const double w = ((const float *)want)[i], g = ((const float *)got)[i];
    printf("%-14.9g %-14a %-14.9g %a\n", w, w, g, g);
}

static void line_double(const void *want, const void *got, size_t i)
{
    const double w = ((const double *)want)[i], g = ((const float *)got)[i];
    printf("%-24.17g %-14.9g difference %.3g\n", w, g, g - w);
}

static void line_bytes(const void *want, const void *got, size_t i)
{
    printf("%02x %02x\n", ((const unsigned char *)want)[i], ((const unsigned char *)got)[i]);
}

void check_same_floats(struct check *c, const float *want, const float *got, size_t n)
{
    for (size_t i = 0; i < n && !c->failed; i++) {
        if (want[i] != want[i] ? got[i] != got[i] : memcmp(&want[i], &got[i], sizeof *got) == 0)
            continue;
        check_fail(c, "bits differ from scalar at %zu of %zu", i, n);
        print_around("scalar", c->now->isa, i, n, line_floats, want, got);
    }
}

void check_same_bytes(struct check *c, const void *want, const void *got, size_t bytes)
{
    const unsigned char *w = want, *g = got;
    for (size_t i = 0; i < bytes && !c->failed; i++) {
        if (w[i] == g[i])
            continue;
        check_fail(c, "bytes differ at %zu of %zu", i, bytes);
        print_around("want", "got", i, bytes, line_bytes, want, got);
    }
}

/* The spacing of floats at x, that of denormals at least. */
static double ulp_of(double x)
{
    int e;
    frexp(x, &e);
    return ldexp(1.0, (e < -125 ? -125 : e) - 24);
}

double check_ulp(double want, float got)
{
    const double off = fabs((double)got - want) / ulp_of(want);
    return off < INFINITY ? off : 0.0;
}

static bool near(double want, float got, double ulp, double absolute)
{
    const double largest = 0x1.fffffep+127;
    if (want != want || got != got)
        return want != want && got != got;
    if (fabs(want) == INFINITY)
        return want == (double)got;
    if (fabsf(got) == INFINITY)
        return fabs(want) + ulp * ulp_of(largest) >= largest && (want < 0) == (got < 0);
    return fabs((double)got - want) <= fmax(ulp * ulp_of(want), absolute);
}

void check_near(struct check *c, const double *want, const float *got, size_t n, double ulp,
                double absolute)
{
    for (size_t i = 0; i < n && !c->failed; i++) {
        if (near(want[i], got[i], ulp, absolute))
            continue;
        check_fail(c, "off by %.2f ulp at %zu of %zu (bound %g ulp or %g)",
                   fabs((double)got[i] - want[i]) / ulp_of(want[i]), i, n, ulp, absolute);
        print_around("double", "got", i, n, line_double, want, got);
    }
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The least of several samples of some 2 ms each, ns a call. */
static double time_call(check_timed_fn *fn, const struct kaon_kernels *k, void *arg)
{
    double best = INFINITY;
    size_t calls = 1;
    for (int sample = 0; sample < 9;) {
        const double start = now_ns();
        for (size_t i = 0; i < calls; i++)
            fn(k, arg);
        const double spent = now_ns() - start;
        if (spent < 2e6 && calls < 1u << 24) {
            calls *= 2;
            continue;
        }
        best = fmin(best, spent / (double)calls);
        sample++;
    }
    return best;
}

void check_time(struct check *c, double elements, double flops, check_timed_fn *fn, void *arg)
{
    if (!c->bench)
        return;
    const double ns = time_call(fn, c->now, arg), scalar = time_call(fn, c->ref, arg);
    printf("%-40s %9.3f ns/element", c->name, ns / elements);
    if (flops > 0)
        printf(" %8.1f GFLOP/s", flops / ns);
    printf("  %6.2f x scalar\n", scalar / ns);
}

static int missing_checks(const struct check *c)
{
    int missing = 0;
    for (size_t i = offsetof(struct kaon_kernels, need) / sizeof(void *) + 1;
         i < CHECK_COUNT(c->covered); i++)
        if (!c->covered[i]) {
            printf("FAIL member %zu of struct kaon_kernels has no check\n", i);
            missing++;
        }
    return missing;
}

static void run_table(struct check *c, const struct kaon_kernels *table)
{
    c->now = table;
    c->scalar = table == c->ref;
    for (size_t i = 0; i < CHECK_COUNT(checks); i++) {
        checks[i].run(c);
        check_end(c);
    }
}

int main(int argc, char **argv)
{
    static struct check c;
    uint64_t seed = (uint64_t)time(NULL);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            c.only = argv[++i];
        } else if (strcmp(argv[i], "--except") == 0 && i + 1 < argc) {
            c.except = argv[++i];
        } else if (strcmp(argv[i], "--isa") == 0 && i + 1 < argc) {
            c.isa = argv[++i];
        } else if (strcmp(argv[i], "--bench") == 0) {
            c.bench = true;
        } else if (strcmp(argv[i], "--exhaustive") == 0) {
            c.exhaustive = true;
        } else {
            fprintf(
                stderr,
                "usage: kaon_check_kernels [--seed N] [--only TEXT] [--except TEXT] [--isa NAME] "
                "[--bench] [--exhaustive]\n");
            return 2;
        }
    }
    uint32_t cpu;
    if (kaon_cpu_bits(&cpu, NULL) != 0) {
        fprintf(stderr, "KAON_CPU is not scalar, avx2 or avx512\n");
        return 2;
    }
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    c.random = seed;
    c.ref = kaon_kernels_select(0);
    map_slots();
    signal(SIGSEGV, crashed);
    signal(SIGBUS, crashed);
    signal(SIGILL, crashed);
    signal(SIGFPE, crashed);

    const uint32_t avx512 = KAON_CPU_AVX2 | KAON_CPU_AVX512;
    const uint32_t sets[] = { 0, KAON_CPU_AVX2, avx512, avx512 | KAON_CPU_VNNI };
    const struct kaon_kernels *last = NULL;
    for (size_t i = 0; i < CHECK_COUNT(sets); i++) {
        const struct kaon_kernels *table = kaon_kernels_select(cpu & sets[i]);
        c.base = last && strcmp(last->isa, table->isa) == 0 ? last : NULL;
        if (table != last && (!c.isa || strcmp(c.isa, table->isa) == 0))
            run_table(&c, table);
        last = table;
    }
    c.failures += (unsigned)missing_checks(&c);
    printf("%u passed, %u failed, %u skipped\n", c.passed, c.failures, c.skipped);
    return c.failures > 0;
}
