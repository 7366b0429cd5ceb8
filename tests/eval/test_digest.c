/* The digest of outputs: against values computed with Python's hashlib, and in parts. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/eval/digest.h"

static void add(struct eval_hasher *hasher, struct eval_digest *to, uint64_t row, const char *text)
{
    kaon_eval_hasher_begin(hasher, row);
    for (; *text; text++)
        kaon_eval_hasher_add(hasher, text, 1);
    assert_true(kaon_eval_hasher_end(hasher, to));
}

static void sums_are_those_of_hashlib(void **state)
{
    struct eval_hasher *hasher = kaon_eval_hasher_open();
    struct eval_digest digest = { { 0 } };
    char text[EVAL_DIGEST_TEXT];
    (void)state;
    add(hasher, &digest, 0, "");
    kaon_eval_digest_text(&digest, text);
    assert_string_equal(text, "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
    digest = (struct eval_digest){ { 0 } };
    add(hasher, &digest, 258, "de");
    add(hasher, &digest, 0, "abc");
    kaon_eval_digest_text(&digest, text);
    assert_string_equal(text, "ed0cfbb7e86cdbd0163708936970fb48297a8c52e5fc4408a5a53512b3170da2");
    kaon_eval_hasher_close(hasher);
}

/* Sixteen hashes carry over every word. */
static void parts_add_up_in_any_order(void **state)
{
    struct eval_hasher *hasher = kaon_eval_hasher_open();
    struct eval_digest part[3] = { 0 }, all = { { 0 } };
    char text[EVAL_DIGEST_TEXT];
    (void)state;
    for (uint64_t i = 16; i-- > 0;) {
        const unsigned char byte = (unsigned char)i;
        kaon_eval_hasher_begin(hasher, i);
        kaon_eval_hasher_add(hasher, &byte, 1);
        assert_true(kaon_eval_hasher_end(hasher, &part[i % 3]));
    }
    for (size_t i = 0; i < 3; i++)
        kaon_eval_digest_join(&all, &part[i]);
    kaon_eval_digest_text(&all, text);
    assert_string_equal(text, "226d014599e5082e9dc7aa87d4f59806b97ad9e946aa48006d5a8881deaaf179");
    kaon_eval_hasher_close(hasher);
}

static void carries_reach_the_last_word(void **state)
{
    struct eval_digest a = { { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };
    const struct eval_digest one = { { 1 } }, zero = { { 0 } };
    (void)state;
    kaon_eval_digest_join(&a, &one);
    assert_memory_equal(&a, &zero, sizeof a);
}

static void texts_come_back(void **state)
{
    const char *text = "00000000000000010000000000000002000000000000000300000000000000f4";
    const struct eval_digest want = { { 0xf4, 3, 2, 1 } };
    struct eval_digest digest;
    char again[EVAL_DIGEST_TEXT];
    (void)state;
    assert_true(kaon_eval_digest_parse(&digest, text));
    assert_memory_equal(&digest, &want, sizeof want);
    kaon_eval_digest_text(&digest, again);
    assert_string_equal(again, text);
    assert_false(kaon_eval_digest_parse(&digest, text + 1));
    assert_false(kaon_eval_digest_parse(
        &digest, "0000000000000001000000000000000200000000000000030000000000000xf4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_hashlib),
        cmocka_unit_test(parts_add_up_in_any_order),
        cmocka_unit_test(carries_reach_the_last_word),
        cmocka_unit_test(texts_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
