#include "tests/api/hostile.h"

#include <signal.h>
#include <unistd.h>

enum {
    MOST_ELEMENTS = 10000000,
    MOST_INPUT = 1 << 22, /* bytes; inputs that the model declares larger are not made */
    MOST_BYTES = 1 << 30, /* of the library's memory */
    MOST_SECONDS = 60     /* of one file */
};

/* Only for the handler below: a crash can be told in no other way. */
static char watched[512];

static void tell(int signal_number)
{
    const ssize_t n = write(STDERR_FILENO, watched, strlen(watched));
    signal(signal_number, SIG_DFL);
    raise(n < 0 ? SIGABRT : signal_number);
}

int hostile_setup(void **state)
{
    (void)state;
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM };
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], tell);
    return 0;
}

void hostile_watch(const char *file, size_t change)
{
    snprintf(watched, sizeof watched, "\nat change %zu of %s\n", change, file);
    alarm(MOST_SECONDS);
}

/* False if the model declares inputs that are too large to make up. */
static bool inputs_are_small(const struct kaon_model *model)
{
    for (size_t i = 0; i < kaon_model_input_count(model); i++) {
        struct kaon_port port;
        int64_t bytes = (int64_t)sizeof(struct kaon_tensor);
        kaon_model_input(model, i, &port);
        if (port.type == KAON_SEQUENCE || port.type == KAON_UNDEFINED)
            return false;
        for (int32_t k = 0; k < port.rank; k++) {
            const int64_t n = port.dims[k] < 0 ? 2 : port.dims[k];
            if (n > MOST_INPUT || (bytes *= n ? n : 1) > MOST_INPUT)
                return false;
        }
    }
    return kaon_model_input_count(model) <= TEST_PORTS &&
           kaon_model_output_count(model) <= TEST_PORTS;
}

static bool run(const struct kaon_model *model)
{
    struct kaon_tensor in[TEST_PORTS], out[TEST_PORTS] = { 0 };
    struct test_random r = { 1 };
    struct kaon_session *session;
    struct kaon_msg msg = { "" };
    if (!inputs_are_small(model))
        return false;
    enum kaon_status st = kaon_session_open(&session, model, NULL, &msg);
    if (st == KAON_OK) {
        test_inputs(in, model, 2, &r);
        st = kaon_session_run(session, in, out, &msg);
        test_inputs_close(in, model);
        kaon_session_close(session);
    }
    assert_true(st == KAON_OK || msg.text[0]);
    return st == KAON_OK;
}

void hostile_try(const unsigned char *data, size_t bytes, struct hostile_count *count)
{
    struct kaon_open_options o = KAON_OPEN_OPTIONS_INIT;
    struct test_allocator a;
    struct kaon_model *model;
    struct kaon_msg msg = { "" };
    unsigned char *exact = malloc(bytes ? bytes : 1);
    memcpy(exact, data, bytes);
    test_allocator_open(&a, 0, MOST_BYTES);
    o.allocator = &a.self;
    o.limits.elements = MOST_ELEMENTS;
    o.limits.nodes = 20000;
    o.limits.open_ms = 5000;
    const enum kaon_status st = kaon_model_open_memory(&model, exact, bytes, "broken", &o, &msg);
    count->tried++;
    assert_true((st == KAON_OK) == (model != NULL));
    assert_true(st == KAON_OK || msg.text[0]);
    if (model) {
        count->opened++;
        count->ran += run(model);
    }
    kaon_model_close(model);
    assert_int_equal(a.blocks, 0);
    free(exact);
}

size_t hostile_change(unsigned char *data, size_t bytes, struct test_random *r)
{
    static const unsigned char edges[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe, 0x08, 0x12 };
    const unsigned n = 1 + test_next(r) % 3;
    for (unsigned i = 0; i < n; i++) {
        unsigned char *at = &data[test_next(r) % bytes];
        switch (test_next(r) % 4) {
        case 0:
        case 1:
            *at ^= (unsigned char)(1u << test_next(r) % 8);
            break;
        case 2:
            *at = edges[test_next(r) % sizeof edges];
            break;
        default:
            *at = (unsigned char)(*at + (test_next(r) % 2 ? 1 : -1));
            break;
        }
    }
    if (test_next(r) % 16 == 0 && bytes > 1) { /* takes a byte out, so that lengths disagree */
        const size_t at = test_next(r) % (bytes - 1);
        memmove(data + at, data + at + 1, bytes - at - 1);
        return bytes - 1;
    }
    return bytes;
}
