/* Working points and curves of the stored scores against atlas-ftag-tools (which puma draws with):
 * ftag_reference.json in the folder argv[1]. Cuts and three digits of every efficiency and
 * rejection; with --puma 50 points of each curve, exact and smooth, with weights and without. */
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
#include "tools/eval/build_classes.h"

static const char *folder;
static json_t *reference;

static void same_digits(double got, const json_t *want)
{
    char text[32];
    snprintf(text, sizeof text, "%.3g", got);
    if (strtod(text, NULL) != json_number_value(want))
        fail_msg("%s and not %g", text, json_number_value(want));
}

static void check_points(const struct eval_spec *spec, const struct eval_judged *j,
                         const json_t *points)
{
    for (size_t i = 0; i < j->of->n_points; i++) {
        char key[16];
        const char *name;
        json_t *value;
        snprintf(key, sizeof key, "%.0f", 100 * j->point[i].wanted);
        const json_t *point = json_object_get(points, key);
        const json_t *ttbar = json_object_get(point, "ttbar");
        assert_true(j->point[i].cut == json_number_value(json_object_get(point, "cut_value")));
        json_object_foreach(json_object_get(ttbar, "rej"), name, value)
        {
            const long c = kaon_eval_class_find(spec, name);
            const struct eval_passing *p = &j->point[i].passing[c];
            same_digits(j->point[i].rejection[c].value, value);
            same_digits(p->weight_passed / p->weight,
                        json_object_get(json_object_get(ttbar, "eff"), name));
        }
    }
}

static double check_curve(const double *got, const json_t *want, const char *what)
{
    double worst = 0;
    assert_int_equal(json_array_size(want), EVAL_PUMA_POINTS);
    for (size_t i = 0; i < EVAL_PUMA_POINTS; i++) {
        const json_t *value = json_array_get(want, i);
        if (json_is_null(value)) {
            assert_false(isfinite(got[i]));
            continue;
        }
        const double off = fabs(got[i] / json_number_value(value) - 1);
        if (!(off <= 1e-6))
            fail_msg("%s point %zu: %.9g and not %.9g", what, i, got[i], json_number_value(value));
        worst = off > worst ? off : worst;
    }
    return worst;
}

static void check_curves(const struct eval_spec *spec, const struct eval_puma_roc *r,
                         const json_t *curves, const char *tail)
{
    double worst = 0;
    for (size_t c = 0; c < spec->n_classes; c++) {
        char key[64];
        snprintf(key, sizeof key, "%s%s", spec->class[c].name, tail);
        const json_t *curve = json_object_get(curves, key);
        if (!curve)
            continue;
        const double exact = check_curve(r->exact[c], json_object_get(curve, "exact"), key);
        const double smooth = check_curve(r->smooth[c], json_object_get(curve, "smooth"), key);
        worst = fmax(worst, fmax(exact, smooth));
    }
    printf("%s%s: curves differ by at most %.1e\n", spec->name, tail, worst);
}

static void check(const char *model, const char *name)
{
    const json_t *want = json_object_get(json_object_get(reference, "taggers"), name);
    for (int weighted = 0; weighted < 2; weighted++) {
        struct evaluation e;
        struct kaon_msg msg = { "" };
        const struct eval_choices choices = { .puma = true,
                                              .weight = weighted ? "mcEventWeight" : NULL };
        btag_open(&e, folder, &model, 1, &choices);
        if (kaon_eval_entry_judge(&e.entry[0], &msg))
            fail_msg("%s", msg.text);
        const struct eval_judged *j = &e.entry[0].judged[0];
        if (!weighted)
            check_points(&e.entry[0].spec, j, json_object_get(want, "working_points"));
        check_curves(&e.entry[0].spec, j->puma, json_object_get(want, "roc"),
                     weighted ? "_weighted" : "");
        kaon_eval_close(&e);
    }
}

static void small_is_as_ftag_says(void **state)
{
    (void)state;
    check("btag_small", "SmallKaon");
}

static void particle_is_as_ftag_says(void **state)
{
    (void)state;
    check("btag_particle", "ParticleKaon");
}

static void gn2_is_as_ftag_says(void **state)
{
    (void)state;
    check("btag_gn2", "GN2kaon");
}

static void gn2_vertex_has_the_figures_of_gn2(void **state)
{
    (void)state;
    check("btag_gn2_vertex", "GN2kaon");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_is_as_ftag_says),
        cmocka_unit_test(particle_is_as_ftag_says),
        cmocka_unit_test(gn2_is_as_ftag_says),
        cmocka_unit_test(gn2_vertex_has_the_figures_of_gn2),
    };
    char path[1024];
    folder = argc > 1 ? argv[1] : "";
    snprintf(path, sizeof path, "%s/ftag_reference.json", folder);
    if (access(path, R_OK)) {
        printf("skipped: no %s\n", path);
        return 77;
    }
    reference = json_load_file(path, 0, NULL);
    const int failed = reference ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    json_decref(reference);
    return failed;
}
