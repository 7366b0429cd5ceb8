/* JSON that says what a model needs. */
#include "tests/fuzz/targets.h"

#include <string.h>
#include <unistd.h>

#include "tools/eval/preprocess.h"
#include "tools/eval/spec.h"

static const char *const fractions[] = { "fc=0.2" };

/* Specifies a model that is like models/btag_small or, with metadata, models/btag_gn2. */
static void build(const char *config, const char *metadata)
{
    const struct kaon_port small_in[] = {
        { .name = "tracks", .type = KAON_F32, .rank = 3, .dims = { -1, 15, 6 }, .axes = { "N" } }
    };
    const struct kaon_port small_out[] = {
        { .name = "probabilities", .type = KAON_F32, .rank = 2, .dims = { -1, 3 }, .axes = { "N" } }
    };
    const struct kaon_port gn2_in[] = {
        { .name = "jet_features", .type = KAON_F32, .rank = 2, .dims = { 1, 2 } },
        { .name = "track_features",
          .type = KAON_F32,
          .rank = 2,
          .dims = { -1, 3 },
          .axes = { "n" } }
    };
    const struct kaon_port gn2_out[] = {
        { .name = "Tiny_pb", .type = KAON_F32 },
        { .name = "Tiny_pc", .type = KAON_F32 },
        { .name = "Tiny_pu", .type = KAON_F32 },
        { .name = "Tiny_TrackOrigin", .type = KAON_I8, .rank = 1, .dims = { -1 } },
    };
    const struct eval_ports ports = { .path = "fuzzed.onnx",
                                      .input = metadata ? gn2_in : small_in,
                                      .output = metadata ? gn2_out : small_out,
                                      .n_inputs = metadata ? 2 : 1,
                                      .n_outputs = metadata ? 4 : 1,
                                      .gnn_config = metadata };
    const struct eval_choices choices = { .config = config,
                                          .fractions = fractions,
                                          .n_fractions = metadata ? 1 : 0 };
    struct eval_spec spec = { .name = NULL };
    kaon_eval_spec_build(&spec, &ports, &choices, NULL);
    kaon_eval_spec_close(&spec);
}

void kaon_fuzz_eval_json(const uint8_t *data, size_t size)
{
    char path[64];
    const int fd = kaon_fuzz_file(data, size, path);
    if (fd < 0)
        return;
    build(path, NULL);
    close(fd);
}

void kaon_fuzz_gnn_config(const uint8_t *data, size_t size)
{
    struct eval_pool pool = { NULL };
    char *text = kaon_eval_pool_take(&pool, size + 1, 1);
    if (text) {
        memcpy(text, data, size);
        build(NULL, text);
    }
    kaon_eval_pool_close(&pool);
}

void kaon_fuzz_preprocess(const uint8_t *data, size_t size)
{
    struct eval_pool pool = { NULL };
    struct eval_input in = { .name = "pf_features" };
    json_t *root = NULL;
    if (!kaon_eval_json_parse(&root, (const char *)data, size, "fuzzed", NULL))
        kaon_eval_preprocess_read(&in, root, "fuzzed", &pool, NULL);
    json_decref(root);
    kaon_eval_pool_close(&pool);
}

void kaon_fuzz_category(const uint8_t *data, size_t size)
{
    struct eval_pool pool = { NULL };
    struct eval_category category;
    char path[64];
    const int fd = kaon_fuzz_file(data, size, path);
    if (fd < 0)
        return;
    kaon_eval_category_load(&category, path, NULL, &pool, NULL);
    kaon_eval_pool_close(&pool);
    close(fd);
}
