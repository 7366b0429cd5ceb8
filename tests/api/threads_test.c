/* Sixteen sessions on one model in sixteen threads give what one session in one thread gives, and so
 * does a session that is lent threads. */
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

/* Takes parts from the end until none is left. */
struct lent {
    void (*task)(void *, size_t);
    void *context;
    atomic_long left;
};

static void *take(void *argument)
{
    struct lent *l = argument;
    for (long i; (i = --l->left) >= 0;)
        l->task(l->context, (size_t)i);
    return NULL;
}

/* Lends as many threads as *user says, each for one call only; counts the calls behind it. */
static void lend(void *user, void (*task)(void *, size_t), void *context, size_t n)
{
    int *numbers = user;
    struct lent l = { .task = task, .context = context, .left = (long)n };
    pthread_t threads[THREADS];
    for (int i = 1; i < numbers[0]; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take, &l), 0);
    take(&l);
    for (int i = 1; i < numbers[0]; i++)
        pthread_join(threads[i], NULL);
    numbers[1]++;
}

static uint64_t digest_with(const struct kaon_model *model, int *numbers, uint32_t length)
{
    struct kaon_session_options o = KAON_SESSION_OPTIONS_INIT;
    struct kaon_session *session;
    struct kaon_tensor in[TEST_PORTS], out[OUTPUTS] = { 0 };
    struct test_random r = { 22 };
    if (numbers) {
        o.parallel = lend;
        o.parallel_user = numbers;
    }
    assert_int_equal(kaon_session_open(&session, model, &o, NULL), KAON_OK);
    test_inputs(in, model, length, &r);
    assert_int_equal(kaon_session_run(session, in, out, NULL), KAON_OK);
    const uint64_t h = test_digest(TEST_DIGEST, out, kaon_model_output_count(model));
    test_inputs_close(in, model);
    kaon_session_close(session);
    return h;
}

static void check_lent(const char *name, uint32_t length, const struct kaon_open_options *o)
{
    struct kaon_model *model = test_open(test_model_path(name), o);
    const uint64_t alone = digest_with(model, NULL, length);
    for (int threads = 1; threads <= 3; threads++) {
        int numbers[2] = { threads, 0 };
        assert_true(digest_with(model, numbers, length) == alone);
        assert_true(numbers[1] > 0);
    }
    kaon_model_close(model);
}

static void lent_threads_do_not_change_a_bit(void **state)
{
    struct kaon_open_options no_passes = KAON_OPEN_OPTIONS_INIT;
    no_passes.passes_stop_after = -1;
    (void)state;
    check_lent("btag/btag_gn2/model.onnx", 333, NULL);
    check_lent("btag/btag_gn2/model.onnx", 333, &no_passes); /* MatMul, Add, Relu by themselves */
    check_lent("btag/btag_gn2_vertex/model.onnx", 33, NULL);
    check_lent("btag/btag_small/model.onnx", 1500, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_may_be_opened_at_the_same_time),
        cmocka_unit_test(sessions_do_not_disturb_each_other),
        cmocka_unit_test(sessions_with_tails_do_not_disturb_each_other),
        cmocka_unit_test(lent_threads_do_not_change_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
