/* kaon eval: taggers on files of jets, judged as physicists judge them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/kaon.h"
#include "tools/cli/atomic.h"
#include "tools/cli/fail.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/json.h"
#include "tools/cli/progress.h"
#include "tools/cmd_eval.h"
#include "tools/commands.h"
#include "tools/eval/album.h"
#include "tools/eval/derived.h"
#include "tools/eval/judge.h"
#include "tools/eval/explain.h"
#include "tools/eval/options.h"
#include "tools/eval/page.h"
#include "tools/eval/print.h"
#include "tools/eval/report.h"
#include "tools/eval/run_report.h"
#include "tools/eval/shard.h"
#include "tools/eval/slurm.h"
#include "tools/eval/words.h"

static bool ends_with(const char *word, const char *tail)
{
    const size_t n = strlen(word), m = strlen(tail);
    return n >= m && !strcmp(word + n - m, tail);
}

static bool is_data(const char *word)
{
    struct stat st;
    return ends_with(word, ".h5") || ends_with(word, ".hdf5") || ends_with(word, ".npz") ||
           (stat(word, &st) == 0 && S_ISDIR(st.st_mode));
}

static bool is_model(const char *word)
{
    return ends_with(word, ".onnx") || strchr(word, '/');
}

/* The words of options that take "A,B", one each; NULL without memory. */
static const char **split(struct evaluation *e, const struct kaon_words *words, size_t *n)
{
    size_t most = 1;
    for (size_t i = 0; i < words->n; i++)
        most += strlen(words->word[i]);
    const char **list = kaon_eval_pool_take(&e->pool, most, sizeof *list);
    *n = 0;
    for (size_t i = 0; list && i < words->n; i++) {
        char *rest = NULL, *copy = kaon_eval_pool_text(&e->pool, words->word[i]);
        if (!copy)
            return NULL;
        for (char *w = strtok_r(copy, ",", &rest); w; w = strtok_r(NULL, ",", &rest))
            list[(*n)++] = w;
    }
    return list;
}

/* Words that name HDF5 files are data wherever they stand, so that "--data big_*.h5" does what it
 * looks like. What is left of *words are models. */
static enum kaon_status find_data(struct evaluation *e, const struct eval_options *o,
                                  struct kaon_words *words, struct kaon_msg *msg)
{
    const char **data =
        kaon_eval_pool_take(&e->pool, o->data.n + o->scores.n + words->n + 1, sizeof *data);
    size_t n = 0, models = 0;
    if (!data)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < o->data.n; i++)
        data[n++] = o->data.word[i];
    for (size_t i = 0; i < o->scores.n; i++)
        data[n++] = o->scores.word[i];
    for (size_t i = 0; i < words->n; i++) {
        if (is_data(words->word[i]))
            data[n++] = words->word[i];
        else
            words->word[models++] = words->word[i];
    }
    words->n = models;
    e->settings.data = data;
    e->settings.n_data = n;
    if (models > 0 && o->scores.n > 0)
        return kaon_cli_fail(
            msg, KAON_BAD_ARGUMENT,
            "--scores judges without a model; --vs compares with scores in the data");
    if (models == 0 && o->scores.n == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             n > 0 ? "eval: MODEL is missing among the data"
                                   : "eval: MODEL is missing");
    return KAON_OK;
}

/* The command as it was given, for provenance. */
static enum kaon_status join_arguments(struct evaluation *e, int argc, char **argv,
                                       struct kaon_msg *msg)
{
    const char *line = "kaon";
    for (int i = 0; line && i < argc; i++)
        line = kaon_eval_pool_format(&e->pool, "%s %s", line, argv[i]);
    e->settings.command_line = line;
    return line ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

static enum kaon_status make_folder(const char *path, bool *made, struct kaon_msg *msg)
{
    struct stat st;
    *made = mkdir(path, 0777) == 0;
    if (*made)
        return KAON_OK;
    const int error = errno;
    if (error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return KAON_OK;
    return kaon_cli_fail(msg, KAON_IO, "%s: cannot be made: %s", path, strerror(error));
}

/* What exists and may not be replaced: that is said before the run and not after it. */
static enum kaon_status keep_existing(const struct evaluation *e, const char *path,
                                      struct kaon_msg *msg)
{
    if (!e->settings.force && access(path, F_OK) == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "%s: exists; --force replaces it", path);
    return KAON_OK;
}

static enum kaon_status begin_folder(struct evaluation *e, const char *path, struct kaon_msg *msg)
{
    const enum kaon_status status = make_folder(path, &e->made_folder, msg);
    if (status || e->settings.shard.count > 0)
        return status;
    e->metrics = kaon_eval_pool_format(&e->pool, "%s/metrics.json", path);
    e->run = kaon_eval_pool_format(&e->pool, "%s/run.json", path);
    if (!e->metrics || !e->run)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    return keep_existing(e, e->metrics, msg);
}

/* ---- the run --------------------------------------------------------------------------------- */

static void say_notes(const struct kaon_say *say, const struct eval_entry *entry)
{
    const char *note;
    for (size_t i = 0; i < entry->spec.n_notes; i++)
        kaon_say_note(say, "%s: %s", entry->label, entry->spec.note[i]);
    for (size_t i = 0; (note = kaon_eval_reader_note(entry->reader, i)); i++)
        kaon_say_note(say, "%s: %s", entry->label, note);
}

/* What is to be judged, for each sample: models, the first of them perhaps in folds, and taggers
 * whose scores are stored. */
struct wanted {
    const char **model, **tagger, **fold, **sample;
    size_t n_models, n_taggers, n_folds, n_samples;
};

/* Models of the words and of --vs; taggers of --tagger and of --vs. */
static enum kaon_status find_wanted(struct evaluation *e, const struct eval_options *o,
                                    const struct kaon_words *models, struct wanted *w,
                                    struct kaon_msg *msg)
{
    size_t n_vs;
    const char **vs = split(e, &o->vs, &n_vs);
    w->tagger = split(e, &o->tagger, &w->n_taggers);
    w->model = kaon_eval_pool_take(&e->pool, models->n + n_vs + 1, sizeof *w->model);
    const char **taggers = kaon_eval_pool_take(&e->pool, w->n_taggers + n_vs + 1, sizeof *taggers);
    if (!vs || !w->tagger || !w->model || !taggers)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < w->n_taggers; i++)
        taggers[i] = w->tagger[i];
    w->tagger = taggers;
    const size_t single = o->fold_field && models->n > 1 ? 1 : models->n;
    for (; w->n_models < single; w->n_models++)
        w->model[w->n_models] = models->word[w->n_models];
    w->fold = models->word + single;
    w->n_folds = models->n - single;
    w->sample = split(e, &o->samples, &w->n_samples);
    if (!w->sample)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    if (o->fold_field && w->n_folds == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--fold-field wants a model for each fold, there %s %zu",
                             models->n == 1 ? "is" : "are", models->n);
    for (size_t i = 0; i < n_vs; i++)
        if (is_model(vs[i]))
            w->model[w->n_models++] = vs[i];
        else
            w->tagger[w->n_taggers++] = vs[i];
    if (o->tagger.n > 0 && o->scores.n == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--tagger is of --scores; --vs compares a model with stored scores");
    if (o->scores.n > 0 && w->n_taggers == 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--scores needs --tagger NAME, as in fields NAME_pb");
    return KAON_OK;
}

/* Taggers beside a model are judged as it is: by its eval.json, on its data. `entry` has the models
 * first. */
static enum kaon_status open_taggers(struct evaluation *e, struct eval_entry *entry,
                                     const struct wanted *w, const struct eval_choices *choices,
                                     struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < w->n_taggers; i++) {
        struct eval_stored_source source = { w->tagger[i], e->settings.data, e->settings.n_data };
        struct eval_choices own = *choices;
        const struct eval_spec *first = w->n_models ? &entry[0].spec : NULL;
        if (first && source.n_paths == 0) {
            source.path = first->data;
            source.n_paths = first->n_data;
        }
        if (first && !own.config) {
            own.config = first->config_path;
            own.borrowed = true;
        }
        if (source.n_paths == 0)
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--vs %s: there is no data to look in",
                                 w->tagger[i]);
        status = kaon_eval_entry_open_stored(e, &entry[w->n_models + i], &source, &own, msg);
    }
    return status;
}

static enum kaon_status open_derived(struct evaluation *e, const struct eval_options *o,
                                     struct eval_entry *entry, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < o->ensembles.n; i++)
        status = kaon_eval_derived_open(e, entry++, o->ensembles.word[i], false, msg);
    for (size_t i = 0; !status && i < o->cascades.n; i++)
        status = kaon_eval_derived_open(e, entry++, o->cascades.word[i], true, msg);
    return status;
}

/* All that is to be judged on one sample. */
static enum kaon_status open_sample(struct evaluation *e, struct eval_entry *entry,
                                    const struct wanted *w, const struct eval_choices *choices,
                                    const struct kaon_engine_choice *engine,
                                    const struct kaon_say *say, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < w->n_models; i++)
        status = kaon_eval_entry_open(e, &entry[i], w->model[i], choices, engine, say, msg);
    if (!status && w->n_folds)
        status = kaon_eval_entry_add_folds(e, &entry[0], w->fold, w->n_folds, engine, say, msg);
    return status ? status : open_taggers(e, entry, w, choices, msg);
}

/* What the options say of every entry. */
static struct eval_choices choices_of(const struct evaluation *e, const struct eval_options *o)
{
    return (struct eval_choices){ .config = o->config,
                                  .fractions = o->fractions.word,
                                  .n_fractions = o->fractions.n,
                                  .cuts = o->cuts.word,
                                  .n_cuts = o->cuts.n,
                                  .weight = o->weight,
                                  .rejections = o->rejections.word,
                                  .n_rejections = o->rejections.n,
                                  .at = o->at.word,
                                  .n_at = o->at.n,
                                  .puma = o->puma,
                                  .scan = o->scan,
                                  .ood = o->ood.word,
                                  .n_ood = o->ood.n,
                                  .bootstrap = (size_t)o->bootstrap,
                                  .seed = (uint64_t)o->seed,
                                  .against = o->against.word,
                                  .n_against = o->against.n,
                                  .bins = o->bins.word,
                                  .n_bins = o->bins.n,
                                  .category = o->category,
                                  .fold_field = o->fold_field,
                                  .style = o->style,
                                  .negate = o->negate.word,
                                  .n_negate = o->negate.n,
                                  .data = e->settings.data,
                                  .n_data = e->settings.n_data,
                                  .ftag_exact = o->ftag_exact,
                                  .limit = (uint64_t)o->limit,
                                  .zero_non_finite = o->non_finite != NULL };
}

static enum kaon_status open_all(struct evaluation *e, const struct eval_options *o,
                                 const struct kaon_words *models, const struct kaon_say *say,
                                 struct kaon_msg *msg)
{
    struct eval_choices choices = choices_of(e, o);
    choices.seen = e->seen.root ? &e->seen : NULL;
    struct wanted wanted = { .n_models = 0 };
    enum kaon_status status = find_wanted(e, o, models, &wanted, msg);
    if (status)
        return status;
    const size_t each = wanted.n_models + wanted.n_taggers;
    const size_t samples = wanted.n_samples ? wanted.n_samples : 1;
    const size_t n_derived = o->explain ? 0 : o->ensembles.n + o->cascades.n;
    e->entry = calloc(each * samples + n_derived, sizeof *e->entry);
    if (!e->entry)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    e->n = each * samples + n_derived;
    choices.many_samples = samples > 1;
    for (size_t i = 0; !status && i < samples; i++) {
        choices.sample = wanted.n_samples ? wanted.sample[i] : NULL;
        status = open_sample(e, e->entry + i * each, &wanted, &choices, &o->engine, say, msg);
    }
    if (!status && n_derived)
        status = open_derived(e, o, &e->entry[e->n - n_derived], msg);
    if (o->explain) { /* nothing is written, and data need not be there */
        e->settings.out = NULL;
        e->settings.explain = true;
    }
    if (!status && e->settings.out)
        status = begin_folder(e, o->out, msg);
    if (!status && o->report)
        status = keep_existing(e, o->report, msg);
    for (size_t i = 0; !status && i < e->n; i++) {
        status = kaon_eval_entry_prepare(e, &e->entry[i], msg);
        if (!status && !o->explain && e->entry[i].reader)
            say_notes(say, &e->entry[i]);
        if (!status && e->settings.out && e->entry[i].reader && !e->entry[i].spec.stored &&
            !o->shard)
            status = kaon_eval_entry_begin(e, &e->entry[i], msg);
    }
    return status;
}

static enum kaon_status run_all(struct evaluation *e, const struct eval_options *o,
                                const struct kaon_say *say, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < e->n; i++) {
        const struct eval_reader *reader = e->entry[i].reader;
        struct kaon_progress progress = kaon_progress_begin(
            say, !o->no_progress && reader, "jets", reader ? kaon_eval_reader_rows(reader) : 0);
        status = kaon_eval_entry_run(e, &e->entry[i], &progress, msg);
        kaon_progress_clear(&progress);
    }
    return status;
}

static enum kaon_status write_json(struct evaluation *e, const char *path,
                                   json_t *make(const struct evaluation *), struct kaon_msg *msg)
{
    struct kaon_atomic file = { 0 };
    enum kaon_status status = kaon_atomic_open(&file, path, e->settings.force, msg);
    if (!status)
        status = kaon_eval_add_file(e, path, msg);
    json_t *report = status ? NULL : make(e);
    if (!status && (!report || json_dumpf(report, file.file, JSON_INDENT(1)) != 0 ||
                    fputc('\n', file.file) == EOF))
        status = kaon_cli_fail(msg, KAON_IO, "%s: cannot be written: %s", path, strerror(errno));
    json_decref(report);
    if (!status)
        status = kaon_atomic_commit(&file, msg);
    kaon_atomic_abandon(&file);
    return status;
}

static enum kaon_status write_all(struct evaluation *e, const struct kaon_say *say,
                                  struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < e->n; i++)
        status = kaon_eval_entry_commit(e, &e->entry[i], msg);
    struct eval_album album = { .n = 0 };
    if (!status)
        status = kaon_eval_album_make(&album, e, msg);
    if (!status)
        status = kaon_eval_album_draw(&album, say, msg);
    if (!status && e->settings.page)
        status = kaon_eval_page(e, &album, e->settings.page, msg);
    kaon_eval_album_close(&album);
    if (!status && e->settings.out)
        status = write_json(e, e->run, kaon_eval_run_report, msg);
    /* last: where it is, all is there */
    if (!status && e->settings.out)
        status = write_json(e, e->metrics, kaon_eval_report, msg);
    return status;
}

/* The figures, and under "run" how they were made. */
static json_t *both_reports(const struct evaluation *e)
{
    json_t *report = kaon_eval_report(e);
    if (report)
        json_object_set_new(report, "run", kaon_eval_run_report(e));
    return report;
}

static int print_all(struct evaluation *e, const struct eval_options *o, const struct kaon_say *say)
{
    struct kaon_out out = kaon_out_stdout();
    if (o->json)
        kaon_json_print(&out, both_reports(e));
    else
        kaon_eval_print(&out, e);
    return kaon_out_end(&out, say, KAON_EXIT_OK);
}

static int explain_all(struct evaluation *e, const struct eval_options *o,
                       const struct kaon_say *say)
{
    struct kaon_out out = kaon_out_stdout();
    json_t *all = kaon_eval_explain(e);
    if (o->json)
        kaon_json_print(&out, all);
    else {
        kaon_eval_explain_print(&out, all);
        json_decref(all);
    }
    return kaon_out_end(&out, say, KAON_EXIT_OK);
}

/* One part: run, written, and judged by nobody yet. */
static enum kaon_status run_shard(struct evaluation *e, const struct eval_options *o,
                                  const json_t *words, const struct kaon_say *say,
                                  struct kaon_msg *msg)
{
    struct eval_h5out out = { .h5 = 0 };
    json_t *manifest = kaon_eval_shard_manifest(e, words);
    bool done = false;
    enum kaon_status status = kaon_eval_shard_begin(e, &out, manifest, &done, msg);
    if (!status && done)
        kaon_say_note(say, "%s: is finished", e->file[0]);
    if (!status && !done)
        status = run_all(e, o, say, msg);
    if (!status && !done && !kaon_interrupted())
        status = kaon_eval_shard_commit(e, &out, manifest, msg);
    for (size_t i = 0; i < e->n; i++) {
        (void)kaon_eval_writer_close(e->entry[i].writer);
        e->entry[i].writer = NULL;
    }
    kaon_eval_h5out_abandon(&out);
    json_decref(manifest);
    return status;
}

/* What a part prints: where it is, and which rows. */
static int print_shard(struct evaluation *e, const struct eval_options *o,
                       const struct kaon_say *say)
{
    struct kaon_out out = kaon_out_stdout();
    const struct eval_part_of *part = &e->settings.shard;
    const uint64_t first = kaon_eval_reader_first(e->entry[0].reader);
    const uint64_t rows = kaon_eval_reader_rows(e->entry[0].reader);
    if (o->json) {
        kaon_json_print(&out,
                        json_pack("{s:i, s:I, s:I, s:I, s:I, s:o}", "schema_version",
                                  KAON_JSON_SCHEMA, "shard", (json_int_t)part->index, "shards",
                                  (json_int_t)part->count, "first", (json_int_t)first, "end",
                                  (json_int_t)(first + rows), "file", kaon_json_text(e->file[0])));
    } else {
        kaon_out_printf(&out, "Shard %" PRIu64 " of %" PRIu64 ": jets %" PRIu64 " to %" PRIu64 ", ",
                        part->index, part->count, first, first + rows);
        kaon_out_name(&out, e->file[0]);
        kaon_out_printf(&out, "\n");
    }
    return kaon_out_end(&out, say, KAON_EXIT_OK);
}

static enum kaon_status run_or_merge(struct evaluation *e, const struct eval_options *o,
                                     const struct eval_merge *merge, const json_t *words,
                                     const struct kaon_say *say, struct kaon_msg *msg)
{
    if (e->settings.shard.count > 0)
        return run_shard(e, o, words, say, msg);
    enum kaon_status status = merge ? kaon_eval_merge_read(merge, e, msg) : run_all(e, o, say, msg);
    if (!status)
        status = kaon_eval_judge_all(e, msg);
    if (!status && merge && o->out && !kaon_interrupted())
        status = kaon_eval_merge_predictions(merge, e, msg);
    if (!status && (o->out || o->report) && !kaon_interrupted())
        status = write_all(e, say, msg);
    return status;
}

int kaon_eval_evaluate(const struct eval_options *o, struct kaon_words *words,
                       const struct eval_merge *merge, int argc, char **argv,
                       const struct kaon_say *say)
{
    struct evaluation e = { .n = 0 };
    struct kaon_msg msg = { "" };
    json_t *given = NULL;
    enum kaon_status status = kaon_eval_settings(&e, o, &msg);
    if (!status)
        status = join_arguments(&e, argc, argv, &msg);
    if (!status && o->slurm_script) {
        struct kaon_out out = kaon_out_stdout();
        kaon_eval_slurm_print(&out, argc, argv, o);
        kaon_eval_close(&e);
        return kaon_out_end(&out, say, KAON_EXIT_OK);
    }
    if (!status && merge)
        e.seen = (struct eval_seen){ json_incref(kaon_eval_merge_seen(merge)), true };
    if (!status && o->shard) {
        given = kaon_eval_words(o, words);
        status = kaon_eval_seen_begin(&e.seen, &msg);
    }
    if (!status)
        status = find_data(&e, o, words, &msg);
    if (!status)
        status = open_all(&e, o, words, say, &msg);
    if (!status && o->explain) {
        const int said = explain_all(&e, o, say);
        kaon_eval_close(&e);
        json_decref(given);
        return said;
    }
    if (!status)
        status = kaon_eval_judge_prepare(&e, &msg);
    if (!status)
        status = run_or_merge(&e, o, merge, given, say, &msg);
    int exit_status = KAON_EXIT_OK;
    if (kaon_interrupted())
        exit_status = KAON_EXIT_INTERRUPTED;
    else if (status)
        exit_status = kaon_say_status(say, status, &msg);
    else
        exit_status = o->shard ? print_shard(&e, o, say) : print_all(&e, o, say);
    if (exit_status == KAON_EXIT_OK && !o->shard && !kaon_eval_judge_say(&e, say))
        exit_status = KAON_EXIT_DISAGREES;
    const bool empty = e.made_folder && exit_status != KAON_EXIT_OK;
    kaon_eval_close(&e);
    json_decref(given);
    if (empty)
        rmdir(o->out); /* keeps a folder with something in it */
    return exit_status;
}

int kaon_cmd_eval(int argc, char **argv)
{
    struct eval_options o = KAON_EVAL_DEFAULTS;
    struct kaon_words args;
    struct kaon_say say;
    int status;

    if (kaon_command_begin(&kaon_eval_command, argc, argv, &o, &o.common, &args, &say, &status))
        status = kaon_eval_evaluate(&o, &args, NULL, argc, argv, &say);
    kaon_options_free(kaon_eval_command.options, &o, &args);
    return status;
}
