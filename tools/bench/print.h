/* Runs as text, Markdown and CSV. */
#ifndef KAON_TOOLS_BENCH_PRINT_H
#define KAON_TOOLS_BENCH_PRINT_H

#include <jansson.h>
#include <stdbool.h>

#include "tools/cli/out.h"

/* The machine's limits, and what the run says of the host. */
void kaon_bench_print_machine(const json_t *run, struct kaon_out *out);

/* A line for each peer that was asked for. */
void kaon_bench_print_peers(const json_t *run, struct kaon_out *out);

/* The rows from `first` to the end, all of one case: a heading and a line each. */
void kaon_bench_print_case(const json_t *rows, size_t first, struct kaon_out *out);

/* Everything that the run holds. */
void kaon_bench_print_text(const json_t *run, struct kaon_out *out);
void kaon_bench_print_markdown(const json_t *run, struct kaon_out *out);
void kaon_bench_print_csv(const json_t *run, struct kaon_out *out);

/* For pictures: a block for each row of a model, in microseconds and the share of runs that took
 * longer; blocks are two empty lines apart, as gnuplot wants them. */
void kaon_bench_print_curves(const json_t *run, struct kaon_out *out);

/* The row of a case that selection picks, from `first` on; NULL if there is none. */
const json_t *kaon_bench_chosen(const json_t *rows, size_t first);

/* One past the last row of the case that begins at `first`. */
size_t kaon_bench_case_end(const json_t *rows, size_t first);

/* Of the case's other rows of kaon's, the one that is faster than the chosen by 3 % and more and not
 * by chance, or NULL; the fastest of them. Needs samples. */
const json_t *kaon_bench_faster_form(const json_t *rows, size_t first);

/* Whether two rows' samples differ by more than chance (p < 0.001). */
bool kaon_bench_rows_differ(const json_t *a, const json_t *b, double scale_b);

/* "kaon two-pass avx2" */
struct kaon_bench_who {
    char text[128];
};
struct kaon_bench_who kaon_bench_who(const json_t *row);

#endif
