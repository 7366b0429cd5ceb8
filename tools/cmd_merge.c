/* kaon merge: the parts that kaon eval --shard wrote, joined. */
#include <sys/stat.h>

#include "tools/cli/fail.h"
#include "tools/cmd_eval.h"
#include "tools/commands.h"
#include "tools/eval/words.h"

/* clang-format off */
static const struct kaon_option options[] = {
    { "out", 'o', KAON_OPTION_STRING, "DIR",
      "write predictions, metrics.json, curves and plots there (default: the folder of the shards)",
      offsetof(struct eval_options, out) },
    { "report", 0, KAON_OPTION_STRING, "FILE.html",
      "write one page with tables, figures, settings and warnings",
      offsetof(struct eval_options, report) },
    { "plots", 0, KAON_OPTION_LIST, "KIND,...",
      "these kinds of figures only, such as roc,efficiency: docs/eval.md lists them",
      offsetof(struct eval_options, plots), .choices = KAON_EVAL_PLOT_KINDS },
    { "plot-formats", 0, KAON_OPTION_LIST, "FORMAT,...", "these formats only: svg, png, pdf",
      offsetof(struct eval_options, plot_formats), .choices = KAON_EVAL_PLOT_FORMATS },
    { "no-plots", 0, KAON_OPTION_FLAG, NULL, "write no pictures",
      offsetof(struct eval_options, no_plots) },
    { "details", 0, KAON_OPTION_FLAG, NULL, "print figures in bins, confusion and calibration too",
      offsetof(struct eval_options, details) },
    { "force", 'f', KAON_OPTION_FLAG, NULL, "replace files that exist",
      offsetof(struct eval_options, force) },
    { "json", 0, KAON_OPTION_FLAG, NULL, "print the metrics as one JSON object",
      offsetof(struct eval_options, json) },
    { "plain", 0, KAON_OPTION_FLAG, NULL, "print the metrics as lines with TABs, one number a line",
      offsetof(struct eval_options, plain) },
    KAON_COMMON_OPTIONS(struct eval_options)
};
/* clang-format on */

const struct kaon_spec kaon_merge_command = {
    .name = "merge",
    .summary = "join what the shards of kaon eval wrote: the figures and files of one run",
    .usage = (const char *const[]){ "merge [options] DIR|FILE...", NULL },
    .examples =
        (const struct kaon_example[]){
            { "kaon eval gn2.onnx --data big.h5 --shard 0/2 --out scored", "one of two parts" },
            { "kaon merge scored", "metrics, figures and predictions of both, in scored" },
            { NULL },
        },
    .options = options,
    .argument = "DIR|FILE",
    .min_args = 1,
    .max_args = KAON_ANY_NUMBER,
    .notes = "Neither model nor data are needed. Exit status 6: shards are missing, listed as for\n"
             "sbatch, or there twice.",
};

/* What this command says goes before what the shards say. */
static void overlay(struct eval_options *o, const struct eval_options *own)
{
    o->common = own->common;
    o->out = own->out;
    o->report = own->report;
    o->plots = own->plots;
    o->plot_formats = own->plot_formats;
    o->no_plots = own->no_plots;
    o->details = own->details;
    o->force = own->force;
    o->json = own->json;
    o->plain = own->plain;
    o->no_progress = true;
}

static const char *default_folder(const struct kaon_words *args)
{
    struct stat st;
    return args->n == 1 && stat(args->word[0], &st) == 0 && S_ISDIR(st.st_mode) ? args->word[0]
                                                                                : NULL;
}

static int merge(const struct eval_options *own, const struct kaon_words *args, int argc,
                 char **argv, const struct kaon_say *say)
{
    struct eval_options o = KAON_EVAL_DEFAULTS;
    struct kaon_words words = { NULL };
    struct eval_merge merge;
    struct kaon_msg msg = { "" };
    int exit_status;
    enum kaon_status status = kaon_eval_merge_open(&merge, args->word, args->n, &msg);
    if (!status)
        status = kaon_eval_words_parse(kaon_eval_merge_words(&merge), &o, &words, &msg);
    const struct kaon_words none[2] = { o.plots, o.plot_formats }; /* empty: left out of words */
    overlay(&o, own);
    if (!o.out)
        o.out = default_folder(args);
    if (status)
        exit_status = kaon_say_status(say, status, &msg);
    else
        exit_status = kaon_eval_evaluate(&o, &words, &merge, argc, argv, say);
    if (status && merge.incomplete)
        exit_status = KAON_EXIT_INCOMPLETE;
    o.plots = none[0];
    o.plot_formats = none[1];
    kaon_options_free(kaon_eval_command.options, &o, &words);
    kaon_eval_merge_close(&merge);
    return exit_status;
}

int kaon_cmd_merge(int argc, char **argv)
{
    struct eval_options o = KAON_EVAL_DEFAULTS;
    struct kaon_words args;
    struct kaon_say say;
    int status;

    if (kaon_command_begin(&kaon_merge_command, argc, argv, &o, &o.common, &args, &say, &status))
        status = merge(&o, &args, argc, argv, &say);
    kaon_command_end(&kaon_merge_command, &o, &o.common, &args);
    return status;
}
