/* What is told of many times: quantiles, spread, and whether two sets differ. */
#ifndef KAON_TOOLS_BENCH_STATS_H
#define KAON_TOOLS_BENCH_STATS_H

#include <stddef.h>

/* Ascending. */
void kaon_bench_sort(double *value, size_t n);

/* Of sorted values, interpolated between neighbours; NaN for none. */
double kaon_bench_quantile(const double *sorted, size_t n, double q);

/* Sorts in place. */
double kaon_bench_median(double *value, size_t n);

struct kaon_bench_summary {
    double min, median, p90, p99, p999, max, mean;
    double spread; /* half the distance between the quartiles */
    size_t n;
};

/* Sorts in place. All NaN for n = 0. */
struct kaon_bench_summary kaon_bench_summarise(double *value, size_t n);

/* The probability that two sets as different as these were drawn from one distribution: Mann and
 * Whitney's U with the correction for ties, two-sided, normal approximation (Ann. Math. Stat. 18,
 * 1947). Both sorted. 1 if either has fewer than 5 values, which cannot tell. */
double kaon_bench_rank_test(const double *a, size_t n_a, const double *b, size_t n_b);

double kaon_bench_geometric_mean(const double *value, size_t n);

#endif
