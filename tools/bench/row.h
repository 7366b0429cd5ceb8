/* Results as JSON objects, which is how they are saved, compared and printed.
 *
 * A run: { schema_version, what ("machine", "kernels" or "models"), host members of host.h, limits,
 * peers, rows }. A row: case, impl, form, isa, chosen, wrong, median_ns, min_ns, p90_ns, p99_ns,
 * spread_ns, rounds, reps, elements, flops, bytes, floor_ns, limit_share, max_abs_diff, spin_ns,
 * samples_ns; a row of a model has p999_ns, max_ns and more (docs/bench.md). */
#ifndef KAON_TOOLS_BENCH_ROW_H
#define KAON_TOOLS_BENCH_ROW_H

#include <jansson.h>

#include "tools/bench/contender.h"
#include "tools/bench/limits.h"
#include "tools/bench/stats.h"

/* One contender's row. `timed` is sorted by this. */
json_t *kaon_bench_row(const struct kaon_bench_case *c, const struct kaon_bench_contender *who,
                       struct kaon_bench_timed *timed, const struct kaon_bench_limits *limits,
                       double spin_ns);

double kaon_bench_member(const json_t *row, const char *name);    /* NaN if there is none */
const char *kaon_bench_text(const json_t *row, const char *name); /* "" if there is none */

json_t *kaon_bench_limits_json(const struct kaon_bench_limits *limits);

/* A copy without the samples, which are long. */
json_t *kaon_bench_without_samples(const json_t *run);

#endif
