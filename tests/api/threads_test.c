/* Sixteen sessions on one model in sixteen threads give what one session in one thread gives. */
#include "tests/support/support.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 16, INPUTS = 24, ROUNDS = 3, OUTPUTS = 8 };

struct shared {
    struct kaon_model *model;
    struct kaon_tensor in[INPUTS][2];
    uint64_t digest[INPUTS];
    atomic_int bad;
};

struct worker {
    pthread_t thread;
    struct shared *shared;
    unsigned number;
};

static uint64_t run(const struct shared *s, struct kaon_session *session, size_t i)
{
    struct kaon_tensor out[OUTPUTS] = { 0 };
    if (kaon_session_run(session, s->in[i], out, NULL) != KAON_OK)
        return 0;
    return test_digest(TEST_DIGEST, out, kaon_model_output_count(s->model));
}

/* Each thread goes through the inputs from another place, so that sessions plan at the same time;
 * half of them prepare first, and all print the graph. */
static void *work(void *argument)
{
    struct worker *w = argument;
    struct shared *s = w->shared;
    struct kaon_session *session;
    struct test_text text = { 0 };
    const struct kaon_range range = { "n_tracks", 0, 4 };
    if (kaon_session_open(&session, s->model, NULL, NULL) != KAON_OK) {
        s->bad++;
        return NULL;
    }
    if (w->number % 2)
        s->bad += kaon_session_prepare(session, &range, 1, NULL) != KAON_OK;
    for (size_t i = 0; i < ROUNDS * INPUTS; i++) {
        const size_t k = (i + w->number * 5) % INPUTS;
        s->bad += run(s, session, k) != s->digest[k];
    }
    s->bad += kaon_model_print(s->model, KAON_PRINT_GRAPH, test_text_write, &text, NULL) != KAON_OK;
    s->bad += !text.bytes;
    free(text.text);
    kaon_session_close(session);
    return NULL;
}

static void check(const char *name)
{
    struct shared s = { .model = test_open(test_model_path(name), NULL) };
    struct worker workers[THREADS];
    struct test_random r = { 21 };
    struct kaon_session *session = test_session(s.model);
    for (size_t i = 0; i < INPUTS; i++) {
        test_inputs(s.in[i], s.model, test_next(&r) % 30, &r);
        s.digest[i] = run(&s, session, i);
    }
    kaon_session_close(session);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .shared = &s, .number = i };
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    assert_int_equal(s.bad, 0);
    for (size_t i = 0; i < INPUTS; i++)
        test_inputs_close(s.in[i], s.model);
    kaon_model_close(s.model);
}

static void sessions_do_not_disturb_each_other(void **state)
{
    (void)state;
    check("btag/btag_gn2/model.onnx");
}

static void sessions_with_tails_do_not_disturb_each_other(void **state)
{
    (void)state;
    check("btag/btag_gn2_vertex/model.onnx");
}

static void *open_and_close(void *argument)
{
    const char *path = argument;
    for (int i = 0; i < 3; i++)
        kaon_model_close(test_open(path, NULL));
    return NULL;
}

/* The choice of kernels and the lookup of operators are made on first use. */
static void models_may_be_opened_at_the_same_time(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    char *path = strdup(test_model_path("btag/btag_small/model.onnx"));
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, path), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_may_be_opened_at_the_same_time),
        cmocka_unit_test(sessions_do_not_disturb_each_other),
        cmocka_unit_test(sessions_with_tails_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
