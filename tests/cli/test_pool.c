#include "tests/cli/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/check/pool.h"

/* Task i does what its digit says. */
enum { ANSWERS, CRASHES, HANGS, EXITS };

struct run {
    const int *kinds;
    struct kaon_outcome seen[8];
    size_t n;
};

static void task(void *user, size_t index, struct kaon_outcome *outcome)
{
    const struct run *r = user;
    switch (r->kinds[index]) {
    case CRASHES:
        raise(SIGKILL);
        break;
    case HANGS:
        for (;;)
            pause();
    case EXITS:
        _exit(7);
    default:
        usleep((useconds_t)(5000 * (4 - index % 4))); /* later tasks end earlier */
        kaon_outcome_set(outcome, KAON_PASSED, "task %zu", index);
    }
}

static void done(void *user, size_t index, const struct kaon_outcome *outcome)
{
    struct run *r = user;
    assert_int_equal(index, r->n); /* in order */
    r->seen[r->n++] = *outcome;
}

static void survives_crashes_and_hangs(void **state)
{
    static const int kinds[] = { ANSWERS, CRASHES, HANGS, EXITS, ANSWERS, ANSWERS };
    struct run r = { .kinds = kinds };
    struct kaon_msg msg;
    const struct kaon_pool pool = {
        .n_tasks = 6, .jobs = 3, .seconds = 0.3, .task = task, .done = done, .user = &r
    };
    (void)state;
    assert_int_equal(kaon_pool_run(&pool, &msg), KAON_OK);
    assert_int_equal(r.n, 6);
    assert_int_equal(r.seen[0].verdict, KAON_PASSED);
    assert_string_equal(r.seen[0].text, "task 0");
    assert_string_equal(r.seen[1].text, "crashed: Killed");
    assert_string_equal(r.seen[2].text, "no answer within 0.3 s");
    assert_string_equal(r.seen[3].text, "ended without an answer, exit status 7");
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(r.seen[i].verdict, KAON_FAILED);
    assert_string_equal(r.seen[5].text, "task 5");
}

static void does_nothing_without_tasks(void **state)
{
    struct run r = { 0 };
    struct kaon_msg msg;
    const struct kaon_pool pool = {
        .jobs = 1, .seconds = 1, .task = task, .done = done, .user = &r
    };
    (void)state;
    assert_int_equal(kaon_pool_run(&pool, &msg), KAON_OK);
    assert_int_equal(r.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_crashes_and_hangs),
        cmocka_unit_test(does_nothing_without_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
