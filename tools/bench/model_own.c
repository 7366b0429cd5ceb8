#include "tools/bench/model_own.h"

#include <stdlib.h>

#include "tools/cli/fail.h"

static void *count_alloc(void *user, size_t bytes, size_t align)
{
    struct kaon_bench_own *own = user;
    own->allocations++;
    return aligned_alloc(align < sizeof(void *) ? sizeof(void *) : align,
                         (bytes + align) & ~(align - 1));
}

static void count_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

enum kaon_status kaon_bench_own_open(struct kaon_bench_own *own, const char *path,
                                     const struct kaon_engine_choice *engine,
                                     const struct kaon_say *say, struct kaon_msg *msg)
{
    const struct kaon_allocator counting = { count_alloc, count_free, own };
    struct kaon_engine_choice choice = *engine;
    *own = (struct kaon_bench_own){ 0 };
    choice.allocator = &counting;
    return kaon_cli_open(&own->model, path, &choice, say, msg);
}

enum kaon_status kaon_bench_own_prepare(struct kaon_bench_own *own,
                                        const struct kaon_bench_draw *draw,
                                        const struct kaon_threads *threads, struct kaon_msg *msg)
{
    struct kaon_session_options options = KAON_SESSION_OPTIONS_INIT;
    kaon_threads_lend(threads, &options);
    enum kaon_status st = kaon_session_open(&own->session, own->model, &options, msg);
    if (st == KAON_OK)
        st = kaon_session_prepare(own->session, draw->range, draw->n_ranges, msg);
    return st;
}

struct slot {
    const struct kaon_tensor *inputs;
    struct kaon_tensor *outputs; /* lent by the session */
};

static enum kaon_status bind_slot(void *state, const struct kaon_tensor *inputs, size_t n,
                                  void **out, struct kaon_msg *msg)
{
    const struct kaon_bench_own *own = state;
    struct slot *s = calloc(1, sizeof *s);
    (void)n;
    *out = s;
    if (s)
        s->outputs = calloc(kaon_model_output_count(own->model) + 1, sizeof *s->outputs);
    if (!s || !s->outputs) {
        free(s);
        *out = NULL;
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the outputs");
    }
    s->inputs = inputs;
    const enum kaon_status st = kaon_session_run(own->session, inputs, s->outputs, msg);
    if (st != KAON_OK) {
        free(s->outputs);
        free(s);
        *out = NULL;
    }
    return st;
}

/* Where outputs lie differs from shape to shape, so what the session lent to one slot's array is not
 * handed to it in another's: each run begins with data NULL. */
static bool run_slot(void *state, void *slot)
{
    const struct kaon_bench_own *own = state;
    const struct slot *s = slot;
    for (size_t i = 0; i < kaon_model_output_count(own->model); i++)
        s->outputs[i].data = NULL;
    return kaon_session_run(own->session, s->inputs, s->outputs, NULL) == KAON_OK;
}

static bool slot_output(void *state, void *slot, size_t i, struct kaon_tensor *output)
{
    const struct kaon_bench_own *own = state;
    const struct slot *s = slot;
    if (i >= kaon_model_output_count(own->model))
        return false;
    *output = s->outputs[i];
    return output->type != KAON_SEQUENCE;
}

static void unbind_slot(void *state, void *slot)
{
    struct slot *s = slot;
    (void)state;
    free(s->outputs);
    free(s);
}

static void close_nothing(void *state)
{
    (void)state;
}

struct kaon_peer_model kaon_bench_own_model(struct kaon_bench_own *own)
{
    return (struct kaon_peer_model){ own,         bind_slot,   run_slot,
                                     slot_output, unbind_slot, close_nothing };
}

void kaon_bench_own_close(struct kaon_bench_own *own)
{
    kaon_session_close(own->session);
    kaon_model_close(own->model);
    *own = (struct kaon_bench_own){ 0 };
}
