/* Sorting of scores: by the bits of the doubles, digit after digit, where there are many. */
#include "tools/eval/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Below so many, comparisons cost less than counting digits. */
enum { FEW = 1024, DIGIT = 11, VALUES = 1 << DIGIT, DIGITS = 6 /* that 64 bits have */ };

/* Stable, and defined for NaN too: it goes before what it is compared with. Returns the array of the two
 * that has the result. */
static struct eval_point *merge(struct eval_point *from, struct eval_point *to, size_t n)
{
    for (size_t run = 1; run < n; run *= 2) { /* merge runs of this length */
        for (size_t start = 0; start < n; start += 2 * run) {
            const size_t mid = start + run < n ? start + run : n;
            const size_t end = start + 2 * run < n ? start + 2 * run : n;
            size_t a = start, b = mid;
            for (size_t i = start; i < end; i++)
                to[i] =
                    b == end || (a < mid && from[a].score <= from[b].score) ? from[a++] : from[b++];
        }
        struct eval_point *swap = from;
        from = to, to = swap;
    }
    return from;
}

/* Whole numbers in the order of the scores; both zeros give one. */
static uint64_t key_of(double score)
{
    const double sum = score + 0.0; /* -0 becomes 0 */
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

static size_t digit_of(uint64_t key, int digit)
{
    return (size_t)(key >> (digit * DIGIT)) & (VALUES - 1);
}

/* How often each digit has each value; false if a score is NaN, which has no place in the order. */
static bool count(size_t (*counts)[VALUES], const struct eval_point *point, size_t n)
{
    bool ordered = true;
    for (size_t i = 0; i < n; i++) {
        const uint64_t key = key_of(point[i].score);
        ordered = ordered && !isnan(point[i].score);
        for (int d = 0; d < DIGITS; d++)
            counts[d][digit_of(key, d)]++;
    }
    return ordered;
}

/* From the last digit to the first, each in the order of the one before: stable. */
static struct eval_point *by_digits(size_t (*counts)[VALUES], struct eval_point *from,
                                    struct eval_point *to, size_t n)
{
    for (int d = 0; d < DIGITS; d++) {
        size_t *at = counts[d], before = 0;
        if (at[digit_of(key_of(from[0].score), d)] == n)
            continue; /* all have the same */
        for (size_t v = 0; v < VALUES; v++) {
            const size_t here = at[v];
            at[v] = before;
            before += here;
        }
        for (size_t i = 0; i < n; i++)
            to[at[digit_of(key_of(from[i].score), d)]++] = from[i];
        struct eval_point *swap = from;
        from = to, to = swap;
    }
    return from;
}

int kaon_eval_sort(struct eval_point *points, size_t n)
{
    struct eval_point *other = malloc((n + 1) * sizeof *other), *sorted;
    size_t(*counts)[VALUES] = n < FEW ? NULL : calloc(DIGITS, sizeof *counts);
    const int fits = other && (counts || n < FEW);
    if (fits) {
        sorted = counts && count(counts, points, n) ? by_digits(counts, points, other, n)
                                                    : merge(points, other, n);
        if (sorted != points)
            memcpy(points, sorted, n * sizeof *points);
    }
    free(counts);
    free(other);
    return fits;
}
