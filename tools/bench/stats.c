#include "tools/bench/stats.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void kaon_bench_sort(double *value, size_t n)
{
    if (n)
        qsort(value, n, sizeof *value, ascending);
}

double kaon_bench_quantile(const double *sorted, size_t n, double q)
{
    if (n == 0)
        return (double)NAN;
    const double at = q * (double)(n - 1);
    const size_t i = (size_t)at;
    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

double kaon_bench_median(double *value, size_t n)
{
    kaon_bench_sort(value, n);
    return kaon_bench_quantile(value, n, 0.5);
}

struct kaon_bench_summary kaon_bench_summarise(double *value, size_t n)
{
    double sum = 0.0;
    kaon_bench_sort(value, n);
    for (size_t i = 0; i < n; i++)
        sum += value[i];
    return (struct kaon_bench_summary){
        .min = kaon_bench_quantile(value, n, 0),
        .median = kaon_bench_quantile(value, n, 0.5),
        .p90 = kaon_bench_quantile(value, n, 0.9),
        .p99 = kaon_bench_quantile(value, n, 0.99),
        .p999 = kaon_bench_quantile(value, n, 0.999),
        .max = kaon_bench_quantile(value, n, 1),
        .mean = n ? sum / (double)n : (double)NAN,
        .spread = 0.5 * (kaon_bench_quantile(value, n, 0.75) - kaon_bench_quantile(value, n, 0.25)),
        .n = n,
    };
}

/* How many values from a[i] and b[j] on equal the smaller of the two. */
static size_t tied(const double *v, size_t n, size_t i, double value)
{
    size_t count = 0;
    while (i + count < n && v[i + count] <= value)
        count++;
    return count;
}

double kaon_bench_rank_test(const double *a, size_t n_a, const double *b, size_t n_b)
{
    const double na = (double)n_a, nb = (double)n_b, n = na + nb;
    double rank_sum = 0.0, ties = 0.0, rank = 1.0;
    size_t i = 0, j = 0;

    if (n_a < 5 || n_b < 5)
        return 1.0;
    while (i < n_a || j < n_b) {
        const double value = j >= n_b || (i < n_a && a[i] <= b[j]) ? a[i] : b[j];
        const size_t from_a = tied(a, n_a, i, value), from_b = tied(b, n_b, j, value);
        const double t = (double)(from_a + from_b);
        rank_sum += (double)from_a * (rank + 0.5 * (t - 1.0));
        ties += t * t * t - t;
        rank += t;
        i += from_a;
        j += from_b;
    }
    const double u = rank_sum - 0.5 * na * (na + 1.0);
    const double variance = na * nb / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)));
    if (!(variance > 0.0))
        return 1.0; /* all values are equal */
    const double distance = fmax(0.0, fabs(u - 0.5 * na * nb) - 0.5);
    return erfc(distance / sqrt(2.0 * variance));
}

double kaon_bench_geometric_mean(const double *value, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += log(value[i]);
    return n ? exp(sum / (double)n) : (double)NAN;
}
