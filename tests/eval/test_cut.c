/* Cuts and names of fields. */
#include <stdarg.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/eval/cut.h"
#include "tools/eval/fields.h"

static bool passes(const char *text, double value)
{
    struct eval_cut cut;
    struct kaon_msg msg = { "" };
    if (kaon_eval_cut_parse(&cut, text, "test", &msg))
        fail_msg("%s", msg.text);
    return kaon_eval_cut_passes(&cut, value);
}

static void operators_compare(void **state)
{
    (void)state;
    assert_true(passes("pt_btagJes > 20_000", 20001));
    assert_false(passes("pt_btagJes > 20_000", 20000));
    assert_true(passes("pt>=2e4", 20000));
    assert_true(passes(" eta < -1.5 ", -2));
    assert_true(passes("eta<=-1.5", -1.5));
    assert_true(passes("label == 5", 5));
    assert_true(passes("label != 5", 4));
    assert_false(passes("label > 5", NAN));
}

static void lists_and_remainders(void **state)
{
    (void)state;
    assert_true(passes("label in (5, 15)", 15));
    assert_false(passes("label in [5,15]", 4));
    assert_true(passes("label notin (5, 15)", 4));
    assert_true(passes("eventNumber %10== 3", 123));
    assert_false(passes("eventNumber % 10 == 3", 124));
    assert_true(passes("x % 10 == 7", -3));
}

static void what_is_no_number_is_compared(void **state)
{
    (void)state;
    assert_true(passes("score == nan", NAN));
    assert_false(passes("score == nan", 1));
    assert_false(passes("score != nan", NAN));
    assert_true(passes("score != NaN", 1));
    assert_true(passes("score < inf", 1e300));
    assert_false(passes("score < inf", INFINITY));
    assert_true(passes("score == -inf", -INFINITY));
    assert_false(passes("label in (5, 15)", NAN));
    assert_true(passes("label notin (5, 15)", NAN));
}

static void places_of_arrays_are_fields(void **state)
{
    struct eval_cut cut;
    (void)state;
    assert_int_equal(kaon_eval_cut_parse(&cut, "truth[13] == 1", "test", NULL), KAON_OK);
    assert_string_equal(cut.field, "truth[13]");
    assert_int_equal(kaon_eval_cut_parse(&cut, "truth in [13]", "test", NULL), KAON_OK);
    assert_string_equal(cut.field, "truth");
}

static void what_is_no_cut_is_refused(void **state)
{
    static const char *const texts[] = {
        "",         "pt",         "pt >",          "> 5",         "pt > five",     "pt > 5 6",
        "pt = 5",   "5 > pt",     "pt in 5",       "pt in (5",    "pt in (5;6)",   "pt % 0 == 1",
        "pt > nan", "pt > 1e999", "pt && eta > 5", "pt in (nan)", "pt % inf == 1", "pt[x] > 1",
        "pt[] > 1", "pt > 0x10",
    };
    struct eval_cut cut;
    struct kaon_msg msg;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!kaon_eval_cut_parse(&cut, texts[i], "test", &msg))
            fail_msg("taken: \"%s\"", texts[i]);
        assert_non_null(strstr(msg.text, "test"));
    }
}

static void other_spellings_are_found(void **state)
{
    static const char *const have[] = { "lifetimeSignedD0Significance", "pt_btagJes", "eta",
                                        "dphi" };
    char text[64];
    (void)state;
    assert_int_equal(kaon_eval_field_find(have, 4, "IP3D_signed_d0_significance"), 0);
    assert_int_equal(kaon_eval_field_find(have, 4, "pt"), 1);
    assert_int_equal(kaon_eval_field_find(have, 4, "eta_btagJes"), 2);
    assert_int_equal(kaon_eval_field_find(have, 4, "dphi_btagJes"), -1);
    kaon_eval_field_look_alikes(have, 4, "dfi", text, sizeof text);
    assert_non_null(strstr(text, "dphi"));
    kaon_eval_field_look_alikes(have, 4, "dphii", text, 3); /* no room */
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_compare),
        cmocka_unit_test(lists_and_remainders),
        cmocka_unit_test(what_is_no_number_is_compared),
        cmocka_unit_test(places_of_arrays_are_fields),
        cmocka_unit_test(what_is_no_cut_is_refused),
        cmocka_unit_test(other_spellings_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
