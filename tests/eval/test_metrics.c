/* Figures from stored scores against the tables of each card, digit by digit. argv[1]: the folder
 * of models with scores.h5 and card.md. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "btag.h"

static const char *folder;

static char *load_card(const char *model)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s/card.md", folder, model);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 16);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

static void must_hold(const char *card, const char *line)
{
    if (!strstr(card, line))
        fail_msg("the card has no line \"%s\"", line);
}

/* "| 60 % | 2.678 | 26.76 ± 2.2 | ... |" and "AUC: b against c 0.8827, ..." */
static void compare(const struct eval_spec *spec, const struct eval_judged *j, const char *card)
{
    char line[512];
    for (size_t i = 0; i < j->of->n_points; i++) {
        int at = snprintf(line, sizeof line, "| %.0f %% | %.3f |", 100 * j->point[i].wanted,
                          j->point[i].cut);
        for (size_t c = 0; c < spec->n_classes; c++)
            if (c != j->of->signal)
                at += snprintf(line + at, sizeof line - (size_t)at, " %.4g ± %.2g |",
                               j->point[i].rejection[c].value, j->point[i].rejection[c].error);
        must_hold(card, line);
    }
    for (size_t c = 0; c < spec->n_classes; c++)
        if (c != j->of->signal) {
            snprintf(line, sizeof line, "%s against %s %.4f", spec->class[j->of->signal].letter,
                     spec->class[c].letter, j->auc[c]);
            must_hold(card, line);
        }
}

static void check(const char *model)
{
    struct evaluation e;
    struct kaon_msg msg = { "" };
    char *card = load_card(model);
    btag_open(&e, folder, &model, 1, NULL);
    const struct eval_spec *spec = &e.entry[0].spec;
    assert_int_equal(spec->n_discriminants, 2);
    if (kaon_eval_entry_judge(&e.entry[0], &msg))
        fail_msg("%s", msg.text);
    for (size_t d = 0; d < spec->n_discriminants; d++)
        compare(spec, &e.entry[0].judged[d], card);
    kaon_eval_close(&e);
    free(card);
}

static void small_is_as_on_its_card(void **state)
{
    (void)state;
    check("btag_small");
}

static void particle_is_as_on_its_card(void **state)
{
    (void)state;
    check("btag_particle");
}

static void gn2_is_as_on_its_card(void **state)
{
    (void)state;
    check("btag_gn2");
}

static void gn2_vertex_is_as_on_its_card(void **state)
{
    (void)state;
    check("btag_gn2_vertex");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_is_as_on_its_card),
        cmocka_unit_test(particle_is_as_on_its_card),
        cmocka_unit_test(gn2_is_as_on_its_card),
        cmocka_unit_test(gn2_vertex_is_as_on_its_card),
    };
    folder = argc > 1 ? argv[1] : "";
    if (access(folder, R_OK)) {
        printf("skipped: no folder '%s'\n", folder);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
