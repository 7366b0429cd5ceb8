/* Scores of models with every kind of metadata against their double-precision references.
 * argv[1]: folder metadata/ of the models; argv[2]: jets. */
#include <stdarg.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/eval/npz.h"
#include "tools/cli/say.h"
#include "tools/eval/entry.h"

static const char *folder, *jets;

/* Probabilities of all rows that were run. */
struct kept {
    float *value;
    size_t rows, each;
};

static enum kaon_status keep(void *user, const struct eval_block *block,
                             const struct eval_result *result, struct kaon_msg *msg)
{
    struct kept *k = user;
    (void)msg;
    k->value = realloc(k->value, (k->rows + block->rows) * k->each * sizeof *k->value);
    assert_non_null(k->value);
    memcpy(k->value + k->rows * k->each, result->probability,
           block->rows * k->each * sizeof *k->value);
    k->rows += block->rows;
    return KAON_OK;
}

static void run(struct kept *k, const char *model, uint64_t limit)
{
    static const char *const fractions[] = { "fc=0.2,ftau=0.01" };
    struct evaluation e = { .n = 1 };
    const struct eval_choices choices = { .fractions = fractions,
                                          .n_fractions = 1,
                                          .limit = limit };
    const struct kaon_engine_choice engine = { NULL };
    const struct kaon_say say = kaon_say_stderr();
    struct kaon_msg msg = { "" };
    char path[1024];
    e.entry = calloc(1, sizeof *e.entry);
    assert_non_null(e.entry);
    e.settings.data = &jets;
    e.settings.n_data = 1;
    snprintf(path, sizeof path, "%s/%s.onnx", folder, model);
    if (kaon_eval_entry_open(&e, &e.entry[0], path, &choices, &engine, &say, &msg) ||
        kaon_eval_entry_prepare(&e, &e.entry[0], &msg))
        fail_msg("%s", msg.text);
    *k = (struct kept){ .each = e.entry[0].spec.n_probabilities };
    const struct kaon_model *const models[] = { e.entry[0].model };
    struct eval_run r = { .models = models,
                          .n_models = 1,
                          .spec = &e.entry[0].spec,
                          .reader = e.entry[0].reader,
                          .threads = 2,
                          .batch = 64,
                          .take = keep,
                          .user = k };
    if (kaon_eval_run(&r, &msg))
        fail_msg("%s", msg.text);
    kaon_eval_close(&e);
}

static void every_metadata_gives_the_reference(void **state)
{
    static const char *const models[] = { "v0", "v0_scaled", "v1", "v1_new_names", "v2" };
    struct kaon_tensor row, want;
    char path[1024];
    (void)state;
    snprintf(path, sizeof path, "%s/reference.npz", folder);
    npz_read(&row, path, "row");
    npz_read(&want, path, "probabilities");
    const int64_t *rows = row.data, n = row.dims[0];
    int64_t last = 0;
    for (int64_t i = 0; i < n; i++)
        last = rows[i] > last ? rows[i] : last;
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        struct kept k;
        run(&k, models[m], (uint64_t)last + 1);
        assert_int_equal(k.each, want.dims[1]);
        for (int64_t i = 0; i < n; i++)
            for (size_t c = 0; c < k.each; c++) {
                const double w = ((const double *)want.data)[(size_t)i * k.each + c];
                assert_true(fabs(k.value[(size_t)rows[i] * k.each + c] - w) < 2e-6);
            }
        free(k.value);
    }
    free(row.data);
    free(want.data);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metadata_gives_the_reference),
    };
    folder = argc > 1 ? argv[1] : "";
    jets = argc > 2 ? argv[2] : "";
    if (access(folder, R_OK)) {
        printf("skipped: no folder '%s'\n", folder);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
