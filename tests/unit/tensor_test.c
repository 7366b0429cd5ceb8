/* engine/base/size.h and engine/base/tensor.c */
#include "engine/base/tensor.h"
#include "engine/base/size.h"
#include "tests/support/support.h"

static void products_and_sums_tell_when_they_overflow(void **state)
{
    (void)state;
    size_t n = 7;
    assert_true(kaon_mul(&n, SIZE_MAX / 3, 3));
    assert_int_equal(n, SIZE_MAX / 3 * 3);
    assert_false(kaon_mul(&n, SIZE_MAX / 3 + 1, 3));
    assert_true(kaon_mul(&n, SIZE_MAX, 0));
    assert_true(kaon_add(&n, SIZE_MAX - 1, 1));
    assert_false(kaon_add(&n, SIZE_MAX, 1));
}

static bool size_of(enum kaon_type type, int32_t rank, const int64_t *dims, uint64_t limit,
                    size_t *bytes)
{
    int64_t count;
    return kaon_tensor_size(type, rank, dims, limit, &count, bytes) &&
           (size_t)count * kaon_type_bytes(type) == *bytes;
}

static void sizes_that_overflow_or_are_over_the_limit_are_refused(void **state)
{
    (void)state;
    const int64_t huge[] = { INT64_MAX, INT64_MAX, 4 }, negative[] = { 3, -1 },
                  exact[] = { 10, 100 }, wide[] = { (int64_t)1 << 48 };
    size_t bytes;
    assert_false(size_of(KAON_F32, 3, huge, 0, &bytes));
    assert_false(size_of(KAON_F32, 1, huge, 0, &bytes));
    assert_false(size_of(KAON_F32, 2, negative, 0, &bytes));
    assert_true(size_of(KAON_F64, 2, exact, 1000, &bytes));
    assert_int_equal(bytes, 8000);
    assert_false(size_of(KAON_F64, 2, exact, 999, &bytes));
    assert_true(size_of(KAON_U8, 1, wide, 0, &bytes));
    assert_false(size_of(KAON_U8, 1, (int64_t[]){ wide[0] + 1 }, 0, &bytes));
}

static void lengths_of_zero_make_nothing_of_anything(void **state)
{
    (void)state;
    const int64_t dims[] = { INT64_MAX, 0, INT64_MAX }, minus[] = { 0, -1 };
    size_t bytes = 1;
    assert_true(size_of(KAON_F32, 1, dims + 1, 0, &bytes));
    assert_int_equal(bytes, 0);
    assert_false(size_of(KAON_F32, 3, dims, 100, &bytes)); /* the others are still lengths */
    assert_true(size_of(KAON_F32, 3, (int64_t[]){ 50, 0, 2 }, 100, &bytes));
    assert_int_equal(bytes, 0);
    assert_false(size_of(KAON_F32, 2, minus, 0, &bytes));
}

static void rank_0_is_one_element(void **state)
{
    (void)state;
    size_t bytes;
    assert_true(size_of(KAON_F16, 0, NULL, 1, &bytes));
    assert_int_equal(bytes, 2);
    assert_int_equal(kaon_tensor_count(&(struct kaon_tensor){ .rank = 0 }), 1);
}

static void unknown_types_have_no_size_and_a_name(void **state)
{
    (void)state;
    for (int t = -3; t < 200; t++) {
        const enum kaon_type type = (enum kaon_type)t;
        assert_non_null(kaon_type_name(type));
        if (t < 0 || (t > 26 && t != KAON_SEQUENCE))
            assert_int_equal(kaon_type_bytes(type), 0);
        assert_false(kaon_type_is_float(type) && kaon_type_is_integer(type));
    }
    assert_int_equal(kaon_type_bytes(KAON_STRING), sizeof(char *));
    assert_string_equal(kaon_type_name(KAON_BF16), "bfloat16");
}

static void elements_become_doubles_and_integers(void **state)
{
    (void)state;
    const float f[] = { -1.5f, 3e30f, -3e30f, __builtin_nanf("") };
    const uint64_t u[] = { UINT64_MAX, 5 };
    const int8_t i[] = { -128 };
    const uint16_t half[] = { 0xc100 }; /* -2.5 */
    assert_true(kaon_element_double(KAON_F32, f, 0) == -1.5);
    assert_int_equal(kaon_element_int(KAON_F32, f, 0), -1);
    assert_true(kaon_element_int(KAON_F32, f, 1) == INT64_MAX);
    assert_true(kaon_element_int(KAON_F32, f, 2) == INT64_MIN);
    assert_int_equal(kaon_element_int(KAON_F32, f, 3), 0);
    assert_true(kaon_element_int(KAON_U64, u, 0) == INT64_MAX);
    assert_true(kaon_element_double(KAON_U64, u, 0) == 0x1p64);
    assert_int_equal(kaon_element_int(KAON_U64, u, 1), 5);
    assert_int_equal(kaon_element_int(KAON_I8, i, 0), -128);
    assert_true(kaon_element_double(KAON_F16, half, 0) == -2.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_and_sums_tell_when_they_overflow),
        cmocka_unit_test(sizes_that_overflow_or_are_over_the_limit_are_refused),
        cmocka_unit_test(lengths_of_zero_make_nothing_of_anything),
        cmocka_unit_test(rank_0_is_one_element),
        cmocka_unit_test(unknown_types_have_no_size_and_a_name),
        cmocka_unit_test(elements_become_doubles_and_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
