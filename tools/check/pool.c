#include "tools/check/pool.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/cli/clock.h"
#include "tools/cli/fail.h"
#include "tools/cli/interrupt.h"

struct child {
    pid_t pid; /* 0: the slot is free */
    int fd;    /* read end of its pipe */
    size_t task;
    double deadline;
    size_t got; /* bytes of the outcome so far */
    struct kaon_outcome outcome;
};

struct state {
    const struct kaon_pool *pool;
    struct child *child;
    struct pollfd *poll;          /* one a slot */
    struct kaon_outcome *outcome; /* one a task */
    bool *finished;
    size_t next;     /* task to start */
    size_t reported; /* tasks told to `done` */
    size_t running;
};

size_t kaon_pool_cpus(void)
{
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? (size_t)n : 1;
}

/* The child's whole life. It must not outlive its parent, nor flush what that has buffered. */
_Noreturn static void live(const struct kaon_pool *pool, size_t task, int fd, pid_t parent)
{
    static const struct rlimit no_core = { 0, 0 };
    struct kaon_outcome outcome;

    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    setrlimit(RLIMIT_CORE, &no_core);
    memset(&outcome, 0, sizeof outcome); /* all of it goes through the pipe */
    pool->task(pool->user, task, &outcome);
    _exit(write(fd, &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 1);
}

static enum kaon_status start(struct state *s, struct child *c, struct kaon_msg *msg)
{
    const pid_t parent = getpid();
    int ends[2];

    if (pipe(ends) != 0)
        return kaon_cli_fail(msg, KAON_IO, "no pipe for a child: %s", strerror(errno));
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        live(s->pool, s->next, ends[1], parent);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return kaon_cli_fail(msg, KAON_IO, "a child cannot be started: %s", strerror(errno));
    }
    *c = (struct child){ .pid = pid,
                         .fd = ends[0],
                         .task = s->next++,
                         .deadline = kaon_clock_seconds() + s->pool->seconds };
    s->running++;
    return KAON_OK;
}

/* Waits for a child that has ended or was killed; returns its wait status. */
static int reap(struct state *s, struct child *c)
{
    int status = 0;
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(c->fd);
    c->pid = 0;
    s->running--;
    return status;
}

static void finish(struct state *s, struct child *c, bool too_late)
{
    struct kaon_outcome *o = &s->outcome[c->task];
    if (too_late)
        kill(c->pid, SIGKILL);
    const int status = reap(s, c);

    if (too_late)
        kaon_outcome_set(o, KAON_FAILED, "no answer within %g s", s->pool->seconds);
    else if (c->got == sizeof c->outcome)
        *o = c->outcome;
    else if (WIFSIGNALED(status))
        kaon_outcome_set(o, KAON_FAILED, "crashed: %s", strsignal(WTERMSIG(status)));
    else
        kaon_outcome_set(o, KAON_FAILED, "ended without an answer, exit status %d",
                         WEXITSTATUS(status));
    s->finished[c->task] = true;
    for (; s->reported < s->pool->n_tasks && s->finished[s->reported]; s->reported++)
        s->pool->done(s->pool->user, s->reported, &s->outcome[s->reported]);
}

/* Takes what the pipe holds; true at its end. */
static bool drain(struct child *c)
{
    char extra[64];
    const bool full = c->got == sizeof c->outcome;
    const ssize_t n = full ? read(c->fd, extra, sizeof extra)
                           : read(c->fd, (char *)&c->outcome + c->got, sizeof c->outcome - c->got);
    if (n < 0)
        return errno != EINTR;
    if (!full)
        c->got += (size_t)n;
    return n == 0;
}

static void wait_a_little(struct state *s)
{
    double first = kaon_clock_seconds() + 1;
    for (size_t i = 0; i < s->pool->jobs; i++) {
        const struct child *c = &s->child[i];
        s->poll[i] = (struct pollfd){ .fd = c->pid ? c->fd : -1, .events = POLLIN };
        if (c->pid && c->deadline < first)
            first = c->deadline;
    }
    const double left = first - kaon_clock_seconds();
    if (poll(s->poll, s->pool->jobs, left > 0 ? (int)(1000 * left) + 1 : 0) < 0)
        for (size_t i = 0; i < s->pool->jobs; i++)
            s->poll[i].revents = 0; /* interrupted: nothing is known */
    for (size_t i = 0; i < s->pool->jobs; i++) {
        struct child *c = &s->child[i];
        if (c->pid && s->poll[i].revents && drain(c))
            finish(s, c, false);
        else if (c->pid && kaon_clock_seconds() >= c->deadline)
            finish(s, c, true);
    }
}

static enum kaon_status run_all(struct state *s, struct kaon_msg *msg)
{
    enum kaon_status st = KAON_OK;
    while (st == KAON_OK && !kaon_interrupted() && (s->running || s->next < s->pool->n_tasks)) {
        for (size_t i = 0; st == KAON_OK && i < s->pool->jobs; i++)
            if (!s->child[i].pid && s->next < s->pool->n_tasks)
                st = start(s, &s->child[i], msg);
        if (st == KAON_OK)
            wait_a_little(s);
    }
    for (size_t i = 0; i < s->pool->jobs; i++)
        if (s->child[i].pid) {
            kill(s->child[i].pid, SIGKILL);
            reap(s, &s->child[i]);
        }
    return st;
}

enum kaon_status kaon_pool_run(const struct kaon_pool *pool, struct kaon_msg *msg)
{
    struct state s = {
        .pool = pool,
        .child = calloc(pool->jobs, sizeof *s.child),
        .poll = calloc(pool->jobs, sizeof *s.poll),
        .outcome = calloc(pool->n_tasks + 1, sizeof *s.outcome),
        .finished = calloc(pool->n_tasks + 1, sizeof *s.finished),
    };
    const enum kaon_status st =
        s.child && s.poll && s.outcome && s.finished
            ? run_all(&s, msg)
            : kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for %zu tasks", pool->n_tasks);
    free(s.child);
    free(s.poll);
    free(s.outcome);
    free(s.finished);
    return st;
}
