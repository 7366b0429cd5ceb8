#include "tools/eval/entry.h"

#include "tools/eval/derived.h"
#include "tools/eval/shard.h"

#include "tools/eval/comparisons.h"

#include "tools/cli/interrupt.h"
#include "tools/eval/gnn_config.h"
#include "tools/eval/stored.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

/* ---- opening --------------------------------------------------------------------------------- */

typedef enum kaon_status port_fn(const struct kaon_model *, size_t, struct kaon_port *);

static struct kaon_port *ports_of(struct eval_pool *pool, const struct kaon_model *model, size_t n,
                                  port_fn *get)
{
    struct kaon_port *port = kaon_eval_pool_take(pool, n + 1, sizeof *port);
    for (size_t i = 0; port && i < n; i++)
        get(model, i, &port[i]);
    return port;
}

/* Names in files and legends must differ. */
static enum kaon_status label(struct evaluation *e, struct eval_entry *entry,
                              const struct eval_choices *choices, struct kaon_msg *msg)
{
    size_t number = 1;
    const char *name = entry->spec.name;
    if (choices->many_samples)
        name = kaon_eval_pool_format(&e->pool, "%s_%s", name, choices->sample);
    entry->label = name;
    for (const struct eval_entry *other = e->entry; entry->label && other < entry;) {
        if (strcmp(other->label, entry->label)) {
            other++;
            continue;
        }
        entry->label = kaon_eval_pool_format(&e->pool, "%s_%zu", name, ++number);
        other = e->entry; /* the new one must differ from all */
    }
    return entry->label ? KAON_OK : no_memory(msg);
}

/* From what a run kept of the model, without it. */
static enum kaon_status open_replayed(struct evaluation *e, struct eval_entry *entry,
                                      const char *path, const struct eval_choices *choices,
                                      struct kaon_msg *msg)
{
    struct eval_ports ports = { .path = path };
    const char *sha256;
    enum kaon_status status = kaon_eval_seen_model(&e->seen, &ports, &sha256, &e->pool, msg);
    if (!status)
        status = kaon_eval_spec_build(&entry->spec, &ports, choices, msg);
    if (status)
        return status;
    memcpy(entry->file_digest.hex, sha256, sizeof entry->file_digest.hex);
    return label(e, entry, choices, msg);
}

enum kaon_status kaon_eval_entry_open(struct evaluation *e, struct eval_entry *entry,
                                      const char *path, const struct eval_choices *choices,
                                      const struct kaon_engine_choice *engine,
                                      const struct kaon_say *say, struct kaon_msg *msg)
{
    uint64_t bytes;
    if (e->seen.replay)
        return open_replayed(e, entry, path, choices, msg);
    enum kaon_status status = kaon_cli_open(&entry->model, path, engine, say, msg);
    if (!status)
        status = kaon_digest_file(&entry->file_digest, path, &bytes, msg);
    if (status)
        return status;
    const struct kaon_model *m = entry->model;
    entry->isa = kaon_model_isa(m);
    struct eval_ports ports = { .path = path,
                                .n_inputs = kaon_model_input_count(m),
                                .n_outputs = kaon_model_output_count(m),
                                .gnn_config = kaon_model_metadata(m, "gnn_config"),
                                .doc_string = kaon_model_metadata(m, ":doc_string") };
    ports.input = ports_of(&e->pool, m, ports.n_inputs, kaon_model_input);
    ports.output = ports_of(&e->pool, m, ports.n_outputs, kaon_model_output);
    if (!ports.input || !ports.output)
        return no_memory(msg);
    status = kaon_eval_seen_keep_model(choices->seen, &ports, entry->file_digest.hex, msg);
    if (!status)
        status = kaon_eval_spec_build(&entry->spec, &ports, choices, msg);
    return status ? status : label(e, entry, choices, msg);
}

static bool same_port(const struct kaon_port *a, const struct kaon_port *b)
{
    if (a->type != b->type || a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

/* Inputs by name; outputs, whose names hold the model's, by their place. */
static bool same_ports(const struct kaon_model *a, const struct kaon_model *b)
{
    struct kaon_port pa, pb;
    if (kaon_model_input_count(a) != kaon_model_input_count(b) ||
        kaon_model_output_count(a) != kaon_model_output_count(b))
        return false;
    for (size_t i = 0; i < kaon_model_input_count(a); i++)
        if (kaon_model_input(a, i, &pa) || kaon_model_input(b, i, &pb) || !same_port(&pa, &pb) ||
            strcmp(pa.name, pb.name))
            return false;
    for (size_t i = 0; i < kaon_model_output_count(a); i++)
        if (kaon_model_output(a, i, &pa) || kaon_model_output(b, i, &pb) || !same_port(&pa, &pb))
            return false;
    return true;
}

/* Whether the metadata of two models asks for the same fields with the same scales. */
static bool same_fields(struct eval_pool *pool, const struct kaon_model *a,
                        const struct kaon_model *b)
{
    const char *ta = kaon_model_metadata(a, "gnn_config");
    const char *tb = kaon_model_metadata(b, "gnn_config");
    struct eval_gnn ga, gb;
    if (!ta || !tb)
        return !ta && !tb;
    if (kaon_eval_gnn_parse(&ga, ta, "", pool, NULL) ||
        kaon_eval_gnn_parse(&gb, tb, "", pool, NULL) || ga.n_inputs != gb.n_inputs)
        return false;
    for (size_t i = 0; i < ga.n_inputs; i++) {
        if (ga.input[i].n_features != gb.input[i].n_features)
            return false;
        for (size_t k = 0; k < ga.input[i].n_features; k++) {
            const struct eval_feature *fa = &ga.input[i].feature[k], *fb = &gb.input[i].feature[k];
            if (strcmp(fa->name, fb->name) || fa->offset != fb->offset || fa->scale != fb->scale)
                return false;
        }
    }
    return true;
}

/* One fold: from its file, or in a merge what a run kept of it. */
static enum kaon_status open_fold(struct evaluation *e, struct eval_entry *entry, size_t i,
                                  const struct kaon_engine_choice *engine,
                                  const struct kaon_say *say, struct kaon_msg *msg)
{
    uint64_t bytes;
    const char *path = entry->fold_path[i], *sha256;
    struct eval_ports ports = { .path = path };
    enum kaon_status status;
    if (e->seen.replay) {
        status = kaon_eval_seen_model(&e->seen, &ports, &sha256, &e->pool, msg);
        if (!status)
            memcpy(entry->fold_digest[i].hex, sha256, sizeof entry->fold_digest[i].hex);
        return status;
    }
    status = kaon_cli_open(&entry->fold[i], path, engine, say, msg);
    if (!status)
        status = kaon_digest_file(&entry->fold_digest[i], path, &bytes, msg);
    if (!status && (!same_ports(entry->model, entry->fold[i]) ||
                    !same_fields(&e->pool, entry->model, entry->fold[i])))
        status = kaon_cli_fail(msg, KAON_BAD_INPUT,
                               "%s: takes or gives other things than %s, and cannot be a fold "
                               "of the same tagger",
                               path, entry->spec.model_path);
    if (!status && e->seen.root)
        status = kaon_eval_seen_keep_model(&e->seen, &ports, entry->fold_digest[i].hex, msg);
    return status;
}

enum kaon_status kaon_eval_entry_add_folds(struct evaluation *e, struct eval_entry *entry,
                                           const char *const *path, size_t n,
                                           const struct kaon_engine_choice *engine,
                                           const struct kaon_say *say, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    if (n + 1 > EVAL_MOST_FOLDS)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "more than %d folds", EVAL_MOST_FOLDS);
    entry->fold = kaon_eval_pool_take(&e->pool, n + 1, sizeof(struct kaon_model *));
    entry->fold_path = kaon_eval_pool_take(&e->pool, n + 1, sizeof *entry->fold_path);
    entry->fold_digest = kaon_eval_pool_take(&e->pool, n + 1, sizeof *entry->fold_digest);
    if (!entry->fold || !entry->fold_path || !entry->fold_digest)
        return no_memory(msg);
    entry->n_folds = 1;
    for (size_t i = 0; !status && i < n; i++) {
        entry->fold_path[i] = path[i];
        entry->n_folds++;
        status = open_fold(e, entry, i, engine, say, msg);
    }
    entry->spec.query.n_folds = entry->n_folds;
    entry->spec.query.fold = entry->spec.fold_field;
    return status;
}

/* Whether any file has the scores in half precision; each must have them. */
static enum kaon_status check_stored(struct evaluation *e, struct eval_entry *entry,
                                     const struct eval_stored_source *source,
                                     const struct eval_choices *choices, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 1; !status && i < source->n_paths; i++) {
        struct eval_stored fields;
        status = kaon_eval_seen_fields(choices->seen, &fields, source->path[i], &e->pool, msg);
        if (!status)
            status = kaon_eval_stored_check(&fields, source->tagger, msg);
        for (size_t k = 0; !status && k < fields.n; k++)
            if (fields.half[k] && kaon_eval_stored_is(fields.field[k], source->tagger))
                entry->spec.half = true;
    }
    return status;
}

enum kaon_status kaon_eval_entry_open_stored(struct evaluation *e, struct eval_entry *entry,
                                             const struct eval_stored_source *source,
                                             const struct eval_choices *choices,
                                             struct kaon_msg *msg)
{
    struct eval_stored fields;
    enum kaon_status status =
        kaon_eval_seen_fields(choices->seen, &fields, source->path[0], &e->pool, msg);
    const struct eval_ports ports = { .path = source->path[0],
                                      .tagger = source->tagger,
                                      .stored = &fields };
    struct eval_choices own = *choices;
    own.data = source->path;
    own.n_data = source->n_paths;
    if (!status)
        status = kaon_eval_spec_build(&entry->spec, &ports, &own, msg);
    if (!status)
        status = check_stored(e, entry, source, choices, msg);
    entry->data = source->path;
    entry->n_data = source->n_paths;
    return status ? status : label(e, entry, choices, msg);
}

/* ---- data ------------------------------------------------------------------------------------ */

static bool same_file(const char *a, const char *b)
{
    char real_a[PATH_MAX], real_b[PATH_MAX];
    return realpath(a, real_a) && realpath(b, real_b) && !strcmp(real_a, real_b);
}

/* Whether --data names exactly the files of the sample in eval.json, whose text then holds. */
static bool is_the_sample(const struct eval_entry *entry)
{
    if (entry->n_data != entry->spec.n_data)
        return false;
    for (size_t i = 0; i < entry->n_data; i++)
        if (!same_file(entry->data[i], entry->spec.data[i]))
            return false;
    return true;
}

static enum kaon_status name_sample(struct evaluation *e, struct eval_entry *entry,
                                    struct kaon_msg *msg)
{
    if (is_the_sample(entry)) {
        entry->sample = entry->spec.sample;
        entry->sample_text = entry->spec.sample_text;
        return KAON_OK;
    }
    const char *slash = strrchr(entry->data[0], '/');
    const char *file = slash ? slash + 1 : entry->data[0];
    char *stem = kaon_eval_pool_format(&e->pool, "%.*s", (int)strcspn(file, "."), file);
    entry->sample = stem && *stem ? stem : "data";
    entry->sample_text = kaon_eval_pool_format(&e->pool, "Simulation, %s", entry->sample);
    return stem && entry->sample_text ? KAON_OK : no_memory(msg);
}

static enum kaon_status look_at_sources(struct evaluation *e, struct eval_entry *entry,
                                        struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    entry->source = kaon_eval_pool_take(&e->pool, entry->n_data, sizeof *entry->source);
    if (!entry->source)
        return no_memory(msg);
    for (size_t i = 0; !status && i < entry->n_data; i++) {
        status = kaon_eval_source_look(&entry->source[i], entry->data[i], msg);
        entry->source[i].rows = kaon_eval_reader_file_rows(entry->reader, i);
    }
    return status;
}

enum kaon_status kaon_eval_entry_prepare(struct evaluation *e, struct eval_entry *entry,
                                         struct kaon_msg *msg)
{
    const struct eval_settings *s = &e->settings;
    if (entry->derived) {
        kaon_eval_derived_prepare(entry);
        return KAON_OK;
    }
    if (!entry->spec.stored) {
        entry->data = s->n_data ? s->data : entry->spec.data;
        entry->n_data = s->n_data ? s->n_data : entry->spec.n_data;
    }
    if (entry->n_data == 0 && s->explain)
        return KAON_OK;
    if (entry->n_data == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "no data: name files with --data, or samples in "
                             "an eval.json beside %s",
                             entry->spec.model_path);
    if (e->seen.replay)
        return kaon_eval_shard_recall(e, entry, msg);
    enum kaon_status status = name_sample(e, entry, msg);
    if (!status)
        status = kaon_eval_reader_open(&entry->reader, &entry->spec.query, entry->data,
                                       entry->n_data, msg);
    if (!status)
        status = look_at_sources(e, entry, msg);
    if (!status)
        entry->writer_version = kaon_eval_reader_writer_version(entry->reader);
    if (!status && s->shard.count > 0)
        status = kaon_eval_reader_part(entry->reader, s->shard.index, s->shard.count, msg);
    if (!status && e->seen.root)
        status = kaon_eval_shard_keep(e, entry, msg);
    return status;
}

enum kaon_status kaon_eval_entry_file(struct evaluation *e, struct eval_entry *entry,
                                      struct kaon_msg *msg)
{
    entry->predictions = kaon_eval_pool_format(&e->pool, "%s/%s__test_%s.h5", e->settings.out,
                                               entry->label, entry->sample);
    if (!entry->predictions)
        return no_memory(msg);
    return kaon_eval_h5out_open(&entry->file, entry->predictions, e->settings.force, msg);
}

enum kaon_status kaon_eval_entry_begin(struct evaluation *e, struct eval_entry *entry,
                                       struct kaon_msg *msg)
{
    const enum kaon_status status = kaon_eval_entry_file(e, entry, msg);
    if (status)
        return status;
    return kaon_eval_writer_open(&entry->writer, &entry->file, entry->file.h5,
                                 e->settings.compression, &entry->spec, entry->reader, msg);
}

/* ---- running --------------------------------------------------------------------------------- */

static struct timespec now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

static double seconds_since(struct timespec began)
{
    const struct timespec t = now();
    return (double)(t.tv_sec - began.tv_sec) + 1e-9 * (double)(t.tv_nsec - began.tv_nsec);
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
    const struct timespec began = now();
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
    entry->run_seconds = seconds_since(began);
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

/* ---- judging ---------------------------------------------------------------------------------- */

static enum kaon_status judge_binned(struct eval_entry *entry, struct kaon_msg *msg)
{
    const struct eval_spec *spec = &entry->spec;
    const size_t n = spec->n_variables;
    enum kaon_status status = KAON_OK;
    entry->binned = calloc(spec->n_discriminants * n + 1, sizeof *entry->binned);
    if (!entry->binned)
        return no_memory(msg);
    for (size_t i = 0; !status && i < spec->n_discriminants; i++)
        status = kaon_eval_binned(entry->binned + i * n, spec, &spec->discriminant[i],
                                  &entry->scores, msg);
    return status;
}

/* Scans and resamplings. */
static enum kaon_status judge_on_request(struct eval_entry *entry, struct kaon_msg *msg)
{
    const struct eval_spec *spec = &entry->spec;
    enum kaon_status status = KAON_OK;
    entry->scan = calloc(spec->n_discriminants + 1, sizeof *entry->scan);
    entry->bootstrap = calloc(spec->n_discriminants + 1, sizeof *entry->bootstrap);
    if (!entry->scan || !entry->bootstrap)
        return no_memory(msg);
    for (size_t i = 0; !status && i < spec->n_discriminants; i++) {
        const struct eval_discriminant *d = &spec->discriminant[i];
        status = kaon_eval_scan(&entry->scan[i], spec, d, &entry->scores, msg);
        if (!status && spec->bootstrap)
            status = kaon_eval_bootstrap(&entry->bootstrap[i], spec, d, &entry->scores,
                                         spec->bootstrap, spec->seed, msg);
    }
    return status;
}

enum kaon_status kaon_eval_entry_judge(struct eval_entry *entry, struct kaon_msg *msg)
{
    const struct eval_spec *spec = &entry->spec;
    entry->judged = calloc(spec->n_discriminants + 1, sizeof *entry->judged);
    enum kaon_status status = entry->judged ? KAON_OK : no_memory(msg);
    for (size_t i = 0; !status && i < spec->n_discriminants; i++)
        status =
            kaon_eval_judge(&entry->judged[i], spec, &spec->discriminant[i], &entry->scores, msg);
    if (!status)
        status = judge_binned(entry, msg);
    if (!status)
        status = kaon_eval_classify(&entry->classified, spec, &entry->scores, msg);
    if (!status)
        status = kaon_eval_ood(&entry->ood, spec, &entry->scores, msg);
    return status ? status : judge_on_request(entry, msg);
}

/* ---- the end --------------------------------------------------------------------------------- */

enum kaon_status kaon_eval_entry_commit(struct evaluation *e, struct eval_entry *entry,
                                        struct kaon_msg *msg)
{
    char digest[EVAL_DIGEST_TEXT];
    const struct {
        const char *name, *value; /* NULL: left out */
    } attribute[] = {
        { "writer_version", entry->writer_version },
        { "kaon_version", kaon_version() },
        { "kaon_model", entry->spec.name },
        { "kaon_model_sha256", entry->file_digest.hex },
        { "kaon_outputs_sha256", digest },
    };
    kaon_eval_digest_text(&entry->digest, digest);
    if (!entry->predictions)
        return KAON_OK;
    bool written = kaon_eval_writer_close(entry->writer);
    entry->writer = NULL;
    for (size_t i = 0; written && i < sizeof attribute / sizeof *attribute; i++)
        written = !attribute[i].value || kaon_eval_h5_write_attribute(
                                             entry->file.h5, attribute[i].name, attribute[i].value);
    enum kaon_status status = written ? kaon_eval_h5out_commit(&entry->file, msg)
                                      : kaon_eval_h5out_failed(&entry->file, msg);
    return status ? status : kaon_eval_add_file(e, entry->predictions, msg);
}

enum kaon_status kaon_eval_add_file(struct evaluation *e, const char *path, struct kaon_msg *msg)
{
    const char **more = realloc(e->file, (e->n_files + 1) * sizeof *more);
    if (!more)
        return no_memory(msg);
    e->file = more;
    e->file[e->n_files] = kaon_eval_pool_text(&e->pool, path);
    return e->file[e->n_files++] ? KAON_OK : no_memory(msg);
}

static void close_entry(struct eval_entry *entry)
{
    for (size_t i = 0; entry->judged && i < entry->spec.n_discriminants; i++)
        kaon_eval_judged_close(&entry->judged[i]);
    free(entry->judged);
    kaon_eval_binned_close(entry->binned, entry->spec.n_discriminants * entry->spec.n_variables);
    free(entry->binned);
    free(entry->classified);
    free(entry->ood);
    for (size_t i = 0; entry->scan && i < entry->spec.n_discriminants; i++)
        kaon_eval_scan_close(&entry->scan[i]);
    for (size_t i = 0; entry->bootstrap && i < entry->spec.n_discriminants; i++)
        kaon_eval_bootstrap_close(&entry->bootstrap[i]);
    free(entry->scan);
    free(entry->bootstrap);
    (void)kaon_eval_writer_close(entry->writer);
    kaon_eval_h5out_abandon(&entry->file);
    kaon_eval_reader_close(entry->reader);
    kaon_eval_scores_close(&entry->scores);
    kaon_eval_spec_close(&entry->spec);
    kaon_model_close(entry->model);
    for (size_t i = 1; i < entry->n_folds; i++)
        kaon_model_close(entry->fold[i - 1]);
}

void kaon_eval_close(struct evaluation *e)
{
    for (size_t i = 0; e->entry && i < e->n; i++)
        close_entry(&e->entry[i]);
    free(e->entry);
    free(e->file);
    kaon_eval_seen_close(&e->seen);
    for (size_t i = 0; i < e->n_comparisons; i++)
        kaon_eval_pair_close(&e->comparison[i].pair);
    free(e->comparison);
    kaon_eval_pool_close(&e->pool);
    *e = (struct evaluation){ .n = 0 };
}
