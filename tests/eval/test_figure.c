/* Figures as data and as scripts; text in pages. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/eval/album.h"
#include "tools/eval/figure_script.h"
#include "tools/eval/html.h"
#include "tools/eval/measured.h"
#include "tools/eval/options.h"

/* What a function writes to a stream, to be freed. */
struct text {
    FILE *to;
    char *at;
    size_t n;
};

static FILE *begin(struct text *t)
{
    t->to = open_memstream(&t->at, &t->n);
    assert_non_null(t->to);
    return t->to;
}

static const char *end(struct text *t)
{
    assert_int_equal(fclose(t->to), 0);
    return t->at;
}

static void make(struct eval_figure *f, struct eval_pool *pool)
{
    kaon_eval_figure_begin(f, pool, 3);
    double *x = kaon_eval_figure_column(f, "x"), *y = kaon_eval_figure_column(f, "%s_y", "A");
    assert_non_null(y);
    for (size_t i = 0; i < 3; i++) {
        x[i] = 0.25 * (double)i;
        y[i] = i == 0 ? INFINITY : i == 1 ? NAN : 1e-7;
    }
    kaon_eval_figure_line(f, "it's `ls` of %s", "$(x)");
    struct eval_panel *p = kaon_eval_figure_panel(f, "y", 300);
    kaon_eval_figure_series(
        f, p, (struct eval_series){ EVAL_LINE, .y = 1, .color = "#3f90da", .dash = 2 });
    kaon_eval_figure_key(f, "A", "#3f90da", 2);
    kaon_eval_figure_mark(f, 0.1, "%d %%", 70);
    assert_false(f->failed);
}

static void test_data(void **state)
{
    (void)state;
    struct eval_pool pool = { NULL };
    struct eval_figure f;
    struct text t;
    make(&f, &pool);
    kaon_eval_figure_csv(begin(&t), &f);
    assert_string_equal(end(&t), "x,A_y\n0,inf\n0.25,nan\n0.5,1e-07\n");
    free(t.at);
    kaon_eval_pool_close(&pool);
}

/* Text from outside stays within quotes; the only other lines are our own. */
static void test_script(void **state)
{
    (void)state;
    struct eval_pool pool = { NULL };
    struct eval_figure f;
    struct text t;
    make(&f, &pool);
    kaon_eval_figure_script(begin(&t), &f);
    const char *script = end(&t);
    assert_non_null(strstr(script, "'it''s `ls` of $(x)'"));
    assert_non_null(strstr(script, "dashtype 2 linecolor rgb '#3f90da'"));
    assert_non_null(strstr(script, "set arrow 1 from 0.1,"));
    assert_non_null(strstr(script, "'70 %'"));
    free(t.at);
    kaon_eval_pool_close(&pool);
}

/* The picture grows with its panels, its legend and the lines above it. */
static void test_canvas(void **state)
{
    (void)state;
    struct eval_pool pool = { NULL };
    struct eval_figure f;
    make(&f, &pool);
    const struct eval_canvas before = kaon_eval_figure_canvas(&f);
    kaon_eval_figure_panel(&f, "ratio", 150);
    kaon_eval_figure_key(&f, "a much longer name of a model", "#000000", 1);
    kaon_eval_figure_line(&f, "one more");
    const struct eval_canvas after = kaon_eval_figure_canvas(&f);
    assert_true(after.height > before.height + 150);
    assert_true(after.width > before.width + 100);
    kaon_eval_pool_close(&pool);
}

static void test_html(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "a < b && \"c\" > 'd'", "a &lt; b &amp;&amp; &quot;c&quot; &gt; &#39;d&#39;" },
        { "\xcf\x84-jets", "\xcf\x84-jets" },
        { "\xff\xc3\x28\x1b", "?\?(?" },
        { "\xe2\x82", "?\?" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text t;
        kaon_html_text(begin(&t), cases[i].in);
        assert_string_equal(end(&t), cases[i].out);
        free(t.at);
    }
    struct text t;
    kaon_html(begin(&t), "<td title=\"%s\">%s</td>", "\"<", "50%s");
    assert_string_equal(end(&t), "<td title=\"&quot;&lt;\">50%s</td>");
    free(t.at);
    kaon_html_svg(begin(&t), "<?xml version=\"1.0\"?>\n<svg/>\n");
    assert_string_equal(end(&t), "<svg/>\n");
    free(t.at);
}

/* Two digits of the error, three of the value. */
static void test_measured(void **state)
{
    (void)state;
    static const struct {
        struct eval_rejection r;
        const char *text;
    } cases[] = {
        { { 26.7609, 2.2351, 24.6207, 29.095 }, "26.8 ± 2.2  [24.6, 29.1]" },
        { { 577.3, 141.2, 456.5, 730.3 }, "577 ± 141  [456, 730]" },
        { { 3.5581, 0.0936, 3.4661, 3.653 }, "3.558 ± 0.094  [3.466, 3.653]" },
        { { 3.2, 1.4, 2.1, 4.9 }, "3.20 ± 1.40  [2.10, 4.90]" },
        { { INFINITY, INFINITY, 1234.5, INFINITY }, "inf  [1234, inf]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[96];
        kaon_eval_measured_text(text, sizeof text, &cases[i].r);
        assert_string_equal(text, cases[i].text);
    }
}

/* The words that completion offers are those that --plots and --plot-formats know. */
static void same_words(const char *words, const char *at(size_t))
{
    size_t n = 0, known = 0;
    char *copy = strdup(words), *rest = copy;
    assert_non_null(copy);
    while (at(known))
        known++;
    for (char *word; (word = strsep(&rest, " ")) != NULL; n++) {
        size_t i = 0;
        while (at(i) && strcmp(at(i), word))
            i++;
        if (!at(i))
            fail_msg("there is no %s", word);
    }
    assert_int_equal(n, known);
    free(copy);
}

static void test_kinds(void **state)
{
    (void)state;
    same_words(KAON_EVAL_PLOT_KINDS, kaon_eval_figure_kind);
    same_words(KAON_EVAL_PLOT_FORMATS, kaon_eval_figure_format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data), cmocka_unit_test(test_script),   cmocka_unit_test(test_canvas),
        cmocka_unit_test(test_html), cmocka_unit_test(test_measured), cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
