#include "tests/cli/unit.h"

#include <math.h>
#include <string.h>

#include "tools/check/compare.h"
#include "tools/model/element.h"

static struct kaon_tensor row(enum kaon_type type, void *data, int64_t n)
{
    return (struct kaon_tensor){ .type = type, .rank = 1, .dims = { n }, .data = data };
}

static bool agree(const struct kaon_tensor *got, const struct kaon_tensor *want,
                  struct kaon_mismatch *mismatch)
{
    const struct kaon_tolerance tolerance = { .rtol = 1e-3, .atol = 1e-5 };
    return kaon_values_agree(got, want, &tolerance, mismatch);
}

static bool floats_agree(float got, float want)
{
    struct kaon_mismatch mismatch;
    const struct kaon_tensor g = row(KAON_F32, &got, 1), w = row(KAON_F32, &want, 1);
    return agree(&g, &w, &mismatch);
}

static void holds_to_the_tolerance(void **state)
{
    (void)state;
    assert_true(floats_agree(1000.5f, 1000));
    assert_false(floats_agree(1002, 1000));
    assert_true(floats_agree(1e-6f, 0));
    assert_false(floats_agree(1e-4f, 0));
    assert_true(floats_agree(0.0f, -0.0f));
}

static void matches_nan_and_infinity_with_themselves_only(void **state)
{
    (void)state;
    assert_true(floats_agree(NAN, -NAN));
    assert_false(floats_agree(NAN, 1));
    assert_false(floats_agree(1, NAN));
    assert_true(floats_agree(INFINITY, INFINITY));
    assert_false(floats_agree(INFINITY, -INFINITY));
    assert_false(floats_agree(3e38f, INFINITY));
    assert_false(floats_agree(INFINITY, 3e38f));
}

static void names_the_first_bad_element(void **state)
{
    float want[6] = { 1, 2, 3, 4, 5, 6 }, got[6] = { 1, 2, 3, 4, 7, 8 };
    struct kaon_tensor g = row(KAON_F32, got, 6), w = row(KAON_F32, want, 6);
    struct kaon_mismatch mismatch;
    (void)state;
    g.rank = w.rank = 2;
    g.dims[0] = w.dims[0] = 2;
    g.dims[1] = w.dims[1] = 3;
    assert_false(agree(&g, &w, &mismatch));
    assert_non_null(strstr(mismatch.text, "[1, 1]: got 7, wanted 5"));
    assert_non_null(strstr(mismatch.text, "2 of 6"));
}

static void wants_equal_types_and_shapes(void **state)
{
    float f[2] = { 0 };
    int32_t i[2] = { 0 };
    struct kaon_tensor g = row(KAON_F32, f, 2), w = row(KAON_I32, i, 2);
    struct kaon_mismatch mismatch;
    (void)state;
    assert_false(agree(&g, &w, &mismatch));
    assert_non_null(strstr(mismatch.text, "got float [2], wanted int32 [2]"));
    w = row(KAON_F32, f, 1);
    assert_false(agree(&g, &w, &mismatch));
    w = row(KAON_F32, f, 2);
    w.rank = 2;
    w.dims[1] = 1;
    assert_false(agree(&g, &w, &mismatch));
}

static void compares_sequences_by_element(void **state)
{
    float f[3] = { 1, 2, 3 }, h[3] = { 1, 2, 4 };
    struct kaon_tensor want[2] = { row(KAON_F32, f, 2), row(KAON_F32, f, 3) };
    struct kaon_tensor got[2] = { row(KAON_F32, f, 2), row(KAON_F32, h, 3) };
    struct kaon_tensor g = row(KAON_SEQUENCE, got, 2), w = row(KAON_SEQUENCE, want, 2);
    struct kaon_mismatch mismatch;
    (void)state;
    assert_false(agree(&g, &w, &mismatch));
    assert_non_null(strstr(mismatch.text, "{1}[2]: got 4, wanted 3"));
    got[1].data = f;
    assert_true(agree(&g, &w, &mismatch));
    g.dims[0] = 1;
    assert_false(agree(&g, &w, &mismatch));
}

static void widens_narrow_floats(void **state)
{
    static const struct {
        enum kaon_type type;
        uint16_t bits;
        double value;
    } cases[] = {
        { KAON_F16, 0x3c00, 1 },         { KAON_F16, 0xc100, -2.5 },
        { KAON_F16, 0x0001, 0x1p-24 },   { KAON_F16, 0x7bff, 65504 },
        { KAON_F16, 0x7c00, INFINITY },  { KAON_F16, 0x7e00, NAN },
        { KAON_BF16, 0x3f80, 1 },        { KAON_BF16, 0xff80, -INFINITY },
        { KAON_F8E4M3FN, 0x7e, 448 },    { KAON_F8E4M3FN, 0x7f, NAN },
        { KAON_F8E4M3FN, 0x01, 0x1p-9 }, { KAON_F8E4M3FNUZ, 0x80, NAN },
        { KAON_F8E4M3FNUZ, 0x7f, 240 },  { KAON_F8E5M2, 0x7b, 57344 },
        { KAON_F8E5M2, 0x7c, INFINITY }, { KAON_F8E5M2FNUZ, 0x7f, 57344 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint16_t bits = cases[i].bits;
        const struct kaon_tensor t = row(cases[i].type, &bits, 1);
        const double v = kaon_element(&t, 0), want = cases[i].value;
        if (isnan(want) ? !isnan(v) : v != want)
            fail_msg("case %zu: %g, wanted %g", i, v, want);
    }
}

static void widens_integers_by_sign(void **state)
{
    int8_t i8 = -1;
    uint8_t u8 = 255;
    int64_t i64 = INT64_MIN;
    const struct kaon_tensor a = row(KAON_I8, &i8, 1), b = row(KAON_U8, &u8, 1),
                             c = row(KAON_I64, &i64, 1);
    (void)state;
    assert_true(kaon_element(&a, 0) == -1);
    assert_true(kaon_element(&b, 0) == 255);
    assert_true(kaon_element(&c, 0) == -0x1p63);
}

static void makes_finite_random_elements(void **state)
{
    static const enum kaon_type types[] = { KAON_F16, KAON_BF16,     KAON_F32,
                                            KAON_F64, KAON_F8E4M3FN, KAON_F8E5M2FNUZ,
                                            KAON_I8,  KAON_U64,      KAON_BOOL };
    (void)state;
    for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
        uint64_t room = 0, bits = 1;
        struct kaon_tensor t = row(types[k], &room, 1);
        for (int i = 0; i < 1000; i++) {
            bits = bits * UINT64_C(6364136223846793005) + 1442695040888963407;
            assert_true(kaon_element_random(&t, 0, bits));
            assert_true(fabs(kaon_element(&t, 0)) < 10);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_to_the_tolerance),
        cmocka_unit_test(matches_nan_and_infinity_with_themselves_only),
        cmocka_unit_test(names_the_first_bad_element),
        cmocka_unit_test(wants_equal_types_and_shapes),
        cmocka_unit_test(compares_sequences_by_element),
        cmocka_unit_test(widens_narrow_floats),
        cmocka_unit_test(widens_integers_by_sign),
        cmocka_unit_test(makes_finite_random_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
