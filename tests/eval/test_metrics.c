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

#include "tools/cli/say.h"
#include "tools/eval/entry.h"

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

/* Scores of scores.h5 as if the model had just given them. */
static void read_scores(struct eval_entry *entry, const char *model)
{
    struct eval_spec *spec = &entry->spec;
    struct eval_column column[EVAL_MOST_CLASSES];
    char path[1024];
    struct kaon_msg msg = { "" };
    struct eval_block block = { 0 };
    for (size_t i = 0; i < spec->n_probabilities; i++)
        column[i] = (struct eval_column){ spec->probability[i].published, "the test", 0, false };
    const struct eval_set set = { "jets", NULL, 0, column, spec->n_probabilities };
    spec->query = (struct eval_query){ &set, 1, spec->query.number, 1, NULL, 0, 0, false };
    spec->n_variables = 0;
    spec->n_selection = 0; /* every jet of the sample passes it, and the file lacks its variables */
    snprintf(path, sizeof path, "%s/%s/scores.h5", folder, model);
    const char *paths[] = { path };
    if (kaon_eval_reader_open(&entry->reader, &spec->query, paths, 1, &msg))
        fail_msg("%s", msg.text);
    do {
        assert_int_equal(kaon_eval_reader_next(entry->reader, &block, &msg), KAON_OK);
        if (block.rows == 0)
            break;
        const struct eval_result result = { .probability = block.part[0].value };
        assert_int_equal(kaon_eval_scores_add(&entry->scores, spec, &block, &result, &msg),
                         KAON_OK);
    } while (1);
    kaon_eval_block_close(&block);
    kaon_eval_reader_close(entry->reader);
    entry->reader = NULL;
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
    struct evaluation e = { .n = 1 };
    const struct eval_choices choices = { .config = NULL };
    const struct kaon_engine_choice engine = { NULL, NULL };
    const struct kaon_say say = kaon_say_stderr();
    struct kaon_msg msg = { "" };
    char path[1024];
    char *card = load_card(model);
    e.entry = calloc(1, sizeof *e.entry);
    assert_non_null(e.entry);
    snprintf(path, sizeof path, "%s/%s/model.onnx", folder, model);
    if (kaon_eval_entry_open(&e, &e.entry[0], path, &choices, &engine, &say, &msg))
        fail_msg("%s", msg.text);
    read_scores(&e.entry[0], model);
    const struct eval_spec *spec = &e.entry[0].spec;
    assert_int_equal(e.entry[0].scores.n, 20000);
    assert_int_equal(spec->n_discriminants, 2);
    for (size_t d = 0; d < spec->n_discriminants; d++) {
        struct eval_judged *j = malloc(sizeof *j);
        assert_non_null(j);
        assert_int_equal(kaon_eval_judge(j, spec, &spec->discriminant[d], &e.entry[0].scores, &msg),
                         KAON_OK);
        compare(spec, j, card);
        free(j);
    }
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
