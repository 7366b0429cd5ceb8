/* Every model with reference results beside it gives them. */
#include "tests/support/support.h"

#include <dirent.h>

/* References are double precision rounded to float; the networks sum up to some hundred terms. */
#define ABSOLUTE 1e-5
#define RELATIVE 1e-4

static int is_shown(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void check_set(struct kaon_session *session, struct test_set *set, const char *what)
{
    struct kaon_tensor out[TEST_PORTS] = { 0 };
    struct kaon_msg msg = { "" };
    if (kaon_session_run(session, set->in, out, &msg) != KAON_OK)
        fail_msg("%s: %s", what, msg.text);
    for (size_t i = 0; i < set->n_out; i++) {
        const int64_t bad =
            set->out[i].data ? test_compare(&out[i], &set->out[i], ABSOLUTE, RELATIVE) : 0;
        if (bad)
            fail_msg("%s: output %zu differs in %lld elements", what, i, (long long)bad);
    }
}

/* All sets of one model; returns their number. */
static int check_model(const char *path)
{
    struct kaon_model *model = test_open(path, NULL);
    struct kaon_session *session = test_session(model);
    struct test_set set;
    int n = 0;
    for (; test_set_open(&set, model, test_folder(path), n); n++) {
        check_set(session, &set, path);
        test_set_close(&set);
    }
    kaon_session_close(session);
    kaon_model_close(model);
    return n;
}

static void check_group(const char *group)
{
    struct dirent **list;
    const char *folder = test_model_path(group);
    char name[700];
    int sets = 0;
    const int n = scandir(folder, &list, is_shown, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s/%s/test_data_set_0/input_0.pb", group, list[i]->d_name);
        const bool has_reference = test_have_file(test_model_path(name));
        snprintf(name, sizeof name, "%s/%s/model.onnx", group, list[i]->d_name);
        free(list[i]);
        if (has_reference)
            sets += check_model(test_model_path(name));
    }
    if (n >= 0)
        free(list);
    printf("%s: %d sets\n", group, sets);
    assert_true(sets > 0);
}

static void taggers_give_their_reference(void **state)
{
    (void)state;
    check_group("btag");
}

static void other_opsets_give_the_same_reference(void **state)
{
    (void)state;
    assert_true(check_model(test_model_path("btag/btag_gn2/model_opset16.onnx")) > 0);
    assert_true(check_model(test_model_path("btag/btag_gn2_vertex/model_opset16.onnx")) > 0);
}

static void cms_models_give_their_reference(void **state)
{
    (void)state;
    check_group("cms");
}

static void tracking_models_give_their_reference(void **state)
{
    (void)state;
    check_group("tracking");
}

static void models_of_other_experiments_give_their_reference(void **state)
{
    (void)state;
    check_group("experiments");
}

static void models_of_fast_ml_give_their_reference(void **state)
{
    (void)state;
    check_group("fastml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taggers_give_their_reference),
        cmocka_unit_test(other_opsets_give_the_same_reference),
        cmocka_unit_test(cms_models_give_their_reference),
        cmocka_unit_test(tracking_models_give_their_reference),
        cmocka_unit_test(models_of_other_experiments_give_their_reference),
        cmocka_unit_test(models_of_fast_ml_give_their_reference),
    };
    if (!test_have_models())
        return test_skip("there are no models under KAON_DATA");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
