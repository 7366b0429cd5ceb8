/* kaon eval: taggers on files of jets, judged as physicists judge them. */
#include <inttypes.h>
#include <unistd.h>

#include "engine/kaon.h"
#include "tools/cli/fail.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/json.h"
#include "tools/cli/progress.h"
#include "tools/cmd_eval.h"
#include "tools/commands.h"
#include "tools/eval/explain.h"
#include "tools/eval/judge.h"
#include "tools/eval/open_all.h"
#include "tools/eval/options.h"
#include "tools/eval/plain.h"
#include "tools/eval/print.h"
#include "tools/eval/report.h"
#include "tools/eval/run_report.h"
#include "tools/eval/shard.h"
#include "tools/eval/slurm.h"
#include "tools/eval/wanted.h"
#include "tools/eval/words.h"
#include "tools/eval/write_all.h"

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
    else if (o->plain)
        kaon_eval_plain(&out, e);
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
    } else if (o->plain) {
        kaon_out_printf(&out, "shard\tshards\tfirst\tend\tfile\n");
        kaon_out_printf(&out, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t", part->index,
                        part->count, first, first + rows);
        kaon_out_name(&out, e->file[0]);
        kaon_out_printf(&out, "\n");
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
        status = kaon_eval_write_all(e, say, msg);
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
        status = kaon_eval_find_data(&e, o, words, &msg);
    if (!status)
        status = kaon_eval_open_all(&e, o, words, say, &msg);
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
    kaon_command_end(&kaon_eval_command, &o, &o.common, &args);
    return status;
}
