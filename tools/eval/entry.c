#include "tools/eval/entry.h"

#include "tools/eval/derived.h"
#include "tools/eval/shard.h"

#include "tools/eval/comparisons.h"

#include <string.h>

static enum kaon_status no_memory(struct kaon_msg *msg)
{
    return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
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
        entry->sample_text = e->settings.label ? e->settings.label : entry->spec.sample_text;
        return KAON_OK;
    }
    const char *slash = strrchr(entry->data[0], '/');
    const char *file = slash ? slash + 1 : entry->data[0];
    char *stem = kaon_eval_pool_format(&e->pool, "%.*s", (int)strcspn(file, "."), file);
    entry->sample = stem && *stem ? stem : "data";
    entry->sample_text = e->settings.label
                             ? e->settings.label
                             : kaon_eval_pool_format(&e->pool, "Simulation, %s", entry->sample);
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

/* ---- judging ---------------------------------------------------------------------------------- */

/* One discriminant, as a whole and in bins, sorted once for both. */
static enum kaon_status judge_one(struct eval_entry *entry, size_t i, struct kaon_msg *msg)
{
    const struct eval_spec *spec = &entry->spec;
    const struct eval_discriminant *d = &spec->discriminant[i];
    const struct eval_scores *scores = &entry->scores;
    struct eval_ranked ranked;
    enum kaon_status status = kaon_eval_rank(&ranked, spec, d, scores) ? KAON_OK : no_memory(msg);
    if (!status)
        status = kaon_eval_judge(&entry->judged[i], spec, d, &ranked, scores, msg);
    if (!status)
        status =
            kaon_eval_binned(entry->binned + i * spec->n_variables, spec, d, &ranked, scores, msg);
    kaon_eval_ranked_close(&ranked);
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
    const size_t n = spec->n_discriminants;
    entry->judged = calloc(n + 1, sizeof *entry->judged);
    entry->binned = calloc(n * spec->n_variables + 1, sizeof *entry->binned);
    enum kaon_status status = entry->judged && entry->binned ? KAON_OK : no_memory(msg);
    for (size_t i = 0; !status && i < n; i++)
        status = judge_one(entry, i, msg);
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
