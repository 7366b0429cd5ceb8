#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "btag.h"
#include "tools/cli/say.h"

/* The probabilities of scores.h5, [rows, n_probabilities]. */
static float *probabilities(const struct eval_spec *spec, const char *path)
{
    struct eval_column column[EVAL_MOST_CLASSES];
    struct eval_reader *reader;
    struct eval_block block = { 0 };
    struct kaon_msg msg = { "" };
    const size_t k = spec->n_probabilities;
    for (size_t i = 0; i < k; i++)
        column[i] = (struct eval_column){ spec->probability[i].published, "the test", 0, false };
    const struct eval_set set = { "jets", NULL, 0, column, k };
    const struct eval_query query = { .set = &set, .n_sets = 1 };
    if (kaon_eval_reader_open(&reader, &query, &path, 1, &msg))
        fail_msg("%s", msg.text);
    float *all = malloc((kaon_eval_reader_rows(reader) + 1) * k * sizeof *all);
    assert_non_null(all);
    do {
        if (kaon_eval_reader_next(reader, &block, &msg))
            fail_msg("%s", msg.text);
        for (size_t i = 0; i < block.rows * k; i++)
            all[block.first * k + i] = block.part[0].value[i];
    } while (block.rows > 0);
    kaon_eval_block_close(&block);
    kaon_eval_reader_close(reader);
    return all;
}

/* Outputs of tracks in scores.h5, [rows, outputs, width]; NULL if the model has none. */
static int8_t *track_outputs(const struct eval_spec *spec, const char *path, size_t *n,
                             size_t *width)
{
    struct eval_column column[4];
    struct eval_reader *reader;
    struct eval_block block = { 0 };
    struct kaon_msg msg = { "" };
    *n = 0;
    for (size_t o = 0; o < spec->n_outputs && *n < 4; o++)
        if (spec->output[o].kind == EVAL_OUT_TRACKS)
            column[(*n)++] =
                (struct eval_column){ .name = spec->output[o].published, .by = "the test" };
    if (*n == 0)
        return NULL;
    const struct eval_set set = { "tracks", "valid", 0, column, *n };
    const struct eval_query query = { .set = &set, .n_sets = 1 };
    if (kaon_eval_reader_open(&reader, &query, &path, 1, &msg))
        fail_msg("%s", msg.text);
    *width = kaon_eval_reader_width(reader, 0);
    int8_t *all = calloc((kaon_eval_reader_rows(reader) + 1) * *n, *width);
    assert_non_null(all);
    do {
        if (kaon_eval_reader_next(reader, &block, &msg))
            fail_msg("%s", msg.text);
        for (size_t r = 0; r < block.rows; r++)
            for (size_t i = 0; i < (size_t)block.part[0].count[r] * *n; i++)
                all[((block.first + r) * *n + i % *n) * *width + i / *n] =
                    (int8_t)block.part[0].value[r * *width * *n + i];
    } while (block.rows > 0);
    kaon_eval_block_close(&block);
    kaon_eval_reader_close(reader);
    return all;
}

static void fill(struct eval_entry *entry, const char *scores, const char *jets)
{
    const struct eval_spec *spec = &entry->spec;
    struct eval_block block = { 0 };
    struct kaon_msg msg = { "" };
    size_t n = 0, width = 0;
    float *all = probabilities(spec, scores);
    int8_t *said = track_outputs(spec, scores, &n, &width);
    if (kaon_eval_reader_open(&entry->reader, &spec->query, &jets, 1, &msg))
        fail_msg("%s", msg.text);
    do {
        if (kaon_eval_reader_next(entry->reader, &block, &msg))
            fail_msg("%s", msg.text);
        struct eval_result result = { .probability = all + block.first * spec->n_probabilities,
                                      .n_track_outputs = n,
                                      .width = width };
        result.tracks = said ? calloc(block.rows * n + 1, width) : NULL;
        for (size_t i = 0; said && i < block.rows * n; i++) /* [output, row, width] */
            memcpy(result.tracks + ((i % n) * block.rows + i / n) * width,
                   said + (block.first * n + i) * width, width);
        assert_int_equal(kaon_eval_scores_add(&entry->scores, spec, &block, &result, &msg),
                         KAON_OK);
        free(result.tracks);
    } while (block.rows > 0);
    kaon_eval_block_close(&block);
    free(all);
    free(said);
}

void btag_open(struct evaluation *e, const char *folder, const char *const *model, size_t n,
               const struct eval_choices *choices)
{
    const struct eval_choices none = { .config = NULL };
    const struct kaon_engine_choice engine = { NULL, NULL };
    const struct kaon_say say = kaon_say_stderr();
    struct kaon_msg msg = { "" };
    char path[1024], scores[1024], jets[1024];
    *e = (struct evaluation){ .n = n };
    e->entry = calloc(n, sizeof *e->entry);
    assert_non_null(e->entry);
    snprintf(jets, sizeof jets, "%s/../../data/flavour/jets.h5", folder);
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s/model.onnx", folder, model[i]);
        snprintf(scores, sizeof scores, "%s/%s/scores.h5", folder, model[i]);
        if (kaon_eval_entry_open(e, &e->entry[i], path, choices ? choices : &none, &engine, &say,
                                 &msg))
            fail_msg("%s", msg.text);
        e->entry[i].sample = e->entry[i].sample_text = "stored";
        fill(&e->entry[i], scores, jets);
        assert_int_equal(e->entry[i].scores.n, 20000);
    }
}
