/* All jets of an entry: through its model, or as their scores stand in a file. */
#include "tools/eval/entry.h"

#include "tools/eval/derived.h"

#include "tools/cli/clock.h"
#include "tools/cli/interrupt.h"

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

static enum kaon_status take(void *user, const struct eval_block *block,
                             const struct eval_result *result, struct kaon_msg *msg)
{
    struct eval_entry *entry = user;
    kaon_eval_digest_join(&entry->digest, &result->digest);
    enum kaon_status status =
        kaon_eval_scores_add(&entry->scores, &entry->spec, block, result, msg);
    if (!status && entry->writer)
        status = kaon_eval_writer_add(entry->writer, block, result, msg);
    return status;
}

/* The scores of a block as a run would have given them. */
static bool as_result(struct eval_result *r, struct eval_hasher *hasher,
                      const struct eval_spec *spec, const struct eval_block *block)
{
    const size_t n = spec->n_probabilities;
    bool hashed = true;
    if (block->rows > r->room_rows) {
        kaon_eval_result_close(r);
        r->probability = calloc(block->rows * n + 1, sizeof *r->probability);
        if (!r->probability)
            return false;
        r->room_rows = block->rows;
    }
    r->digest = (struct eval_digest){ { 0 } };
    for (size_t row = 0; row < block->rows; row++) {
        const double *number = block->number + row * spec->query.n_numbers;
        float *p = r->probability + row * n;
        for (size_t i = 0; i < spec->n_given; i++)
            p[i] = (float)number[spec->probability[i].number];
        kaon_eval_hasher_begin(hasher, block->first + row);
        kaon_eval_hasher_add(hasher, p, spec->n_given * sizeof *p);
        hashed = kaon_eval_hasher_end(hasher, &r->digest) && hashed;
    }
    kaon_eval_spec_sum(spec, r->probability, block->rows);
    return hashed;
}

/* Reads what is stored instead of running a model. */
static enum kaon_status read_stored(struct eval_entry *entry, struct kaon_progress *progress,
                                    struct kaon_msg *msg)
{
    struct eval_block block = { .rows = 0 };
    struct eval_result result = { .n_track_outputs = 0 };
    struct eval_hasher *hasher = kaon_eval_hasher_open();
    enum kaon_status status = hasher ? KAON_OK : no_memory(msg);
    const double began = kaon_clock_seconds();
    while (!status) {
        status = kaon_eval_reader_next(entry->reader, &block, msg);
        if (!status && kaon_interrupted())
            status = kaon_cli_fail(msg, KAON_IO, "interrupted");
        if (!status && !as_result(&result, hasher, &entry->spec, &block))
            status = no_memory(msg);
        if (!status && block.rows > 0)
            status = take(entry, &block, &result, msg);
        if (progress)
            kaon_progress_update(progress, block.first + block.rows);
        if (block.rows == 0)
            break;
    }
    kaon_eval_hasher_close(hasher);
    entry->run_seconds = kaon_clock_seconds() - began;
    kaon_eval_result_close(&result);
    kaon_eval_block_close(&block);
    return status;
}

enum kaon_status kaon_eval_entry_run(struct evaluation *e, struct eval_entry *entry,
                                     struct kaon_progress *progress, struct kaon_msg *msg)
{
    const struct kaon_model *models[EVAL_MOST_FOLDS] = { entry->model };
    if (entry->derived)
        return kaon_eval_derived_fill(entry, msg);
    for (size_t i = 1; i < entry->n_folds; i++)
        models[i] = entry->fold[i - 1];
    struct eval_run run = { .models = models,
                            .n_models = entry->n_folds ? entry->n_folds : 1,
                            .spec = &entry->spec,
                            .reader = entry->reader,
                            .threads = e->settings.threads,
                            .batch = e->settings.batch,
                            .progress = progress,
                            .take = take,
                            .user = entry };
    enum kaon_status status =
        entry->spec.stored ? read_stored(entry, progress, msg) : kaon_eval_run(&run, msg);
    entry->counts = *kaon_eval_reader_counts(entry->reader);
    if (!entry->spec.stored) {
        entry->prepare_seconds = run.prepare_seconds;
        entry->run_seconds = run.run_seconds;
        entry->macs = run.macs;
    }
    return status;
}
