#include "tests/cli/unit.h"

#include <string.h>

#include "tools/cli/nearest.h"
#include "tools/cli/option.h"

struct options {
    bool flag, quiet, help;
    int64_t count, any;
    double ratio;
    const char *name;
    struct kaon_words list;
};

static const struct kaon_option table[] = {
    KAON_HEADING("count"),
    { "flag", 'f', KAON_OPTION_FLAG, NULL, "", offsetof(struct options, flag) },
    { "quiet", 'q', KAON_OPTION_FLAG, NULL, "", offsetof(struct options, quiet) },
    { "count", 'c', KAON_OPTION_INT, "N", "", offsetof(struct options, count), 1, 10 },
    { "any", 0, KAON_OPTION_INT, "N", "", offsetof(struct options, any) },
    { "ratio", 0, KAON_OPTION_FLOAT, "R", "", offsetof(struct options, ratio) },
    { "name", 'n', KAON_OPTION_STRING, "NAME", "", offsetof(struct options, name) },
    { "list", 'l', KAON_OPTION_LIST, "X", "", offsetof(struct options, list) },
    { "help", 'h', KAON_OPTION_FLAG, NULL, "", offsetof(struct options, help) },
    { NULL }
};

struct parsed {
    struct options o;
    struct kaon_words words;
    struct kaon_msg msg;
    enum kaon_status status;
};

/* Parses the words up to NULL. */
static struct parsed parse(char *word, ...)
{
    char *argv[16] = { (char[]){ "command" } };
    int argc = 1;
    struct parsed p = { 0 };
    va_list rest;

    va_start(rest, word);
    for (; word; word = va_arg(rest, char *))
        argv[argc++] = word;
    va_end(rest);
    p.status = kaon_options_parse(table, argc, argv, &p.o, NULL, &p.words, &p.msg);
    return p;
}

static void done(struct parsed *p)
{
    kaon_options_free(table, &p->o, &p->words);
}

/* The words are refused with a sentence that holds `part`. */
static void assert_refused(struct parsed p, const char *part)
{
    assert_int_equal(p.status, KAON_BAD_ARGUMENT);
    if (!strstr(p.msg.text, part))
        fail_msg("\"%s\" does not hold \"%s\"", p.msg.text, part);
    done(&p);
}

static void takes_options_in_any_order_and_form(void **state)
{
    (void)state;
    struct parsed p = parse("a", "--count=3", "-f", "b", "--name", "x", "--ratio", "1e-3", NULL);
    assert_int_equal(p.status, KAON_OK);
    assert_int_equal(p.o.count, 3);
    assert_true(p.o.flag);
    assert_string_equal(p.o.name, "x");
    assert_true(p.o.ratio == 1e-3);
    assert_int_equal(p.words.n, 2);
    assert_string_equal(p.words.word[1], "b");
    done(&p);
}

static void takes_letters_in_clusters(void **state)
{
    (void)state;
    struct parsed p = parse("-fqc7", "-n", "y", "-nz", NULL);
    assert_int_equal(p.status, KAON_OK);
    assert_true(p.o.flag && p.o.quiet);
    assert_int_equal(p.o.count, 7);
    assert_string_equal(p.o.name, "z");
    done(&p);
}

static void collects_repeated_options(void **state)
{
    (void)state;
    struct parsed p = parse("--list", "a=1", "-lb", "--list=c=2", NULL);
    assert_int_equal(p.status, KAON_OK);
    assert_int_equal(p.o.list.n, 3);
    assert_string_equal(p.o.list.word[2], "c=2");
    done(&p);
}

static void leaves_words_after_two_dashes_alone(void **state)
{
    (void)state;
    struct parsed p = parse("-", "--", "--flag", "-q", NULL);
    assert_int_equal(p.status, KAON_OK);
    assert_false(p.o.flag || p.o.quiet);
    assert_int_equal(p.words.n, 3);
    assert_string_equal(p.words.word[0], "-");
    done(&p);
}

static void stops_at_help(void **state)
{
    (void)state;
    struct parsed p = parse("a", "--help", "--no-such", NULL);
    assert_int_equal(p.status, KAON_OK);
    assert_true(p.o.help);
    done(&p);
    p = parse("-qh", "--no-such", NULL);
    assert_int_equal(p.status, KAON_OK);
    assert_true(p.o.help);
    done(&p);
}

static void suggests_the_nearest_option(void **state)
{
    (void)state;
    assert_refused(parse("--cuont", "3", NULL), "did you mean --count?");
    assert_refused(parse("--zzzzzz", NULL), "unknown option --zzzzzz");
    assert_refused(parse("-x", NULL), "unknown option -x");
}

static void takes_no_abbreviations(void **state)
{
    (void)state;
    assert_refused(parse("--coun=3", NULL), "unknown option --coun");
    assert_refused(parse("--=3", NULL), "unknown option");
}

static void refuses_wrong_values(void **state)
{
    (void)state;
    assert_refused(parse("--count", "11", NULL), "outside 1 to 10");
    assert_refused(parse("--count", "3x", NULL), "not a whole number");
    assert_refused(parse("--count", " 3", NULL), "not a whole number");
    assert_refused(parse("--any", "9223372036854775808", NULL), "not a whole number");
    assert_refused(parse("--count=", NULL), "not a whole number");
    assert_refused(parse("--ratio", "0.5.", NULL), "not a number");
    assert_refused(parse("--ratio", "1e999", NULL), "not a number");
    assert_refused(parse("--heading", NULL), "unknown option --heading");
    assert_refused(parse("--=1", NULL), "unknown option --=1");
    assert_refused(parse("--flag=yes", NULL), "takes no value");
    assert_refused(parse("--name", NULL), "needs a value");
    assert_refused(parse("-n", NULL), "needs a value");
}

static void refuses_a_long_name_without_overflow(void **state)
{
    char word[300] = "--";
    (void)state;
    memset(word + 2, 'a', sizeof word - 3);
    assert_refused(parse(word, NULL), "unknown option");
    word[200] = '=';
    assert_refused(parse(word, NULL), "unknown option");
}

static void splits_pairs_at_the_first_equals(void **state)
{
    char name[4];
    const char *value;
    (void)state;
    assert_true(kaon_option_pair("a=b=c", name, sizeof name, &value));
    assert_string_equal(name, "a");
    assert_string_equal(value, "b=c");
    assert_false(kaon_option_pair("=b", name, sizeof name, &value));
    assert_false(kaon_option_pair("ab", name, sizeof name, &value));
    assert_false(kaon_option_pair("abcd=1", name, sizeof name, &value));
}

static void counts_a_swap_as_one_slip(void **state)
{
    (void)state;
    assert_int_equal(kaon_word_distance("inof", "info"), 1);
    assert_int_equal(kaon_word_distance("", "abc"), 3);
    assert_int_equal(kaon_word_distance("kitten", "sitting"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_options_in_any_order_and_form),
        cmocka_unit_test(takes_letters_in_clusters),
        cmocka_unit_test(collects_repeated_options),
        cmocka_unit_test(leaves_words_after_two_dashes_alone),
        cmocka_unit_test(stops_at_help),
        cmocka_unit_test(suggests_the_nearest_option),
        cmocka_unit_test(takes_no_abbreviations),
        cmocka_unit_test(refuses_wrong_values),
        cmocka_unit_test(refuses_a_long_name_without_overflow),
        cmocka_unit_test(splits_pairs_at_the_first_equals),
        cmocka_unit_test(counts_a_swap_as_one_slip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
