/* Threads that a command lends to its sessions. */
#ifndef KAON_TOOLS_MODEL_THREADS_H
#define KAON_TOOLS_MODEL_THREADS_H

#include "engine/kaon.h"

struct kaon_threads {
    void *pool; /* NULL: the caller's thread alone */
};

/* A pool of `n` threads, the caller's among them. 0 and 1: no pool. */
enum kaon_status kaon_threads_open(struct kaon_threads *threads, int64_t n, struct kaon_msg *msg);

/* Sets the fields of the options that lend the pool, which must outlive the session. */
void kaon_threads_lend(const struct kaon_threads *threads, struct kaon_session_options *options);

void kaon_threads_close(struct kaon_threads *threads);

/* The row of a command's option table. */
#define KAON_THREADS_OPTION(type)                                                                  \
    {                                                                                              \
        "threads", 't', KAON_OPTION_INT, "N", "that share the steps of a run (default: 1)",        \
            offsetof(type, engine.threads), 1, 1024                                                \
    }

#endif
