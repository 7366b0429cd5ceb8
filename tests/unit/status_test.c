/* engine/base/status.c and engine/base/sink.c */
#include "engine/base/status.h"
#include "engine/base/sink.h"
#include "tests/support/support.h"

static void a_message_is_optional(void **state)
{
    (void)state;
    assert_int_equal(kaon_fail(NULL, KAON_IO, "%s", "x"), KAON_IO);
    kaon_msg_prefix(NULL, "x");
}

static void long_messages_end_in_dots(void **state)
{
    (void)state;
    struct kaon_msg msg;
    char text[2000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 0;
    kaon_fail(&msg, KAON_IO, "%s", text);
    assert_int_equal(strlen(msg.text), sizeof msg.text - 1);
    assert_string_equal(msg.text + sizeof msg.text - 4, "...");
    kaon_fail(&msg, KAON_IO, "short");
    for (int i = 0; i < 200; i++)
        kaon_msg_prefix(&msg, "prefix");
    assert_int_equal(strlen(msg.text), sizeof msg.text - 1);
    assert_string_equal(msg.text + sizeof msg.text - 4, "...");
}

static void a_message_that_just_fits_is_whole(void **state)
{
    (void)state;
    struct kaon_msg msg;
    char text[sizeof msg.text];
    memset(text, 'b', sizeof text);
    text[sizeof text - 1] = 0;
    kaon_fail(&msg, KAON_IO, "%s", text);
    assert_string_equal(msg.text, text);
}

static const char *shown(const char *text)
{
    static struct kaon_msg msg;
    kaon_fail(&msg, KAON_IO, "%s", text);
    return msg.text;
}

static void what_is_not_printable_is_replaced(void **state)
{
    (void)state;
    assert_string_equal(shown("a\nb\tc\033[31m\177"), "a?b?c?[31m?");
    assert_string_equal(shown("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
                        "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_string_equal(shown("\xff\xfe"), "??");
    assert_string_equal(shown("\xc2\x9b"
                              "31m"),
                        "??31m");                           /* a C1 control character: CSI */
    assert_string_equal(shown("\xc0\xaf"), "??");           /* overlong '/' */
    assert_string_equal(shown("\xe0\x80\xaf"), "???");      /* overlong '/' */
    assert_string_equal(shown("\xed\xa0\x80"), "???");      /* a surrogate */
    assert_string_equal(shown("\xf4\x90\x80\x80"), "????"); /* past U+10FFFF */
    assert_string_equal(shown("\xf8\x88\x80\x80\x80"), "?????");
    assert_string_equal(shown("cut \xe2\x82"), "cut ??");
}

static void a_prefix_stands_in_front(void **state)
{
    (void)state;
    struct kaon_msg msg;
    kaon_fail(&msg, KAON_IO, "b");
    kaon_msg_prefix(&msg, "a\n");
    assert_string_equal(msg.text, "a?: b");
}

static void every_status_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(kaon_status_name(KAON_OK), "KAON_OK");
    assert_string_equal(kaon_status_name(KAON_OVER_LIMIT), "KAON_OVER_LIMIT");
    assert_non_null(kaon_status_name((enum kaon_status)99));
}

static void no_more_than_the_pieces_limit(void *user, const char *text, size_t bytes)
{
    assert_true(bytes > 0 && bytes <= 4096);
    test_text_write(user, text, bytes);
}

static void sinks_hand_over_all_text_in_pieces(void **state)
{
    (void)state;
    struct test_text t = { 0 };
    struct kaon_sink s = { .write = no_more_than_the_pieces_limit, .user = &t };
    for (int i = 0; i < 2000; i++)
        kaon_sink_put(&s, "%d,", i);
    kaon_sink_flush(&s);
    kaon_sink_flush(&s);
    assert_int_equal(t.bytes, 10 * 2 + 90 * 3 + 900 * 4 + 1000 * 5);
    assert_string_equal(t.text + t.bytes - 5, "1999,");
    free(t.text);
}

static void json_is_escaped(void **state)
{
    (void)state;
    struct test_text t = { 0 };
    struct kaon_sink s = { .write = test_text_write, .user = &t };
    kaon_sink_json(&s, "a\"b\\c\nd\te\x01\xc3\xa4\xff");
    kaon_sink_flush(&s);
    assert_string_equal(t.text, "\"a\\\"b\\\\c\\nd\\te?\xc3\xa4?\"");
    free(t.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_optional),
        cmocka_unit_test(long_messages_end_in_dots),
        cmocka_unit_test(a_message_that_just_fits_is_whole),
        cmocka_unit_test(what_is_not_printable_is_replaced),
        cmocka_unit_test(a_prefix_stands_in_front),
        cmocka_unit_test(every_status_has_its_name),
        cmocka_unit_test(sinks_hand_over_all_text_in_pieces),
        cmocka_unit_test(json_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
