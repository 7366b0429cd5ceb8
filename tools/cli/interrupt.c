#include "tools/cli/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/* The program's only global state. Atomic, since any thread may look; lock-free, so that a handler
 * may set it. */
static atomic_int interrupted;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler sets it");

static void on_signal(int number)
{
    (void)number;
    atomic_store_explicit(&interrupted, 1, memory_order_relaxed);
}

void kaon_interrupt_watch(void)
{
    /* No SA_RESTART: a call that waits returns, so that its loop sees the flag. */
    struct sigaction once = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
    struct sigaction ignore = { .sa_handler = SIG_IGN };

    sigemptyset(&once.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &once, NULL);
    sigaction(SIGTERM, &once, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

bool kaon_interrupted(void)
{
    return atomic_load_explicit(&interrupted, memory_order_relaxed) != 0;
}
