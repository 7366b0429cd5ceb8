/* kaon itself as something that runs models, behind the same functions as a peer. */
#ifndef KAON_TOOLS_BENCH_MODEL_OWN_H
#define KAON_TOOLS_BENCH_MODEL_OWN_H

#include "tools/bench/draw.h"
#include "tools/bench/peer.h"
#include "tools/model/open.h"
#include "tools/model/threads.h"

struct kaon_bench_own {
    struct kaon_model *model;
    struct kaon_session *session;
    uint64_t allocations; /* calls of the allocator so far */
};

/* Opens the model with an allocator that counts. *own stays where it is until the close. */
enum kaon_status kaon_bench_own_open(struct kaon_bench_own *own, const char *path,
                                     const struct kaon_engine_choice *engine,
                                     const struct kaon_say *say, struct kaon_msg *msg);

/* Opens a session and prepares the ranges of the draw. */
enum kaon_status kaon_bench_own_prepare(struct kaon_bench_own *own,
                                        const struct kaon_bench_draw *draw,
                                        const struct kaon_threads *threads, struct kaon_msg *msg);

/* Its functions; close does nothing, as the caller has kaon_bench_own_close. */
struct kaon_peer_model kaon_bench_own_model(struct kaon_bench_own *own);

void kaon_bench_own_close(struct kaon_bench_own *own);

#endif
