/* Where the time of a run goes, step by step. */
#ifndef KAON_TOOLS_BENCH_PROFILE_H
#define KAON_TOOLS_BENCH_PROFILE_H

#include <jansson.h>

#include "tools/bench/draw.h"
#include "tools/bench/limits.h"
#include "tools/cli/out.h"

/* Runs the first shape `runs` times with a profile and appends { case, steps } to `profiles`; each
 * step has its median time, FLOPs, bytes, share of the whole and of the machine's limit. */
enum kaon_status kaon_bench_profile(struct kaon_session *session,
                                    const struct kaon_bench_draw *draw, const char *case_name,
                                    const struct kaon_bench_limits *limits, size_t runs,
                                    json_t *profiles, struct kaon_msg *msg);

/* The steps, those that take longest first, and what each operator takes together. */
void kaon_bench_print_profile(const json_t *profile, struct kaon_out *out);

#endif
