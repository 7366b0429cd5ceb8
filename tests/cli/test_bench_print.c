#include "tests/cli/unit.h"

#include <stdlib.h>
#include <string.h>

#include "tools/bench/print.h"
#include "tools/bench/saved.h"
#include "tools/cli/exit.h"

/* A run of two cases in which kaon's avx2 form is the faster one in the first. */
static const char text[] =
    "{\"schema_version\":1,\"cpu\":\"A, B\",\"kernel\":\"K\",\"governor\":\"g\",\"kaon\":\"0\","
    "\"peers\":[{\"name\":\"p\",\"impl\":\"p 1\",\"note\":\"\",\"why_not\":\"\"}],"
    "\"limits\":{\"levels\":[]},\"rows\":["
    "{\"case\":\"softmax/n=8\",\"impl\":\"kaon\",\"form\":\"\",\"isa\":\"avx512\",\"chosen\":true,"
    "\"wrong\":false,\"median_ns\":100,\"spin_ns\":10,\"elements\":10,\"flops\":0,\"bytes\":80,"
    "\"limit_share\":0.5,\"max_abs_diff\":0,\"samples_ns\":[99,100,100,100,100,101,102,103]},"
    "{\"case\":\"softmax/n=8\",\"impl\":\"kaon\",\"form\":\"two-pass\",\"isa\":\"avx2\","
    "\"chosen\":false,\"wrong\":false,\"median_ns\":50,\"spin_ns\":10,\"elements\":10,\"flops\":0,"
    "\"bytes\":80,\"limit_share\":1,\"max_abs_diff\":0,"
    "\"samples_ns\":[49,50,50,50,50,51,52,53]},"
    "{\"case\":\"softmax/n=9\",\"impl\":\"p 1\",\"form\":\"\",\"isa\":\"\",\"chosen\":false,"
    "\"wrong\":true,\"median_ns\":70,\"spin_ns\":10,\"elements\":10,\"flops\":0,\"bytes\":80,"
    "\"limit_share\":1,\"max_abs_diff\":3,\"samples_ns\":[70]}]}";

static json_t *run_of(const char *from)
{
    json_t *run = json_loads(from, 0, NULL);
    assert_non_null(run);
    return run;
}

/* What print writes; free() it. */
static char *printed(void (*print)(const json_t *, struct kaon_out *), const json_t *run)
{
    char *words = NULL;
    size_t n = 0;
    struct kaon_out out = { .to = open_memstream(&words, &n), .name = "memory" };
    print(run, &out);
    fclose(out.to);
    return words;
}

static void holds(char *words, const char *const *parts)
{
    for (; *parts; parts++)
        if (!strstr(words, *parts))
            fail_msg("no \"%s\" in:\n%s", *parts, words);
    free(words);
}

static void finds_the_ends_of_cases(void **state)
{
    json_t *run = run_of(text), *rows = json_object_get(run, "rows");
    (void)state;
    assert_true(kaon_bench_case_end(rows, 0) == 2);
    assert_true(kaon_bench_case_end(rows, 2) == 3);
    assert_ptr_equal(kaon_bench_chosen(rows, 0), json_array_get(rows, 0));
    assert_null(kaon_bench_chosen(rows, 2));
    json_decref(run);
}

static void marks_the_chosen_form_and_a_faster_one(void **state)
{
    json_t *run = run_of(text), *rows = json_object_get(run, "rows");
    (void)state;
    assert_ptr_equal(kaon_bench_faster_form(rows, 0), json_array_get(rows, 1));
    assert_null(kaon_bench_faster_form(rows, 2));
    holds(printed(kaon_bench_print_text, run),
          (const char *[]){ "* kaon avx512", "  kaon two-pass avx2",
                            "! kaon two-pass avx2 takes 50 % less time", "WRONG", "peer p 1",
                            NULL });
    json_object_set_new(json_array_get(rows, 1), "wrong", json_true());
    assert_null(kaon_bench_faster_form(rows, 0));
    json_decref(run);
}

static void prints_markdown_and_csv(void **state)
{
    json_t *run = run_of(text);
    (void)state;
    holds(printed(kaon_bench_print_markdown, run),
          (const char *[]){ "| ns an element | kaon avx512 | p 1 |",
                            "| ns an element | kaon avx512 | kaon two-pass avx2 |",
                            "| softmax/n=8 | **10.0** | |", "| softmax/n=8 | 10.0 | **5.00** |",
                            "| softmax/n=9 | | 7.00 wrong |", NULL });
    holds(printed(kaon_bench_print_csv, run),
          (const char *[]){ "softmax/n=8,kaon,two-pass,avx2,0,0,50,", "\"A, B\",K,g,0\n", NULL });
    json_decref(run);
}

/* Compares with a run whose times were `factor` and whose spins were `spin` times as long. */
static size_t slower_than(double factor, double spin, const char *word)
{
    json_t *now = run_of(text), *before = run_of(text), *row, *v;
    size_t i, k, slower, n = 0;
    char *words = NULL;
    struct kaon_out out = { .to = open_memstream(&words, &n), .name = "memory" };
    json_array_foreach(json_object_get(before, "rows"), i, row)
    {
        json_object_set_new(row, "spin_ns", json_real(10 * spin));
        json_object_set_new(
            row, "median_ns",
            json_real(factor * json_number_value(json_object_get(row, "median_ns"))));
        json_array_foreach(json_object_get(row, "samples_ns"), k, v) json_array_set_new(
            json_object_get(row, "samples_ns"), k, json_real(factor * json_number_value(v)));
    }
    kaon_bench_compare(now, before, &out, &slower);
    fclose(out.to);
    if (!strstr(words, word))
        fail_msg("no \"%s\" in:\n%s", word, words);
    free(words);
    json_decref(now);
    json_decref(before);
    return slower;
}

static void compares_with_an_older_run(void **state)
{
    (void)state;
    assert_true(slower_than(1, 1, "0 faster, 0 slower, 3 the same") == 0);
    assert_true(slower_than(0.5, 1, "0 faster, 2 slower") == 2);
    assert_true(slower_than(2, 1, "2 faster, 0 slower") == 0);
    assert_true(slower_than(0.5, 0.5, "0 faster, 0 slower, 3 the same") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_ends_of_cases),
        cmocka_unit_test(marks_the_chosen_form_and_a_faster_one),
        cmocka_unit_test(prints_markdown_and_csv),
        cmocka_unit_test(compares_with_an_older_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
