#include "tools/eval/options.h"

#include "tools/cli/nearest.h"
#include "tools/cli/processors.h"
#include "tools/eval/album.h"
#include "tools/eval/shard.h"
#include "tools/eval/split.h"

#include <string.h>

/* clang-format off */
static const struct kaon_option options[] = {
    KAON_HEADING("Input"),
    { "data", 'd', KAON_OPTION_LIST, "FILE",
      "HDF5 files of jets (default: the sample of eval.json)",
      offsetof(struct eval_options, data) },
    { "scores", 0, KAON_OPTION_LIST, "FILE",
      "judge scores that are in the file, without a model", offsetof(struct eval_options, scores) },
    { "tagger", 0, KAON_OPTION_LIST, "NAME,...", "of --scores: fields NAME_pb and so on",
      offsetof(struct eval_options, tagger) },
    { "sample", 0, KAON_OPTION_LIST, "NAME,...",
      "of those in eval.json (default: the first); several are judged one by one",
      offsetof(struct eval_options, samples) },
    { "config", 'c', KAON_OPTION_STRING, "FILE",
      "what the model needs (default: eval.json beside it)", offsetof(struct eval_options, config) },
    { "category", 0, KAON_OPTION_STRING, "NAME",
      "classes by name (single-btag, single-btag-extended, ghost, xbb, cms-ak4) or by file",
      offsetof(struct eval_options, category),
      .choices = "single-btag single-btag-extended ghost xbb cms-ak4" },
    { "fold-field", 0, KAON_OPTION_STRING, "NAME",
      "the models are folds of one tagger: a jet goes to model NAME modulo their number",
      offsetof(struct eval_options, fold_field) },
    { "negate", 0, KAON_OPTION_LIST, "FIELD,...",
      "take these fields with the other sign, for \"flip\" taggers",
      offsetof(struct eval_options, negate) },
    { "non-finite", 0, KAON_OPTION_STRING, "zero",
      "take input values that are not finite as 0 instead of refusing",
      offsetof(struct eval_options, non_finite),
      .choices = "zero" },
    KAON_HEADING("Selection"),
    { "cut", 0, KAON_OPTION_LIST, "CUT", "judge jets that pass only, as \"pt_btagJes > 50_000\"",
      offsetof(struct eval_options, cuts) },
    { "weight", 0, KAON_OPTION_STRING, "FIELD", "weight of a jet; none: no weights",
      offsetof(struct eval_options, weight),
      .choices = "none" },
    { "limit", 'n', KAON_OPTION_INT, "N", "the first N jets only", offsetof(struct eval_options, limit),
      1, INT64_MAX },
    KAON_HEADING("What is judged"),
    { "fractions", 0, KAON_OPTION_LIST, "fc=0.2,ftau=0.01",
      "of the backgrounds in D_b, or with fb in D_c, the rest goes to the class left out; or a\n"
      "preset (GN2v01, GN2-paper, DL1r, DL1d, puma); TAGGER:... is of that tagger only",
      offsetof(struct eval_options, fractions),
      .choices = "GN2v01 GN2-paper DL1 DL1rnn DL1r DL1d puma" },
    { "vs", 0, KAON_OPTION_LIST, "NAME,...",
      "compare with scores in the data, or with a further model",
      offsetof(struct eval_options, vs) },
    { "reference", 0, KAON_OPTION_STRING, "MODEL",
      "that others are compared with, by name (default: the first)",
      offsetof(struct eval_options, reference) },
    { "attention-sweep", 0, KAON_OPTION_LIST, "VARIANT;...",
      "judge each model under these attention variants too, as in softpick;relu:gamma=0.5;2:sigmoid",
      offsetof(struct eval_options, sweep) },
    { "ensemble", 0, KAON_OPTION_LIST, "NAME=RULE:A,B,...",
      "judge what models say together: average, logit or crossmax",
      offsetof(struct eval_options, ensembles) },
    { "cascade", 0, KAON_OPTION_LIST, "NAME=A,B:CONFIDENCE",
      "judge A where it is that sure, else B", offsetof(struct eval_options, cascades) },
    { "at", 0, KAON_OPTION_LIST, "0.7,0.77",
      "signal efficiencies of figures in bins and of scans (default: eval.json's plots, or 0.7)",
      offsetof(struct eval_options, at) },
    { "rejection", 0, KAON_OPTION_LIST, "u=100", "a working point where a class has this rejection",
      offsetof(struct eval_options, rejections) },
    { "against", 0, KAON_OPTION_LIST, "pt,eta,n_tracks",
      "variables that efficiencies are binned in (default: these and those of eval.json)",
      offsetof(struct eval_options, against),
      .choices = "pt eta n_tracks none" },
    { "bins", 0, KAON_OPTION_LIST, "pt=20,50,100,250", "edges of a variable's bins, in its unit",
      offsetof(struct eval_options, bins) },
    { "scan", 0, KAON_OPTION_STRING, "fc=0:1:50",
      "rejections as a fraction runs over a range in so many points, and where they are best",
      offsetof(struct eval_options, scan) },
    { "bootstrap", 0, KAON_OPTION_INT, "N", "errors from N resamplings as well",
      offsetof(struct eval_options, bootstrap), 2, 100000 },
    { "seed", 0, KAON_OPTION_INT, "N", "of the resamplings (default: 1)",
      offsetof(struct eval_options, seed), 0, INT64_MAX },
    { "ood-against", 0, KAON_OPTION_LIST, "CLASS",
      "how well jets of this class are known as strange (default: classes without a probability)",
      offsetof(struct eval_options, ood) },
    { "ood-logits", 0, KAON_OPTION_STRING, "VALUE",
      "strange jets also by the energy -ln sum exp(z) of this value within the model, the\n"
      "logits: what goes into its last Softmax", offsetof(struct eval_options, ood_logits) },
    { "ood-hidden", 0, KAON_OPTION_STRING, "VALUE",
      "strange jets also by Mahalanobis's distance of this value within the model",
      offsetof(struct eval_options, ood_hidden) },
    { "require", 0, KAON_OPTION_LIST, "\"rej_c@0.70>10\"",
      "exit with 5 unless it holds: rej_, eff_, auc_, precision_, recall_, ece_ of a class, accuracy",
      offsetof(struct eval_options, require) },
    { "ftag-exact", 0, KAON_OPTION_FLAG, NULL,
      "discriminants in the type of the scores, as atlas-ftag-tools computes them",
      offsetof(struct eval_options, ftag_exact) },
    { "puma", 0, KAON_OPTION_FLAG, NULL, "add curves of 50 points as puma draws and smooths them",
      offsetof(struct eval_options, puma) },
    KAON_HEADING("Figures and files"),
    { "out", 'o', KAON_OPTION_STRING, "DIR",
      "write predictions, metrics.json, curves and plots there", offsetof(struct eval_options, out) },
    { "report", 0, KAON_OPTION_STRING, "FILE.html",
      "write one page with tables, figures, settings and warnings",
      offsetof(struct eval_options, report) },
    { "label", 0, KAON_OPTION_STRING, "TEXT",
      "first line of every figure (default: the sample's text, else Simulation and the file)",
      offsetof(struct eval_options, label) },
    { "plots", 0, KAON_OPTION_LIST, "KIND,...",
      "these kinds of figures only, such as roc,efficiency: docs/eval.md lists them", offsetof(struct eval_options, plots),
      .choices = KAON_EVAL_PLOT_KINDS },
    { "plot-formats", 0, KAON_OPTION_LIST, "FORMAT,...",
      "these formats only: svg, png, pdf", offsetof(struct eval_options, plot_formats),
      .choices = KAON_EVAL_PLOT_FORMATS },
    { "no-plots", 0, KAON_OPTION_FLAG, NULL, "write no pictures",
      offsetof(struct eval_options, no_plots) },
    { "style", 0, KAON_OPTION_STRING, "NAME",
      "names of scores in predictions: atlas (NAME_pb, the default), weaver (score_b), generic",
      offsetof(struct eval_options, style),
      .choices = "atlas weaver generic" },
    { "compression", 0, KAON_OPTION_STRING, "NAME", "of predictions: gzip (the default), lz4, none",
      offsetof(struct eval_options, compression),
      .choices = "gzip lz4 none" },
    { "force", 'f', KAON_OPTION_FLAG, NULL, "replace files that exist",
      offsetof(struct eval_options, force) },
    { "details", 0, KAON_OPTION_FLAG, NULL,
      "print figures in bins, confusion and calibration too", offsetof(struct eval_options, details) },
    { "json", 0, KAON_OPTION_FLAG, NULL, "print the metrics as one JSON object",
      offsetof(struct eval_options, json) },
    { "plain", 0, KAON_OPTION_FLAG, NULL, "print the metrics as lines with TABs, one number a line",
      offsetof(struct eval_options, plain) },
    KAON_HEADING("Scale-out"),
    { "shard", 0, KAON_OPTION_STRING, "I/N",
      "part I, from 0, of N only, for kaon merge; auto: as Slurm or Open MPI say",
      offsetof(struct eval_options, shard),
      .choices = "auto" },
    { "slurm-script", 0, KAON_OPTION_INT, "N",
      "print a script that submits N parts and their merge to Slurm, and do nothing else",
      offsetof(struct eval_options, slurm_script), 1, 100000 },
    KAON_HEADING("Run"),
    { "threads", 't', KAON_OPTION_INT, "N", "that infer (default: one a processor that the job may use)",
      offsetof(struct eval_options, threads), 1, 1024 },
    { "batch", 0, KAON_OPTION_INT, "N",
      "jets a call, for models that take several (default: 64); results do not depend on it",
      offsetof(struct eval_options, batch), 1, 65536 },
    KAON_ENGINE_OPTIONS(struct eval_options),
    { "explain", 0, KAON_OPTION_FLAG, NULL,
      "without running, print where inputs, scales, labels and fractions come from",
      offsetof(struct eval_options, explain) },
    { "no-progress", 0, KAON_OPTION_FLAG, NULL, "no progress line, even on a terminal",
      offsetof(struct eval_options, no_progress) },
    KAON_COMMON_OPTIONS(struct eval_options)
};
/* clang-format on */

const struct kaon_spec kaon_eval_command = {
    .name = "eval",
    .summary = "run taggers on files of jets: scores, working points, curves",
    .usage = (const char *const[]){ "eval [options] MODEL...",
                                    "eval [options] --scores FILE --tagger NAME,...", NULL },
    .examples =
        (const struct kaon_example[]){
            { "kaon eval gn2.onnx --data ttbar.h5 --fractions fc=0.2,ftau=0.01 --out gn2_eval",
              "scores, efficiencies and rejections, pictures" },
            { "kaon eval old/model.onnx new/model.onnx -o compared",
              "two models on the sample of their eval.json, in the same pictures" },
            { "kaon eval --scores scored.h5 --tagger GN2v01,DL1dv01 --json",
              "working points of scores that are in the file" },
            { "kaon eval model.onnx --limit 1000 --json", "metrics of 1000 jets for a program" },
            { NULL },
        },
    .options = options,
    .argument = "MODEL",
    .min_args = 0,
    .max_args = KAON_ANY_NUMBER,
    .notes = "The digest covers every output byte of every jet in order: it is the same for any\n"
             "number of threads, any batch and any instruction set.",
};

/* Index of a word among the choices, or -1. */
static int choose(const char *word, const char *const *choices, int n)
{
    for (int i = 0; word && i < n; i++)
        if (!strcmp(word, choices[i]))
            return i;
    return -1;
}

typedef const char *word_fn(size_t index);

/* Whether `word` is one of those that `at` lists; *nearest is one that was perhaps meant. */
static bool is_among(const char *word, word_fn *at, const char **nearest)
{
    *nearest = NULL;
    for (size_t i = 0; at(i); i++) {
        if (!strcmp(word, at(i)))
            return true;
        kaon_nearest_try(word, at(i), nearest);
    }
    return false;
}

/* Splits the values of a list option at their commas; each word must be one that `at` lists. */
static enum kaon_status choose_all(struct evaluation *e, const struct kaon_words *given,
                                   const char *option, word_fn *at, const char *const **words,
                                   size_t *n, struct kaon_msg *msg)
{
    const char *const *list = *words = kaon_eval_split(&e->pool, given, true, n);
    for (size_t i = 0; list && i < *n; i++) {
        const char *nearest;
        if (!is_among(list[i], at, &nearest))
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--%s: there is no \"%s\"%s%s%s", option,
                                 list[i], nearest ? "; did you mean \"" : "",
                                 nearest ? nearest : "", nearest ? "\"?" : "");
    }
    return list ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
}

enum kaon_status kaon_eval_settings(struct evaluation *e, const struct eval_options *o,
                                    struct kaon_msg *msg)
{
    struct eval_settings *s = &e->settings;
    static const char *const compressions[] = { "gzip", "lz4", "none" };
    const int compression = o->compression ? choose(o->compression, compressions, 3) : 0;
    if (compression < 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--compression takes gzip, lz4 or none, not "
                             "\"%s\"",
                             o->compression);
    if (o->non_finite && strcmp(o->non_finite, "zero"))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--non-finite takes zero, not \"%s\"",
                             o->non_finite);
    if (o->plain && (o->json || o->explain))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--plain goes neither with --json nor with --explain");
    s->configured = o->common.configured;
    s->reference = o->reference;
    s->requirement = o->require.word;
    s->n_requirements = o->require.n;
    s->details = o->details;
    if (o->shard) {
        const enum kaon_status status = kaon_eval_shard_parse(&s->shard, o->shard, msg);
        if (status)
            return status;
        if (!o->out)
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--shard needs --out, a folder for parts");
    }
    if (o->slurm_script && (!o->out || o->shard))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--slurm-script needs --out, a folder for parts, and no --shard");
    s->out = o->out;
    s->page = o->report;
    s->label = o->label;
    s->force = o->force;
    s->no_plots = o->no_plots;
    s->zero_non_finite = o->non_finite != NULL;
    s->threads = o->threads ? (size_t)o->threads : kaon_processors_usable();
    s->batch = (size_t)o->batch;
    s->limit = (uint64_t)o->limit;
    s->compression = (enum eval_compression)compression;
    const enum kaon_status status =
        choose_all(e, &o->plots, "plots", kaon_eval_figure_kind, &s->plots, &s->n_plots, msg);
    return status ? status
                  : choose_all(e, &o->plot_formats, "plot-formats", kaon_eval_figure_format,
                               &s->formats, &s->n_formats, msg);
}
