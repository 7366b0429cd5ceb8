/* engine/base/half.c, against the definitions of the formats. */
#include "engine/base/half.h"
#include "tests/support/support.h"

#include <math.h>

/* A number of sign, `e` exponent bits and `m` mantissa bits, as the definition has it. */
static double by_definition(unsigned bits, int e, int m, int bias)
{
    const unsigned mantissa = bits & ((1u << m) - 1), exponent = bits >> m & ((1u << e) - 1);
    const double sign = bits >> (m + e) & 1 ? -1.0 : 1.0;
    return exponent ? sign * ldexp(1.0 + ldexp(mantissa, -m), (int)exponent - bias)
                    : sign * ldexp(mantissa, 1 - bias - m);
}

static void all_f16_have_their_value_and_come_back(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        const float f = kaon_f32_from_f16((uint16_t)h);
        if ((h >> 10 & 31) == 31) {
            assert_true(h & 1023 ? isnan(f) : isinf(f) && (signbit(f) != 0) == h >> 15);
        } else {
            assert_true((double)f == by_definition(h, 5, 10, 15));
            assert_int_equal(signbit(f) != 0, h >> 15);
        }
        if (isnan(f))
            assert_true(isnan(kaon_f32_from_f16(kaon_f16_from_f32(f))));
        else
            assert_int_equal(kaon_f16_from_f32(f), h);
    }
}

/* Every f32 that lies halfway between two neighbours, or beside that. */
static void f16_rounds_to_nearest_even(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7bff; h++) {
        const float low = kaon_f32_from_f16((uint16_t)h),
                    high = kaon_f32_from_f16((uint16_t)(h + 1));
        const float middle = (low + high) / 2; /* exact: f32 has bits to spare */
        assert_int_equal(kaon_f16_from_f32(middle), h + (h & 1));
        assert_int_equal(kaon_f16_from_f32(nextafterf(middle, low)), h);
        assert_int_equal(kaon_f16_from_f32(nextafterf(middle, high)), h + 1);
    }
    assert_int_equal(kaon_f16_from_f32(65519.0f), 0x7bff);
    assert_int_equal(kaon_f16_from_f32(65520.0f), 0x7c00);
    assert_int_equal(kaon_f16_from_f32(-1e30f), 0xfc00);
}

static void bf16_rounds_to_nearest_even(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7f80; h++) {
        union {
            uint32_t u;
            float f;
        } v = { h << 16 }, middle = { h << 16 | 0x8000u };
        assert_true(kaon_f32_from_bf16((uint16_t)h) == v.f);
        assert_int_equal(kaon_bf16_from_f32(v.f), h);
        assert_int_equal(kaon_bf16_from_f32(middle.f), h + (h & 1));
    }
    assert_true(isnan(kaon_f32_from_bf16(kaon_bf16_from_f32(nanf("")))));
    assert_true(isinf(kaon_f32_from_bf16(kaon_bf16_from_f32(INFINITY))));
}

static const struct form {
    enum kaon_type type;
    int e, m, bias;
    bool has_inf, fnuz;
    float most;
} forms[] = {
    { KAON_F8E4M3FN, 4, 3, 7, false, false, 448.0f },
    { KAON_F8E4M3FNUZ, 4, 3, 8, false, true, 240.0f },
    { KAON_F8E5M2, 5, 2, 15, true, false, 57344.0f },
    { KAON_F8E5M2FNUZ, 5, 2, 16, false, true, 57344.0f },
};

static bool is_nan8(const struct form *f, unsigned b)
{
    if (f->fnuz)
        return b == 0x80;
    return f->has_inf ? (b & 0x7f) > 0x7c : (b & 0x7f) == 0x7f;
}

static void all_f8_have_their_value_and_come_back(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++)
        for (unsigned b = 0; b < 256; b++) {
            const struct form *f = &forms[k];
            const float x = kaon_f32_from_f8(f->type, (uint8_t)b);
            if (is_nan8(f, b)) {
                assert_true(isnan(x));
                assert_true(is_nan8(f, kaon_f8_from_f32(f->type, x, true)));
                continue;
            }
            if (f->has_inf && (b & 0x7f) == 0x7c)
                assert_true(isinf(x));
            else
                assert_true((double)x == by_definition(b, f->e, f->m, f->bias));
            assert_int_equal(kaon_f8_from_f32(f->type, x, false), b);
        }
}

static void f8_saturates_or_not(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        const struct form *f = &forms[k];
        const float big = kaon_f32_from_f8(f->type, kaon_f8_from_f32(f->type, 1e9f, true));
        const float small = kaon_f32_from_f8(f->type, kaon_f8_from_f32(f->type, -INFINITY, true));
        const float wild = kaon_f32_from_f8(f->type, kaon_f8_from_f32(f->type, 1e9f, false));
        assert_true(big == f->most);
        assert_true(small == -f->most);
        assert_true(f->has_inf ? isinf(wild) : isnan(wild));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_f16_have_their_value_and_come_back),
        cmocka_unit_test(f16_rounds_to_nearest_even),
        cmocka_unit_test(bf16_rounds_to_nearest_even),
        cmocka_unit_test(all_f8_have_their_value_and_come_back),
        cmocka_unit_test(f8_saturates_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
