/* Real models, cut short and with bits changed. */
#include "tests/api/hostile.h"

enum { CUTS = 200, CHANGES = 2000, SEED = 20 };

static void check(const char *name)
{
    struct hostile_count count = { .most_elements = 10000000 };
    struct test_random r = { SEED };
    size_t bytes;
    const char *path = test_model_path(name);
    unsigned char *data = test_read(path, &bytes), *changed = malloc(bytes);
    for (size_t i = 0; i < CUTS; i++) { /* every byte at the start, then evenly */
        const size_t n = i < 100 ? i : bytes * (i - 100) / (CUTS - 100);
        hostile_watch(path, i);
        hostile_try(data, n, &count);
    }
    for (size_t i = 0; i < CHANGES; i++) {
        memcpy(changed, data, bytes);
        hostile_watch(path, CUTS + i);
        hostile_try(changed, hostile_change(changed, bytes, &r), &count);
    }
    printf("%s: seed %d: %zu files, %zu opened, %zu ran\n", name, SEED, count.tried, count.opened,
           count.ran);
    assert_true(count.ran > 0); /* bits of weights do no harm */
    free(data);
    free(changed);
}

#define MODEL(test, name)                                                                          \
    static void test(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        check(name);                                                                               \
    }

MODEL(a_small_tagger_may_be_broken_anywhere, "btag/btag_small/model.onnx")
MODEL(a_tagger_with_tracks_may_be_broken_anywhere, "btag/metadata/v1.onnx")
MODEL(trees_may_be_broken_anywhere, "cms/l1_track_quality_gbdt/model.onnx")
MODEL(convolutions_may_be_broken_anywhere, "fastml/hls4ml_conv1d_small_keras/model.onnx")
MODEL(a_perceptron_may_be_broken_anywhere, "tracking/acts_ambiguity_classifier/model.onnx")
MODEL(a_tree_ensemble_may_be_broken_anywhere, "fastml/conifer_hastie_bdt/model.onnx")

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_tagger_may_be_broken_anywhere),
        cmocka_unit_test(a_tagger_with_tracks_may_be_broken_anywhere),
        cmocka_unit_test(trees_may_be_broken_anywhere),
        cmocka_unit_test(convolutions_may_be_broken_anywhere),
        cmocka_unit_test(a_perceptron_may_be_broken_anywhere),
        cmocka_unit_test(a_tree_ensemble_may_be_broken_anywhere),
    };
    return cmocka_run_group_tests(tests, hostile_setup, NULL);
}
