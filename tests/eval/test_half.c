/* Every half: by itself against arithmetic, and through libhdf5 against what it gives without us, packed and
 * as fields of a compound. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <hdf5.h>

#include "tools/eval/half.h"

enum { ALL = 1 << 16 };

static double defined(unsigned half)
{
    const int exponent = (int)(half >> 10 & 31), fraction = (int)(half & 0x3ff);
    const double sign = half & 0x8000 ? -1 : 1;
    if (exponent == 31)
        return fraction ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

static bool equal(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b && !signbit(a) == !signbit(b);
}

static void by_itself(void **state)
{
    (void)state;
    for (unsigned h = 0; h < ALL; h++)
        if (!equal(kaon_eval_half((uint16_t)h), defined(h)))
            fail_msg("half %04x is %g", h, (double)kaon_eval_half((uint16_t)h));
}

static hid_t half_type(void)
{
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    assert_true(H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(type, 2) >= 0 &&
                H5Tset_ebias(type, 15) >= 0);
    return type;
}

static void packed(void **state)
{
    (void)state;
    float *buffer = calloc(ALL, sizeof *buffer);
    const hid_t type = half_type();
    assert_non_null(buffer);
    for (unsigned h = 0; h < ALL; h++)
        memcpy((char *)buffer + 2 * h, &(uint16_t){ (uint16_t)h }, 2);
    assert_true(H5Tconvert(type, H5T_NATIVE_FLOAT, ALL, buffer, NULL, H5P_DEFAULT) >= 0);
    for (unsigned h = 0; h < ALL; h++)
        if (!equal((double)buffer[h], defined(h)))
            fail_msg("half %04x became %g", h, (double)buffer[h]);
    H5Tclose(type);
    free(buffer);
}

/* { half a; int8 b; half c } to { float c; float a }. */
static void fields_of_a_compound(void **state)
{
    (void)state;
    enum { ROWS = ALL / 2, STORED = 5, WANTED = 8 };
    unsigned char *buffer = calloc(ROWS, WANTED), *background = calloc(ROWS, WANTED);
    const hid_t type = half_type(), from = H5Tcreate(H5T_COMPOUND, STORED),
                to = H5Tcreate(H5T_COMPOUND, WANTED);
    assert_true(buffer && background);
    assert_true(H5Tinsert(from, "a", 0, type) >= 0 && H5Tinsert(from, "b", 2, H5T_STD_I8LE) >= 0 &&
                H5Tinsert(from, "c", 3, type) >= 0);
    assert_true(H5Tinsert(to, "c", 0, H5T_NATIVE_FLOAT) >= 0 &&
                H5Tinsert(to, "a", 4, H5T_NATIVE_FLOAT) >= 0);
    for (unsigned i = 0; i < ROWS; i++) {
        memcpy(buffer + STORED * i, &(uint16_t){ (uint16_t)(2 * i) }, 2);
        memcpy(buffer + STORED * i + 3, &(uint16_t){ (uint16_t)(2 * i + 1) }, 2);
    }
    assert_true(H5Tconvert(from, to, ROWS, buffer, background, H5P_DEFAULT) >= 0);
    for (unsigned i = 0; i < ROWS; i++) {
        float value[2];
        memcpy(value, buffer + WANTED * i, sizeof value);
        if (!equal((double)value[1], defined(2 * i)) ||
            !equal((double)value[0], defined(2 * i + 1)))
            fail_msg("row %u became %g and %g", i, (double)value[1], (double)value[0]);
    }
    H5Tclose(type);
    H5Tclose(from);
    H5Tclose(to);
    free(buffer);
    free(background);
}

/* Registered twice, as when several files are opened. */
static int use_ours(void **state)
{
    struct kaon_msg msg = { "" };
    (void)state;
    assert_int_equal(kaon_eval_half_register(&msg), KAON_OK);
    return kaon_eval_half_register(&msg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_itself),
        cmocka_unit_test(packed), /* libhdf5's own, so that the expectation is not ours alone */
        cmocka_unit_test(fields_of_a_compound),
        cmocka_unit_test_setup(packed, use_ours),
        cmocka_unit_test(fields_of_a_compound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
