/* Fields that are taken out of stored elements have the values that libhdf5's conversion gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/eval/half.h"
#include "tools/eval/packed.h"

enum { N = 3000, MOST = 8, STEP = 13 };

/* Random bytes as N values of `from`: all kinds of numbers, infinities and NaN among them. */
static void compare(hid_t from, hid_t to, bool known)
{
    const size_t stored = H5Tget_size(from), wanted = H5Tget_size(to);
    unsigned char *raw = calloc(N, STEP), *got = calloc(N, STEP), *want = calloc(N, MOST);
    uint32_t seed = 5;
    eval_take_fn *take = kaon_eval_packed_take(from, to);
    assert_non_null(raw);
    assert_non_null(got);
    assert_non_null(want);
    assert_int_equal(take != NULL, known);
    for (size_t i = 0; i < N * STEP; i++)
        raw[i] = (unsigned char)((seed = seed * 1664525u + 1013904223u) >> 24);
    for (size_t i = 0; i < N; i++)
        memcpy(want + i * stored, raw + i * STEP + 1, stored);
    assert_true(H5Tconvert(from, to, N, want, NULL, H5P_DEFAULT) >= 0);
    if (take)
        take(got + 2, STEP, raw + 1, STEP, N);
    for (size_t i = 0; take && i < N; i++)
        assert_memory_equal(got + i * STEP + 2, want + i * wanted, wanted);
    free(raw);
    free(got);
    free(want);
}

static void values_are_those_of_libhdf5(void **state)
{
    const hid_t half = kaon_eval_half_type(false), boolean = H5Tenum_create(H5T_STD_I8LE);
    const hid_t stored[] = { H5T_IEEE_F32LE, H5T_STD_U8LE, H5T_STD_I8LE, H5T_STD_I32LE };
    struct kaon_msg msg = { "" };
    const int8_t no = 0, yes = 1;
    (void)state;
    H5Tenum_insert(boolean, "FALSE", &no);
    H5Tenum_insert(boolean, "TRUE", &yes);
    assert_int_equal(kaon_eval_half_register(&msg), KAON_OK);
    for (size_t i = 0; i < sizeof stored / sizeof *stored; i++) {
        compare(stored[i], H5T_NATIVE_FLOAT, true);
        compare(stored[i], H5T_NATIVE_DOUBLE, true);
        compare(stored[i], stored[i], true);
    }
    compare(half, H5T_NATIVE_FLOAT, true);
    compare(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, true);
    compare(H5T_STD_U64BE, H5T_STD_U64BE, true);
    compare(boolean, H5T_NATIVE_INT8, true);
    H5Tclose(half);
    H5Tclose(boolean);
}

static void what_is_not_known_is_left_to_libhdf5(void **state)
{
    const hid_t half = kaon_eval_half_type(true);
    (void)state;
    compare(H5T_IEEE_F64LE, H5T_NATIVE_FLOAT, false);
    compare(H5T_IEEE_F32BE, H5T_NATIVE_FLOAT, false);
    compare(H5T_STD_I32BE, H5T_NATIVE_DOUBLE, false);
    compare(half, H5T_NATIVE_FLOAT, false);
    H5Tclose(half);
}

/* Text of any length owns memory that nobody would free. */
static void elements_that_own_memory_are_not_read_whole(void **state)
{
    struct eval_array array = { .type = H5Tcreate(H5T_COMPOUND, 24) };
    const hid_t text = H5Tcopy(H5T_C_S1);
    (void)state;
    H5Tinsert(array.type, "pt", 0, H5T_NATIVE_FLOAT);
    assert_true(kaon_eval_packed_fits(&array));
    H5Tset_size(text, H5T_VARIABLE);
    H5Tinsert(array.type, "name", 8, text);
    assert_false(kaon_eval_packed_fits(&array));
    H5Tclose(text);
    H5Tclose(array.type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_libhdf5),
        cmocka_unit_test(what_is_not_known_is_left_to_libhdf5),
        cmocka_unit_test(elements_that_own_memory_are_not_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
