/* Tasks in child processes: a crash or a hang ends one task, not the run. */
#ifndef KAON_TOOLS_CHECK_POOL_H
#define KAON_TOOLS_CHECK_POOL_H

#include <stddef.h>

#include "engine/kaon.h"
#include "tools/check/outcome.h"

struct kaon_pool {
    size_t n_tasks;
    size_t jobs;    /* children at a time */
    double seconds; /* a child's limit */

    /* Runs in the child. */
    void (*task)(void *user, size_t index, struct kaon_outcome *outcome);
    /* Runs here, for each task in the order of their indices. */
    void (*done)(void *user, size_t index, const struct kaon_outcome *outcome);
    void *user;
};

/* Runs all tasks. Stops early, with every child ended, if the program is interrupted. */
enum kaon_status kaon_pool_run(const struct kaon_pool *pool, struct kaon_msg *msg);

/* How many CPUs this process may use. */
size_t kaon_pool_cpus(void);

#endif
