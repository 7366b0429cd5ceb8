/* After prepare, runs make no allocation and no system call, whatever shape comes next, and give
 * the bits that they give without prepare.
 *
 * Allocations are counted in this program's own malloc, free and so on, which stand in front of the
 * C library's. System calls are forbidden by the kernel (seccomp) in a child, whose results the
 * parent has already. */
#include "tests/support/support.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    RUNS = 10000,
    FORBIDDEN_RUNS = 2000,
    OUTPUTS = 8,
    NO_SECCOMP = 3,
    LOOSE_PAGES = 128 /* the kernel counts resident pages in batches, by thread */
};

/* ---- counting -------------------------------------------------------------------------------- */

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t bytes);
extern void *__libc_memalign(size_t align, size_t bytes);
extern void __libc_free(void *memory);

static atomic_size_t calls; /* of the functions below, by everybody in the process */

void *malloc(size_t bytes)
{
    calls++;
    return __libc_malloc(bytes);
}

void *calloc(size_t n, size_t size)
{
    calls++;
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t bytes)
{
    calls++;
    return __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t align, size_t bytes)
{
    calls++;
    return __libc_memalign(align, bytes);
}

int posix_memalign(void **out, size_t align, size_t bytes)
{
    calls++;
    *out = __libc_memalign(align, bytes);
    return *out ? 0 : ENOMEM;
}

void free(void *memory)
{
    calls++;
    __libc_free(memory);
}

/* ---- the runs -------------------------------------------------------------------------------- */

struct subject {
    const char *name, *axis;
    int64_t most;
};

struct work {
    struct kaon_model *model;
    struct kaon_session *session;
    size_t n_out;
    int64_t most;
    struct kaon_tensor in[65][2]; /* by n */
    uint64_t digest[65];          /* without prepare */
};

static void open_work(struct work *w, const struct subject *u)
{
    struct test_random r = { 11 };
    w->model = test_open(test_model_path(u->name), NULL);
    w->n_out = kaon_model_output_count(w->model);
    w->most = u->most;
    struct kaon_session *plain = test_session(w->model);
    for (int64_t n = 0; n <= u->most; n++) {
        struct kaon_tensor out[OUTPUTS] = { 0 };
        test_inputs(w->in[n], w->model, n, &r);
        assert_int_equal(kaon_session_run(plain, w->in[n], out, NULL), KAON_OK);
        w->digest[n] = test_digest(TEST_DIGEST, out, w->n_out);
    }
    kaon_session_close(plain);
    w->session = test_session(w->model);
    const struct kaon_range range = { u->axis, 0, u->most };
    assert_int_equal(kaon_session_prepare(w->session, &range, 1, NULL), KAON_OK);
}

static void close_work(struct work *w)
{
    for (int64_t n = 0; n <= w->most; n++)
        test_inputs_close(w->in[n], w->model);
    kaon_session_close(w->session);
    kaon_model_close(w->model);
}

/* Number of runs that went wrong or gave other bits. Most are small, so that there can be many. */
static int do_runs(struct work *w, int runs)
{
    struct test_random r = { 12 };
    int bad = 0;
    for (int i = 0; i < runs; i++) {
        const uint32_t most = test_next(&r) % 16 ? 4 : (uint32_t)w->most;
        const int64_t n = test_next(&r) % (most + 1);
        struct kaon_tensor out[OUTPUTS] = { 0 };
        bad += kaon_session_run(w->session, w->in[n], out, NULL) != KAON_OK ||
               test_digest(TEST_DIGEST, out, w->n_out) != w->digest[n];
    }
    return bad;
}

static size_t resident_pages(void)
{
    unsigned long whole = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu %lu", &whole, &resident), 2);
    fclose(f);
    return resident;
}

/* The same runs twice: the first time touches what the second uses. */
static void check_allocations(struct work *w)
{
    const size_t before = calls;
    int bad = do_runs(w, RUNS);
    const size_t allocations = calls - before, pages = resident_pages();
    bad += do_runs(w, RUNS);
    assert_int_equal(bad, 0);
    assert_int_equal(allocations, 0);
    assert_true(resident_pages() <= pages + LOOSE_PAGES);
}

/* ---- system calls ---------------------------------------------------------------------------- */

/* From here on only exit_group is let through; anything else kills the process. */
static bool forbid_system_calls(void)
{
    static struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = { sizeof rules / sizeof *rules, rules };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void check_system_calls(struct work *w)
{
    int status = 0;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!forbid_system_calls())
            _exit(NO_SECCOMP);
        syscall(SYS_exit_group, do_runs(w, FORBIDDEN_RUNS) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SECCOMP) {
        printf("system calls are not checked: seccomp is not permitted here\n");
        return;
    }
    if (WIFSIGNALED(status))
        fail_msg("a run made a system call (signal %d)", WTERMSIG(status));
    assert_int_equal(status, 0);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void check(struct subject u)
{
    struct work *w = calloc(1, sizeof *w);
    open_work(w, &u);
    check_allocations(w);
    check_system_calls(w);
    close_work(w);
    free(w);
}

static void a_tagger_with_tracks_is_quiet(void **state)
{
    (void)state;
    check((struct subject){ "btag/btag_gn2/model.onnx", "n_tracks", 64 });
}

static void a_tagger_with_a_union_find_is_quiet(void **state)
{
    (void)state;
    check((struct subject){ "btag/btag_gn2_vertex/model.onnx", "n_tracks", 64 });
}

static void a_tagger_of_batches_is_quiet(void **state)
{
    (void)state;
    check((struct subject){ "btag/btag_small/model.onnx", "N", 64 });
}

/* Shapes that ran before they were prepared are prepared as well. */
static void shapes_that_ran_before_are_quiet(void **state)
{
    (void)state;
    const struct subject u = { "btag/btag_gn2/model.onnx", "n_tracks", 8 };
    struct work *w = calloc(1, sizeof *w);
    struct kaon_session_options few = KAON_SESSION_OPTIONS_INIT;
    const struct kaon_range range = { u.axis, 0, u.most };
    few.plans = 2;
    open_work(w, &u);
    kaon_session_close(w->session);
    assert_int_equal(kaon_session_open(&w->session, w->model, &few, NULL), KAON_OK);
    assert_int_equal(do_runs(w, 20), 0);
    assert_int_equal(kaon_session_prepare(w->session, &range, 1, NULL), KAON_OK);
    struct kaon_tensor other[2], out[OUTPUTS] = { 0 }; /* two shapes that are not prepared */
    struct test_random r = { 13 };
    for (int64_t n = 20; n < 23; n++) {
        test_inputs(other, w->model, n, &r);
        assert_int_equal(kaon_session_run(w->session, other, out, NULL), KAON_OK);
        test_inputs_close(other, w->model);
    }
    struct kaon_session_info info; /* all that were prepared are there, beside the last two */
    kaon_session_get_info(w->session, &info);
    assert_int_equal(info.plans, u.most + 1 + few.plans);
    const size_t before = calls;
    const int bad = do_runs(w, 200);
    assert_int_equal(calls - before, 0);
    assert_int_equal(bad, 0);
    close_work(w);
    free(w);
}

/* 5,120 shapes: only corners are prepared, and more than the spare plans come in turn. */
static void shapes_between_corners_are_quiet(void **state)
{
    (void)state;
    enum { BATCH = 80, PARTICLES = 64, FEATURES = 19, SHAPES = 60 };
    const struct kaon_range ranges[] = { { "N", 1, BATCH }, { "P", 1, PARTICLES } };
    struct kaon_model *model = test_open(test_model_path("btag/btag_particle/model.onnx"), NULL);
    struct kaon_session *session = test_session(model);
    float *data = calloc((size_t)BATCH * PARTICLES * FEATURES, sizeof *data);
    for (size_t i = 0; i < (size_t)BATCH * PARTICLES * FEATURES; i++)
        data[i] = 1.0f;
    assert_int_equal(kaon_session_prepare(session, ranges, 2, NULL), KAON_OK);
    struct test_random r = { 14 };
    const size_t before = calls;
    int bad = 0;
    for (int i = 0; i < SHAPES; i++) {
        const int64_t n = 1 + test_next(&r) % 3, p = 1 + test_next(&r) % PARTICLES;
        const struct kaon_tensor in[3] = {
            { .type = KAON_F32, .rank = 3, .dims = { n, 19, p }, .data = data },
            { .type = KAON_F32, .rank = 3, .dims = { n, 3, p }, .data = data },
            { .type = KAON_F32, .rank = 3, .dims = { n, 1, p }, .data = data },
        };
        struct kaon_tensor out[OUTPUTS] = { 0 };
        bad += kaon_session_run(session, in, out, NULL) != KAON_OK;
    }
    assert_int_equal(calls - before, 0);
    assert_int_equal(bad, 0);
    kaon_session_close(session);
    kaon_model_close(model);
    free(data);
}

static void the_counters_count(void **state)
{
    (void)state;
    void *volatile p = NULL;
    const size_t before = calls;
    p = malloc(10);
    free(p);
    p = aligned_alloc(64, 64);
    free(p);
    assert_int_equal(calls - before, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_counters_count),
        cmocka_unit_test(a_tagger_with_tracks_is_quiet),
        cmocka_unit_test(a_tagger_with_a_union_find_is_quiet),
        cmocka_unit_test(a_tagger_of_batches_is_quiet),
        cmocka_unit_test(shapes_that_ran_before_are_quiet),
        cmocka_unit_test(shapes_between_corners_are_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
