/* Backends that keep state in a session: shapes that change from run to run, sessions that take turns,
 * and inputs that end where a page does. */
#include "tests/support/support.h"

#include <sys/mman.h>
#include <unistd.h>

enum { OUTPUTS = 8, ROUNDS = 60 };

static const char *const names[] = { "openblas", "xnnpack" };
enum { BACKENDS = sizeof names / sizeof *names };

static struct kaon_model *open_with(const char *name, const char *backend)
{
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    o.backend = backend;
    return test_open(test_model_path(name), &o);
}

static const char small[] = "btag/btag_small/model.onnx", gn2[] = "btag/btag_gn2/model.onnx";

/* Two sessions of a model take turns with lengths that go up and down; own gives what is expected. */
static void compare(const char *name, const char *backend)
{
    struct kaon_model *own = open_with(name, "own"), *other = open_with(name, backend);
    struct kaon_session *want = test_session(own);
    struct kaon_session *got[] = { test_session(other), test_session(other) };
    struct test_random r = { 41 };
    for (int i = 0; i < ROUNDS; i++) {
        struct kaon_tensor in[TEST_PORTS], a[OUTPUTS] = { 0 }, b[OUTPUTS] = { 0 };
        struct kaon_msg msg = { "" };
        test_inputs(in, own, test_next(&r) % 20, &r);
        assert_int_equal(kaon_session_run(want, in, a, NULL), KAON_OK);
        if (kaon_session_run(got[i % 2], in, b, &msg) != KAON_OK)
            fail_msg("%s", msg.text);
        for (size_t k = 0; k < kaon_model_output_count(own); k++)
            assert_int_equal(test_compare(&b[k], &a[k], 1e-5, 1e-4), 0);
        test_inputs_close(in, own);
    }
    kaon_model_close(other);
    for (int i = 0; i < 2; i++)
        kaon_session_close(got[i]);
    kaon_session_close(want);
    kaon_model_close(own);
}

static void sessions_of_changing_shapes_agree_with_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < BACKENDS; i++) {
        compare(small, names[i]);
        compare(gn2, names[i]);
    }
}

/* The page behind the input cannot be read. */
static void nothing_past_an_input_is_touched(void **state)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    (void)state;
    for (size_t i = 0; i < BACKENDS; i++) {
        struct kaon_model *model = open_with(small, names[i]);
        struct kaon_session *session = test_session(model);
        struct test_random r = { 42 };
        for (uint32_t length = 1; length < 4; length++) {
            struct kaon_tensor in[TEST_PORTS], out[OUTPUTS] = { 0 };
            test_inputs(in, model, length, &r);
            const size_t bytes = (size_t)kaon_tensor_count(&in[0]) * sizeof(float);
            const size_t pages = (bytes + page - 1) / page;
            char *room = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            assert_true(room != MAP_FAILED);
            assert_int_equal(mprotect(room + pages * page, page, PROT_NONE), 0);
            struct kaon_tensor at_end = in[0];
            at_end.data = memcpy(room + pages * page - bytes, in[0].data, bytes);
            assert_int_equal(kaon_session_run(session, &at_end, out, NULL), KAON_OK);
            munmap(room, (pages + 1) * page);
            test_inputs_close(in, model);
        }
        kaon_session_close(session);
        kaon_model_close(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_of_changing_shapes_agree_with_own),
        cmocka_unit_test(nothing_past_an_input_is_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
