#include "tests/cli/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/contender.h"
#include "tools/bench/limits.h"
#include "tools/bench/onnx_graph.h"
#include "tools/bench/suite.h"

static void parses_shapes(void **state)
{
    struct kaon_bench_shape s = { 1, 2, 3 };
    (void)state;
    assert_true(kaon_bench_shape_parse(&kaon_bench_gemm, "M=15,k=64,N=32", &s));
    assert_true(s.m == 15 && s.k == 64 && s.n == 32);
    assert_true(kaon_bench_shape_parse(&kaon_bench_softmax, "n=8", &s));
    assert_true(s.n == 8);
}

static void refuses_what_is_no_shape(void **state)
{
    static const char *const bad[] = {
        "",    "n",   "n=",      "n=0", "n=-1", "n=1,",    "n=1x",
        "x=1", "n 1", "n=1;k=2", "=1",  "nn=1", "m=1,k=1", "m=1,k=1,n=99999999999"
    };
    struct kaon_bench_shape s;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (kaon_bench_shape_parse(&kaon_bench_gemm, bad[i], &s))
            fail_msg("\"%s\" was taken", bad[i]);
    assert_false(kaon_bench_shape_parse(&kaon_bench_softmax, "k=8", &s));
}

static void finds_suites_by_name(void **state)
{
    const char *nearest;
    (void)state;
    assert_ptr_equal(kaon_bench_suite_find("gemm", &nearest), &kaon_bench_gemm);
    assert_null(kaon_bench_suite_find("gem", &nearest));
    assert_string_equal(nearest, "gemm");
    assert_null(kaon_bench_suite_find("zebra", &nearest));
    assert_null(nearest);
}

/* The case as an ONNX model, run by kaon, gives the output that is there. */
static void agrees_as_a_graph(struct kaon_bench_case *c)
{
    struct kaon_buffer text;
    struct kaon_model *model;
    struct kaon_session *session;
    struct kaon_tensor in[KAON_BENCH_INPUTS], out = { 0 };
    struct kaon_msg msg = { "" };
    double largest;
    size_t n = 0;
    if (!c->node.op)
        return;
    assert_true(kaon_bench_onnx(c, &text));
    const enum kaon_status st =
        kaon_model_open_memory(&model, text.at, text.bytes, c->name, NULL, &msg);
    if (st == KAON_UNSUPPORTED) { /* a kernel may come before its operator */
        free(text.at);
        return;
    }
    if (st != KAON_OK)
        fail_msg("%s", msg.text);
    for (size_t i = 0; i < KAON_BENCH_INPUTS; i++)
        if (c->in[i].data && !c->constant[i])
            in[n++] = c->in[i];
    assert_true(kaon_model_input_count(model) == n);
    assert_true(kaon_session_open(&session, model, NULL, NULL) == KAON_OK);
    if (kaon_session_run(session, in, &out, &msg) != KAON_OK)
        fail_msg("%s", msg.text);
    assert_true(out.type == c->out.type && out.rank == c->out.rank);
    const double difference = kaon_bench_difference(&c->out, &out, &largest);
    if (!(difference <= c->tolerance * largest))
        fail_msg("%s differs by %g", c->name, difference);
    kaon_session_close(session);
    kaon_model_close(model);
    free(text.at);
}

/* The first shape of every operation: named, filled, counted, and every form of the scalar table
 * gives the first one's output. */
static void makes_every_case(const struct kaon_bench_suite *suite, const struct kaon_bench_op *op)
{
    struct kaon_bench_case c;
    const struct kaon_kernels *k = kaon_kernels_select(0);
    assert_true(kaon_bench_case_make(&c, suite, op, suite->shapes[0]));
    kaon_bench_count_bytes(&c);
    if (strncmp(c.name, op->name, strlen(op->name)) != 0 || c.name[strlen(op->name)] != '/' ||
        strchr(c.name, '%'))
        fail_msg("a case of %s is named %s", op->name, c.name);
    assert_true(c.elements > 0 && c.bytes_read > 0 && c.bytes_written > 0 && c.footprint > 0);
    for (const struct kaon_bench_form *f = op->forms; f->run; f++) {
        struct kaon_bench_call call = { k, &c, NULL };
        if (f->prepare && !f->prepare(&call))
            continue;
        memset(c.out.data, 0xff, c.out.bytes);
        f->run(&call);
        struct kaon_tensor again = c.out;
        double largest;
        again.data = malloc(c.out.bytes);
        memcpy(again.data, c.out.data, c.out.bytes);
        f->run(&call);
        assert_true(kaon_bench_difference(&again, &c.out, &largest) == 0);
        if (!(largest > 0))
            fail_msg("%s %s writes nothing", c.name, f->name);
        free(again.data);
        free(call.memory);
    }
    agrees_as_a_graph(&c);
    kaon_bench_case_free(&c);
}

static void every_operation_has_a_case(void **state)
{
    const struct kaon_bench_suite *suite;
    (void)state;
    for (size_t i = 0; (suite = kaon_bench_suite_at(i)) != NULL; i++)
        for (size_t k = 0; k < suite->n_ops; k++)
            makes_every_case(suite, &suite->ops[k]);
}

static void differences_see_nan_and_largest(void **state)
{
    float a[] = { 1, -4, NAN }, b[] = { 1.5f, -4, NAN };
    struct kaon_tensor x = { .type = KAON_F32, .rank = 1, .dims = { 3 }, .data = a }, y = x;
    double largest;
    (void)state;
    y.data = b;
    assert_true(kaon_bench_difference(&x, &y, &largest) == 0.5);
    assert_true(largest == 4);
    b[2] = 1;
    assert_true(isinf(kaon_bench_difference(&x, &y, &largest)));
}

/* The floor of arithmetic, of a copy, and of a read, at the level that holds the bytes. */
static void floors_follow_the_limits(void **state)
{
    const struct kaon_bench_limits l = {
        .fma = { 10, 20, 40 },
        .level = { { .name = "L1", .capacity = 1000, .read = 100, .write = 50, .copy = 80 },
                   { .name = "L2", .capacity = 2000, .read = 10, .write = 5, .copy = 8 },
                   { .name = "L3", .capacity = 3000, .read = 1, .write = 1, .copy = 1 },
                   { .name = "memory", .read = 0.1, .write = 0.1, .copy = 0.1 } }
    };
    (void)state;
    assert_string_equal(kaon_bench_level_of(&l, 1000)->name, "L1");
    assert_string_equal(kaon_bench_level_of(&l, 1001)->name, "L2");
    assert_string_equal(kaon_bench_level_of(&l, 5000)->name, "memory");
    assert_true(kaon_bench_floor_ns(&l, 4000, 1, 1, 2) == 100);
    assert_true(kaon_bench_floor_ns(&l, 0, 400, 400, 800) == 10);
    assert_true(kaon_bench_floor_ns(&l, 0, 1000, 0, 1000) == 10);
    assert_true(kaon_bench_floor_ns(&l, 0, 1000, 0, 1500) == 100);
}

static void every_level_has_a_capacity(void **state)
{
    struct kaon_bench_level level[KAON_BENCH_LEVELS];
    (void)state;
    kaon_bench_cache_sizes(level);
    assert_true(level[0].capacity > 0 && level[0].capacity < level[1].capacity &&
                level[1].capacity < level[2].capacity && level[3].capacity == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_shapes),
        cmocka_unit_test(refuses_what_is_no_shape),
        cmocka_unit_test(finds_suites_by_name),
        cmocka_unit_test(every_operation_has_a_case),
        cmocka_unit_test(differences_see_nan_and_largest),
        cmocka_unit_test(floors_follow_the_limits),
        cmocka_unit_test(every_level_has_a_capacity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
