/* The little of libhdf5 that reader and writer share. */
#ifndef KAON_TOOLS_EVAL_H5UTIL_H
#define KAON_TOOLS_EVAL_H5UTIL_H

#include "tools/cli/fail.h"
#include "tools/eval/pool.h"

#include <hdf5.h>
#include <stdbool.h>

/* Stops libhdf5 from printing its error stack and registers our filters. */
enum kaon_status kaon_eval_h5_start(struct kaon_msg *msg);

/* What the innermost function of libhdf5 had to say about the last failure, "" if nothing. */
const char *kaon_eval_h5_reason(char *text, size_t room);

/* Member names of a compound, from the pool; NULL without memory or if it is none. */
const char **kaon_eval_h5_members(hid_t type, size_t *n, struct eval_pool *pool);

/* The 8-bit enum {FALSE, TRUE} that h5py reads as bool; < 0 on failure. */
hid_t kaon_eval_h5_bool(void);

#endif
