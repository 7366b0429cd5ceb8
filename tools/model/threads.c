#include "tools/model/threads.h"

#include <pthreadpool.h>

#include "tools/cli/fail.h"

enum kaon_status kaon_threads_open(struct kaon_threads *threads, int64_t n, struct kaon_msg *msg)
{
    *threads = (struct kaon_threads){ 0 };
    if (n < 2)
        return KAON_OK;
    threads->pool = pthreadpool_create((size_t)n);
    return threads->pool
               ? KAON_OK
               : kaon_cli_fail(msg, KAON_NO_MEMORY, "%lld threads cannot be started", (long long)n);
}

static void parallel(void *user, void (*task)(void *context, size_t i), void *context, size_t n)
{
    pthreadpool_parallelize_1d(user, task, context, n, 0);
}

void kaon_threads_lend(const struct kaon_threads *threads, struct kaon_session_options *options)
{
    options->parallel = threads->pool ? parallel : NULL;
    options->parallel_user = threads->pool;
}

void kaon_threads_close(struct kaon_threads *threads)
{
    pthreadpool_destroy(threads->pool);
    threads->pool = NULL;
}
