#include "tools/cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupted; /* the program's only global state */

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
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
    return interrupted;
}
