/* ai.kaon::Attention against the definition in double, in layouts and shapes of all kinds. */
#include <math.h>

#include "tests/support/support.h"
#include "tools/bench/onnx_graph.h"

struct shape {
    int64_t batch, queries, keys, heads, kv_heads, size;
};

struct fixture {
    struct kaon_bench_case c;
    struct kaon_buffer file;
    struct kaon_model *model;
    struct kaon_session *session;
};

/* [B,T,H,D] for each of the three. */
static void open_fixture(struct fixture *f, const struct shape *s, bool nan_is_zero)
{
    const int64_t q[] = { s->batch, s->queries, s->heads, s->size };
    const int64_t kv[] = { s->batch, s->keys, s->kv_heads, s->size };
    struct kaon_msg msg = { "" };
    *f = (struct fixture){ .c = { .node = { "Attention",
                                            { { "heads", 'i', s->heads },
                                              { "kv_heads", 'i', s->kv_heads },
                                              { "head_size", 'i', s->size },
                                              { "nan_is_zero", 'i', nan_is_zero } },
                                            .domain = "ai.kaon" } } };
    assert_true(kaon_bench_tensor(&f->c.in[0], KAON_F32, 4, q, -2, 2, 1));
    assert_true(kaon_bench_tensor(&f->c.in[1], KAON_F32, 4, kv, -2, 2, 2));
    assert_true(kaon_bench_tensor(&f->c.in[2], KAON_F32, 4, kv, -2, 2, 3));
    assert_true(kaon_bench_tensor(&f->c.out, KAON_F32, 4, q, 0, 0, 0));
    assert_true(kaon_bench_onnx(&f->c, &f->file));
    if (kaon_model_open_memory(&f->model, f->file.at, f->file.bytes, "attention", NULL, &msg))
        fail_msg("%s", msg.text);
    f->session = test_session(f->model);
}

static void close_fixture(struct fixture *f)
{
    kaon_session_close(f->session);
    kaon_model_close(f->model);
    free(f->file.at);
    kaon_bench_case_free(&f->c);
}

static const float *row(const struct kaon_tensor *t, int64_t b, int64_t i, int64_t h)
{
    return (const float *)t->data + ((b * t->dims[1] + i) * t->dims[2] + h) * t->dims[3];
}

/* Output row of the definition. */
static void define(const struct fixture *f, const struct shape *s, int64_t b, int64_t i, int64_t h,
                   double *o)
{
    const int64_t g = h / (s->heads / s->kv_heads);
    const float *q = row(&f->c.in[0], b, i, h);
    double x[1024], most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < s->keys; j++) {
        const float *k = row(&f->c.in[1], b, j, g);
        x[j] = 0;
        for (int64_t d = 0; d < s->size; d++)
            x[j] += (double)q[d] * (double)k[d];
        most = fmax(most, x[j]);
    }
    for (int64_t j = 0; j < s->keys; j++)
        sum += x[j] = exp(x[j] - most);
    for (int64_t d = 0; d < s->size; d++) {
        o[d] = 0;
        for (int64_t j = 0; j < s->keys; j++)
            o[d] += x[j] / sum * (double)row(&f->c.in[2], b, j, g)[d];
    }
}

static void check(struct fixture *f, const struct shape *s)
{
    struct kaon_tensor out = { 0 };
    struct kaon_msg msg = { "" };
    double o[256];
    if (kaon_session_run(f->session, f->c.in, &out, &msg))
        fail_msg("%s", msg.text);
    assert_int_equal(out.rank, 4);
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t i = 0; i < s->queries; i++)
            for (int64_t h = 0; h < s->heads; h++) {
                define(f, s, b, i, h, o);
                for (int64_t d = 0; d < s->size; d++)
                    if (!(fabs((double)row(&out, b, i, h)[d] - o[d]) < 2e-5))
                        fail_msg("batch %d query %d head %d: %g, wanted %g", (int)b, (int)i, (int)h,
                                 (double)row(&out, b, i, h)[d], o[d]);
            }
}

static void shapes_of_all_kinds(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        { 1, 1, 1, 1, 1, 1 },     { 1, 15, 15, 4, 4, 4 },  { 2, 15, 15, 4, 4, 16 },
        { 3, 7, 33, 6, 2, 10 },   { 1, 1, 40, 8, 8, 32 },  { 2, 40, 3, 2, 1, 7 },
        { 1, 60, 60, 3, 3, 17 },  { 1, 2, 64, 12, 4, 64 }, { 2, 40, 700, 4, 2, 16 },
        { 1, 1, 1024, 2, 2, 32 }, /* by the kernels of many keys */
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct fixture f;
        open_fixture(&f, &shapes[i], false);
        check(&f, &shapes[i]);
        close_fixture(&f);
    }
}

/* [T,G,D], the same numbers as [1,T,G,D]. */
static void tokens_first(void **state)
{
    (void)state;
    const struct shape s = { 1, 9, 9, 6, 6, 16 };
    const int64_t dims[] = { 9, 6, 16 };
    struct fixture f;
    struct kaon_tensor out = { 0 };
    open_fixture(&f, &s, false);
    check(&f, &s);
    struct fixture g = { .c = f.c };
    g.c.node = (struct kaon_bench_node){ "Attention",
                                         { { "heads", 'i', 0 }, { "head_size", 'i', 16 } },
                                         .domain = "ai.kaon" };
    for (size_t i = 0; i < 3; i++) {
        g.c.in[i].rank = 3;
        memcpy(g.c.in[i].dims, dims, sizeof dims);
    }
    g.c.out.rank = 3;
    memcpy(g.c.out.dims, dims, sizeof dims);
    assert_true(kaon_bench_onnx(&g.c, &g.file));
    assert_int_equal(
        kaon_model_open_memory(&g.model, g.file.at, g.file.bytes, "attention", NULL, NULL),
        KAON_OK);
    g.session = test_session(g.model);
    struct kaon_tensor whole = { 0 };
    assert_int_equal(kaon_session_run(f.session, f.c.in, &whole, NULL), KAON_OK);
    assert_int_equal(kaon_session_run(g.session, g.c.in, &out, NULL), KAON_OK);
    assert_int_equal(out.bytes, whole.bytes);
    assert_memory_equal(out.data, whole.data, out.bytes);
    kaon_session_close(g.session);
    kaon_model_close(g.model);
    free(g.file.at);
    close_fixture(&f);
}

/* Nothing to ask or nobody to ask it of: empty, or rows of zeros. */
static void no_queries_and_no_keys(void **state)
{
    (void)state;
    static const struct shape shapes[] = { { 2, 0, 5, 2, 2, 4 }, { 0, 3, 5, 2, 2, 4 } };
    struct kaon_tensor out = { 0 };
    struct fixture f;
    for (size_t i = 0; i < 2; i++) {
        open_fixture(&f, &shapes[i], false);
        assert_int_equal(kaon_session_run(f.session, f.c.in, &out, NULL), KAON_OK);
        close_fixture(&f);
    }
    const struct shape nobody = { 1, 3, 0, 2, 2, 4 };
    out = (struct kaon_tensor){ 0 };
    open_fixture(&f, &nobody, false);
    assert_int_equal(kaon_session_run(f.session, f.c.in, &out, NULL), KAON_OK);
    for (size_t i = 0; i < 24; i++)
        assert_true(((const float *)out.data)[i] == 0.0f);
    close_fixture(&f);
}

/* A query that is no number gives a row of zeros where that is asked for, else NaN; others stay. */
static void rows_of_nan(void **state)
{
    (void)state;
    const struct shape s = { 1, 5, 9, 2, 2, 6 };
    for (int cleared = 0; cleared < 2; cleared++) {
        struct fixture f;
        struct kaon_tensor out = { 0 };
        double o[6];
        open_fixture(&f, &s, cleared);
        ((float *)f.c.in[0].data)[(2 * 2 + 1) * 6] = NAN; /* query 2 of head 1 */
        assert_int_equal(kaon_session_run(f.session, f.c.in, &out, NULL), KAON_OK);
        for (int64_t d = 0; d < 6; d++) {
            const float y = row(&out, 0, 2, 1)[d];
            assert_true(cleared ? y == 0.0f : isnan(y));
        }
        define(&f, &s, 0, 2, 0, o);
        assert_true(fabs((double)row(&out, 0, 2, 0)[0] - o[0]) < 2e-5);
        close_fixture(&f);
    }
}

static void refuses(struct kaon_bench_attr a, struct kaon_bench_attr b, const char *word)
{
    const int64_t dims[] = { 1, 3, 2, 4 };
    struct kaon_bench_case c = { .node = { "Attention", { a, b }, .domain = "ai.kaon" } };
    struct kaon_buffer file = { 0 };
    struct kaon_model *model;
    struct kaon_msg msg = { "" };
    for (size_t i = 0; i < 3; i++)
        assert_true(kaon_bench_tensor(&c.in[i], KAON_F32, 4, dims, -1, 1, i + 1));
    assert_true(kaon_bench_tensor(&c.out, KAON_F32, 4, dims, 0, 0, 0));
    assert_true(kaon_bench_onnx(&c, &file));
    assert_int_equal(kaon_model_open_memory(&model, file.at, file.bytes, "attention", NULL, &msg),
                     KAON_BAD_MODEL);
    if (!strstr(msg.text, word))
        fail_msg("'%s' does not say '%s'", msg.text, word);
    free(file.at);
    kaon_bench_case_free(&c);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    refuses((struct kaon_bench_attr){ "heads", 'i', 2 }, (struct kaon_bench_attr){ 0 },
            "1 to 16777216");
    refuses((struct kaon_bench_attr){ "heads", 'i', 3 },
            (struct kaon_bench_attr){ "head_size", 'i', 4 }, "does not hold 3 heads of 4");
    refuses((struct kaon_bench_attr){ "kv_heads", 'i', 2 },
            (struct kaon_bench_attr){ "head_size", 'i', 4 }, "cannot share");
    refuses((struct kaon_bench_attr){ "head_size", 'i', -4 },
            (struct kaon_bench_attr){ "heads", 'i', 2 }, "1 to 16777216");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_of_all_kinds),          cmocka_unit_test(tokens_first),
        cmocka_unit_test(no_queries_and_no_keys),       cmocka_unit_test(rows_of_nan),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
