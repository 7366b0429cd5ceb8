/* Every figure of the stored scores of two taggers against an independent computation with NumPy:
 * each member of expected/figures.json (see figures.py) must be in our metrics and equal to 1e-9. The
 * same for what puma counts of tracks, expected/tasks.json (see tasks.py).
 * argv: the folder of models, the folder with the two. */
#include <stdarg.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "btag.h"
#include "tools/eval/judge.h"
#include "tools/eval/report.h"

static const char *folder;
static json_t *expected, *tasks;
static size_t compared;

static void same(const json_t *got, const json_t *want, const char *path)
{
    char below[512];
    const char *key;
    json_t *member;
    if (json_is_object(want)) {
        json_object_foreach((json_t *)want, key, member)
        {
            snprintf(below, sizeof below, "%s.%s", path, key);
            same(json_object_get(got, key), member, below);
        }
    } else if (json_is_array(want)) {
        if (json_array_size(got) != json_array_size(want))
            fail_msg("%s: %zu and not %zu", path, json_array_size(got), json_array_size(want));
        for (size_t i = 0; i < json_array_size(want); i++) {
            snprintf(below, sizeof below, "%s[%zu]", path, i);
            same(json_array_get(got, i), json_array_get(want, i), below);
        }
    } else if (json_is_number(want)) {
        const double a = json_number_value(got), b = json_number_value(want);
        compared++;
        if (!json_is_number(got) || fabs(a - b) > 1e-9 * fmax(1e-3, fabs(b)))
            fail_msg("%s: %.17g and not %.17g", path, json_is_number(got) ? a : NAN, b);
    } else if (!json_equal(got, want)) {
        fail_msg("%s differs", path);
    }
}

static void check(const char *part, const char *weight)
{
    static const char *const models[] = { "btag_gn2", "btag_small" };
    static const char *const rejections[] = { "u=100" }, *const at[] = { "0.7" };
    static const char *const ood[] = { "taujets" };
    const struct eval_choices choices = { .weight = weight,
                                          .rejections = rejections,
                                          .n_rejections = 1,
                                          .at = at,
                                          .n_at = 1,
                                          .ood = ood,
                                          .n_ood = 1,
                                          .scan = "fc=0:1:11",
                                          .bootstrap = weight ? 0 : 25,
                                          .seed = 7 };
    struct evaluation e;
    struct kaon_msg msg = { "" };
    btag_open(&e, folder, models, 2, &choices);
    if (kaon_eval_judge_prepare(&e, &msg) || kaon_eval_judge_all(&e, &msg))
        fail_msg("%s", msg.text);
    json_t *report = kaon_eval_report(&e);
    assert_non_null(report);
    compared = 0;
    same(report, json_object_get(expected, part), part);
    printf("%s: %zu numbers agree\n", part, compared);
    assert_true(compared > 1000);
    json_decref(report);
    kaon_eval_close(&e);
}

static void figures_are_as_numpy_says(void **state)
{
    (void)state;
    check("plain", NULL);
}

static void figures_with_weights_are_as_numpy_says(void **state)
{
    (void)state;
    check("weighted", "mcEventWeight");
}

static void tracks_are_as_puma_counts_them(void **state)
{
    static const char *const model[] = { "btag_gn2_vertex" };
    struct evaluation e;
    (void)state;
    btag_open(&e, folder, model, 1, NULL);
    json_t *report = kaon_eval_report(&e);
    assert_non_null(report);
    compared = 0;
    same(json_object_get(json_array_get(json_object_get(report, "models"), 0), "tracks"), tasks,
         "tracks");
    printf("tracks: %zu numbers agree\n", compared);
    assert_true(compared > 100);
    json_decref(report);
    kaon_eval_close(&e);
}

static json_t *load(const char *where, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", where, name);
    return json_load_file(path, 0, NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_as_numpy_says),
        cmocka_unit_test(figures_with_weights_are_as_numpy_says),
        cmocka_unit_test(tracks_are_as_puma_counts_them),
    };
    folder = argc > 2 ? argv[1] : "";
    if (access(folder, R_OK)) {
        printf("skipped: no folder '%s'\n", folder);
        return 77;
    }
    expected = load(argv[2], "figures.json");
    tasks = load(argv[2], "tasks.json");
    const int failed = expected && tasks ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    json_decref(expected);
    json_decref(tasks);
    return failed;
}
