/* engine/base/fact.c: broadcasting, axes, sums of lengths, slices. */
#include "engine/base/fact.h"
#include "tests/support/support.h"

#define N KAON_DIM_SYMBOL(0)
#define M KAON_DIM_SYMBOL(1)
#define U KAON_DIM_UNKNOWN

static struct kaon_fact fact(int32_t rank, const int64_t *dims)
{
    struct kaon_fact f = KAON_FACT_NONE;
    f.type = KAON_F32;
    f.rank = rank;
    for (int32_t i = 0; i < rank; i++)
        f.dims[i] = dims[i];
    return f;
}

struct row {
    int32_t rank[3]; /* a, b, result; result -1: unknown, -2: refused */
    int64_t dims[3][4];
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int swap = 0; swap < 2; swap++) {
            const struct row *r = &rows[i];
            struct kaon_fact a = fact(r->rank[swap], r->dims[swap]),
                             b = fact(r->rank[1 - swap], r->dims[1 - swap]), y = KAON_FACT_NONE;
            struct kaon_msg msg;
            y.type = KAON_BOOL;
            const enum kaon_status st = kaon_fact_broadcast(
                &y, (const struct kaon_fact *[]){ &a, NULL, &b }, 3, "Op", &msg);
            if (r->rank[2] == -2) {
                assert_int_equal(st, KAON_BAD_MODEL);
                continue;
            }
            assert_int_equal(st, KAON_OK);
            assert_int_equal(y.type, KAON_BOOL);
            assert_int_equal(y.rank, r->rank[2]);
            for (int32_t k = 0; k < y.rank; k++)
                assert_true(y.dims[k] == r->dims[2][k]);
        }
}

static void numbers_broadcast_as_in_numpy(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { { 2, 2, 2 }, { { 2, 3 }, { 2, 3 }, { 2, 3 } } },
        { { 2, 1, 2 }, { { 2, 3 }, { 3 }, { 2, 3 } } },
        { { 2, 2, 2 }, { { 2, 1 }, { 1, 3 }, { 2, 3 } } },
        { { 0, 2, 2 }, { { 0 }, { 2, 3 }, { 2, 3 } } },
        { { 3, 2, 3 }, { { 4, 1, 1 }, { 2, 3 }, { 4, 2, 3 } } },
        { { 1, 1, 1 }, { { 0 }, { 1 }, { 0 } } },
        { { 1, 1, -2 }, { { 0 }, { 2 }, { 0 } } },
        { { 1, 1, -2 }, { { 2 }, { 3 }, { 0 } } },
        { { 2, 1, -2 }, { { 3, 2 }, { 3 }, { 0 } } },
    };
    check(rows, sizeof rows / sizeof *rows);
}

static void symbols_broadcast_as_far_as_they_are_known(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { { 1, 1, 1 }, { { N }, { N }, { N } } },
        { { 1, 1, 1 }, { { N }, { 1 }, { N } } },
        { { 1, 1, 1 }, { { N }, { 3 }, { 3 } } }, /* n is 3 or 1 */
        { { 1, 1, 1 }, { { N }, { 0 }, { 0 } } },
        { { 1, 1, 1 }, { { N }, { M }, { U } } },
        { { 1, 1, 1 }, { { U }, { 1 }, { U } } },
        { { 1, 1, 1 }, { { U }, { 5 }, { 5 } } },
        { { 2, 2, 2 }, { { N, 1 }, { 1, N }, { N, N } } },
        { { -1, 1, -1 }, { { 0 }, { 5 }, { 0 } } },
    };
    check(rows, sizeof rows / sizeof *rows);
}

static void three_broadcast_together(void **state)
{
    (void)state;
    const struct kaon_fact a = fact(1, (int64_t[]){ 1 }), b = fact(1, (int64_t[]){ N }),
                           c = fact(1, (int64_t[]){ 4 });
    struct kaon_fact y = KAON_FACT_NONE;
    const struct kaon_fact *in[] = { &a, &b, &c };
    assert_int_equal(kaon_fact_broadcast(&y, in, 3, "Op", NULL), KAON_OK);
    assert_int_equal(y.dims[0], 4);
    assert_int_equal(kaon_fact_broadcast(NULL, in, 3, "Op", NULL), KAON_OK);
}

static void axes_count_from_both_ends(void **state)
{
    (void)state;
    int32_t axis;
    assert_int_equal(kaon_fact_axis(-1, 3, "Op", &axis, NULL), KAON_OK);
    assert_int_equal(axis, 2);
    assert_int_equal(kaon_fact_axis(-3, 3, "Op", &axis, NULL), KAON_OK);
    assert_int_equal(axis, 0);
    assert_int_equal(kaon_fact_axis(3, 3, "Op", &axis, NULL), KAON_BAD_MODEL);
    assert_int_equal(kaon_fact_axis(-4, 3, "Op", &axis, NULL), KAON_BAD_MODEL);
    assert_int_equal(kaon_fact_axis(INT64_MIN, 3, "Op", &axis, NULL), KAON_BAD_MODEL);
    assert_int_equal(kaon_fact_axis(0, 0, "Op", &axis, NULL), KAON_BAD_MODEL);
}

static void lengths_add_and_multiply_without_overflow(void **state)
{
    (void)state;
    assert_true(kaon_dim_add(2, 3) == 5);
    assert_true(kaon_dim_add(N, 0) == N);
    assert_true(kaon_dim_add(N, 1) == U);
    assert_true(kaon_dim_add(INT64_MAX, 1) == U);
    assert_true(kaon_dim_mul(N, 1) == N);
    assert_true(kaon_dim_mul(N, 0) == 0);
    assert_true(kaon_dim_mul(N, 2) == U);
    assert_true(kaon_dim_mul(INT64_MAX, 2) == U);
    assert_true(kaon_dim_mul(INT64_MIN / 2, 2) == U); /* would look like an unknown length */
}

/* Against a loop over Python's definition of a slice. */
static void slices_have_the_length_that_counting_gives(void **state)
{
    (void)state;
    static const int64_t ends[] = { INT64_MIN, INT64_MIN + 1, -7, -6, -5, -4, -1, 0, 1, 3, 4, 5, 6,
                                    7,         INT64_MAX };
    static const int64_t steps[] = { 1, 2, 3, 7, -1, -2, -3, INT64_MAX, INT64_MIN };
    enum { E = sizeof ends / sizeof *ends, S = sizeof steps / sizeof *steps };
    for (int64_t length = 0; length < 7; length++)
        for (size_t a = 0; a < E; a++)
            for (size_t b = 0; b < E; b++)
                for (size_t s = 0; s < S; s++) {
                    int64_t start = ends[a], n = 0;
                    const int64_t got = kaon_slice_length(length, &start, ends[b], steps[s]);
                    const int64_t step = steps[s];
                    int64_t from =
                        ends[a] < 0 ? ends[a] < -length ? -1 : ends[a] + length : ends[a];
                    int64_t to = ends[b] < 0 ? ends[b] < -length ? -1 : ends[b] + length : ends[b];
                    if (step > 0 && from < 0)
                        from = 0;
                    if (step < 0 && from >= length)
                        from = length - 1;
                    for (__int128 i = from; step > 0 ? i < to && i < length : i > to && i >= 0;
                         i += step)
                        n++;
                    assert_int_equal(got, n);
                    if (n)
                        assert_int_equal(start, from);
                }
}

static void shapes_are_written_within_their_room(void **state)
{
    (void)state;
    const int64_t dims[] = { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
                             INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX };
    assert_string_equal(kaon_shape_text(3, (int64_t[]){ 2, N, U }).text, "[2,n0,?]");
    assert_string_equal(kaon_shape_text(0, dims).text, "[]");
    assert_string_equal(kaon_shape_text(-1, dims).text, "[?..]");
    assert_true(strlen(kaon_shape_text(8, dims).text) < sizeof(struct kaon_shape_text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_broadcast_as_in_numpy),
        cmocka_unit_test(symbols_broadcast_as_far_as_they_are_known),
        cmocka_unit_test(three_broadcast_together),
        cmocka_unit_test(axes_count_from_both_ends),
        cmocka_unit_test(lengths_add_and_multiply_without_overflow),
        cmocka_unit_test(slices_have_the_length_that_counting_gives),
        cmocka_unit_test(shapes_are_written_within_their_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
