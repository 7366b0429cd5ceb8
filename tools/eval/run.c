#include "tools/eval/run.h"

#include "tools/cli/clock.h"
#include "tools/cli/interrupt.h"

#include <pthread.h>
#include <stdlib.h>

enum state { FREE, READY, RUNNING, DONE };

/* A ring of blocks: block number s lives in slot s % n_slots. read >= started >= taken, and
 * read - taken <= n_slots bounds the memory. */
struct slot {
    enum state state;
    struct eval_block block;
    struct eval_result result;
};

struct work {
    struct eval_run *run;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot *slot;
    size_t n_slots;
    uint64_t read, started, taken; /* blocks */
    bool ended;                    /* no more blocks come */
    bool stop;                     /* somebody failed */
    enum kaon_status status;
    struct kaon_msg msg; /* of the first failure */
};

struct worker {
    struct work *work;
    struct eval_infer *infer;
    pthread_t thread;
    bool started;
};

/* With the lock held. */
static void fail(struct work *w, enum kaon_status status, const struct kaon_msg *msg)
{
    if (!w->stop) {
        w->stop = true;
        w->status = status;
        w->msg = *msg;
    }
}

static void *infer_blocks(void *argument)
{
    struct worker *me = argument;
    struct work *w = me->work;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->stop && !w->ended && w->started == w->read)
            pthread_cond_wait(&w->changed, &w->lock);
        if (w->stop || w->started == w->read)
            break;
        struct slot *slot = &w->slot[w->started++ % w->n_slots];
        slot->state = RUNNING;
        pthread_mutex_unlock(&w->lock);
        struct kaon_msg msg = { "" };
        const enum kaon_status status =
            kaon_eval_infer_block(me->infer, &slot->block, &slot->result, &msg);
        pthread_mutex_lock(&w->lock);
        slot->state = DONE;
        if (status)
            fail(w, status, &msg);
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Reads the next block into its slot, which is free. */
static enum kaon_status read_one(struct work *w, struct kaon_msg *msg)
{
    struct slot *slot = &w->slot[w->read % w->n_slots];
    const enum kaon_status status = kaon_eval_reader_next(w->run->reader, &slot->block, msg);
    pthread_mutex_lock(&w->lock);
    if (status || slot->block.rows == 0) {
        w->ended = true;
    } else {
        slot->state = READY;
        w->read++;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return status;
}

/* Waits for the oldest block and hands it on. */
static enum kaon_status take_one(struct work *w, struct kaon_msg *msg)
{
    struct slot *slot = &w->slot[w->taken % w->n_slots];
    pthread_mutex_lock(&w->lock);
    while (!w->stop && slot->state != DONE)
        pthread_cond_wait(&w->changed, &w->lock);
    const bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    if (stop)
        return KAON_OK; /* the status is in *w */
    w->run->macs += slot->result.macs;
    const enum kaon_status status = w->run->take(w->run->user, &slot->block, &slot->result, msg);
    slot->state = FREE;
    w->taken++;
    if (w->run->progress)
        kaon_progress_update(w->run->progress, slot->block.first + slot->block.rows -
                                                   kaon_eval_reader_first(w->run->reader));
    return status;
}

static bool stopped(struct work *w)
{
    pthread_mutex_lock(&w->lock);
    const bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    return stop;
}

static void feed(struct work *w)
{
    struct kaon_msg msg = { "" };
    enum kaon_status status = KAON_OK;
    while (!status && !stopped(w)) {
        if (kaon_interrupted())
            status = kaon_cli_fail(&msg, KAON_IO, "interrupted");
        else if (!w->ended && w->read - w->taken < w->n_slots)
            status = read_one(w, &msg);
        else if (w->taken < w->read)
            status = take_one(w, &msg);
        else
            break;
    }
    pthread_mutex_lock(&w->lock);
    if (status)
        fail(w, status, &msg);
    w->ended = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static enum kaon_status open_workers(struct eval_run *run, struct worker *worker,
                                     struct kaon_msg *msg)
{
    size_t *width = calloc(run->spec->query.n_sets + 1, sizeof *width);
    if (!width)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; i < run->spec->query.n_sets; i++)
        width[i] = kaon_eval_reader_width(run->reader, i);
    for (size_t i = 0; !status && i < run->threads; i++)
        status = kaon_eval_infer_open(&worker[i].infer, run->models, run->n_models, run->spec,
                                      width, run->batch, msg);
    free(width);
    return status;
}

static enum kaon_status run_workers(struct work *w, struct worker *worker, struct kaon_msg *msg)
{
    const size_t threads = w->run->threads;
    for (size_t i = 0; i < threads; i++) {
        worker[i].work = w;
        worker[i].started = !pthread_create(&worker[i].thread, NULL, infer_blocks, &worker[i]);
    }
    if (worker[0].started)
        feed(w);
    else
        w->status = kaon_cli_fail(&w->msg, KAON_IO, "no thread can be started");
    for (size_t i = 0; i < threads; i++)
        if (worker[i].started)
            pthread_join(worker[i].thread, NULL);
    if (w->status && msg)
        *msg = w->msg;
    return w->status;
}

enum kaon_status kaon_eval_run(struct eval_run *run, struct kaon_msg *msg)
{
    struct work w = { .run = run, .n_slots = 2 * run->threads + 2 };
    struct worker *worker = calloc(run->threads, sizeof *worker);
    w.slot = calloc(w.n_slots, sizeof *w.slot);
    enum kaon_status status =
        worker && w.slot ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    const double began = kaon_clock_seconds();
    if (!status)
        status = open_workers(run, worker, msg);
    const double prepared = kaon_clock_seconds();
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.changed, NULL);
    if (!status)
        status = run_workers(&w, worker, msg);
    run->prepare_seconds = prepared - began;
    run->run_seconds = kaon_clock_seconds() - prepared;
    for (size_t i = 0; w.slot && i < w.n_slots; i++) {
        kaon_eval_block_close(&w.slot[i].block);
        kaon_eval_result_close(&w.slot[i].result);
    }
    for (size_t i = 0; worker && i < run->threads; i++)
        kaon_eval_infer_close(worker[i].infer);
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.lock);
    free(w.slot);
    free(worker);
    return status;
}
