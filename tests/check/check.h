/* What the checks of the kernel layer share. A check is a function; it runs once for each table the
 * CPU can use, the scalar one first. Inside it a case begins with check_begin, takes buffers, fills
 * them with patterns, runs the kernel of `now` (and of `ref`, the scalar table) and compares. */
#ifndef KAON_TESTS_CHECK_H
#define KAON_TESTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

#define CHECK_COUNT(a) (sizeof(a) / sizeof *(a))

struct check {
    const struct kaon_kernels *ref, *now;
    const struct kaon_kernels *base; /* the table that `now` extends; NULL: none */
    bool scalar; /* now == ref: compare with double; otherwise with ref, bit for bit */
    bool bench;
    bool exhaustive;
    bool tame; /* the last pattern holds only ordinary numbers */
    uint64_t random;
    const char *only, *except, *isa;
    char name[96];
    bool failed; /* the running case */
    bool running;
    unsigned passed, failures, skipped;
    bool covered[sizeof(struct kaon_kernels) / sizeof(void *)];
};

/* Starts a case under this name, ending the one before. False: left out by --only or --except. `member` is the
 * address of the tested member in `now`; it counts as covered. */
bool check_begin(struct check *c, const void *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void check_end(struct check *c);

/* Buffers of the running case, freed with it. Guard words lie before and, at odd alignments, after;
 * a page that may not be touched follows. */
void *check_alloc(struct check *c, size_t bytes);
float *check_floats(struct check *c, size_t n);

/* Aligned to 64 bytes and far from the forbidden page, for timing: masked accesses that reach into
 * such a page are legal but cost a microcode assist each. */
float *check_scratch(struct check *c, size_t n);

uint64_t check_random(struct check *c);
float check_uniform(struct check *c, float lo, float hi);
float check_any_float(struct check *c); /* any bit pattern */

/* Fills x with pattern number `which`. */
enum check_patterns {
    CHECK_RANDOM,
    CHECK_EQUAL,
    CHECK_RAMP,
    CHECK_ZEROS,     /* of both signs */
    CHECK_DENORMALS, /* of both signs, some normal numbers among them */
    CHECK_ONE_NAN,
    CHECK_SOME_INF,
    CHECK_SOME_MINUS_INF,
    CHECK_ALL_MINUS_INF,
    CHECK_ANY_BITS,
    CHECK_PATTERNS
};
void check_pattern(struct check *c, unsigned which, float *x, size_t n, float lo, float hi);

/* Comparisons. NaN must meet NaN, payloads are not compared. */
void check_same_floats(struct check *c, const float *want, const float *got, size_t n);
void check_same_bytes(struct check *c, const void *want, const void *got, size_t bytes);

/* |got - want| <= ulp * (ulp of want) or <= absolute. Infinities must agree, except that a value
 * may round to infinity. */
void check_near(struct check *c, const double *want, const float *got, size_t n, double ulp,
                double absolute);
/* |got - want| in ulp of want; 0 where neither is finite. */
double check_ulp(double want, float got);
double *check_doubles(struct check *c, size_t n);

void check_fail(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A further line under a failure. */
void check_note(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs fn(arg) for a while and prints ns per element for `now`, and the ratio to scalar, if
 * --bench. */
typedef void check_timed_fn(const struct kaon_kernels *k, void *arg);
void check_time(struct check *c, double elements, double flops, check_timed_fn *fn, void *arg);

typedef void check_fn(struct check *c);
#define CHECK_FAMILY(family) check_fn check_##family;
#include "tests/check/checks.inc"
#undef CHECK_FAMILY

#endif
