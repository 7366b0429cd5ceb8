/* Saved runs: written, read, and compared with the present one. */
#ifndef KAON_TOOLS_BENCH_SAVED_H
#define KAON_TOOLS_BENCH_SAVED_H

#include <jansson.h>
#include <stdbool.h>

#include "engine/kaon.h"
#include "tools/cli/out.h"

enum kaon_status kaon_bench_save(const json_t *run, const char *path, bool force,
                                 struct kaon_msg *msg);

/* KAON_BAD_INPUT if the file is no saved run. */
enum kaon_status kaon_bench_load(json_t **run, const char *path, struct kaon_msg *msg);

/* Prints a line for each row that both runs have, and how many are faster and slower. The older
 * times are scaled by the two runs' spins, so that a core that was slower then does not look like
 * code that is faster now. *slower: rows of kaon's that take 5 % more time and not by chance. */
void kaon_bench_compare(const json_t *now, const json_t *before, struct kaon_out *out,
                        size_t *slower);

#endif
