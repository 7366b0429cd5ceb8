/* kaon bench: how fast this machine, the kernels and models are, beside other libraries. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kaon.h"
#include "tools/bench/host.h"
#include "tools/bench/kernels_run.h"
#include "tools/bench/limits.h"
#include "tools/bench/model_run.h"
#include "tools/bench/peer.h"
#include "tools/bench/print.h"
#include "tools/bench/profile.h"
#include "tools/bench/row.h"
#include "tools/bench/saved.h"
#include "tools/bench/suite.h"
#include "tools/cli/command.h"
#include "tools/cli/fail.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/json.h"
#include "tools/commands.h"

struct options {
    struct kaon_common common;
    struct kaon_words shapes, dims;
    struct kaon_engine_choice engine; /* attention and its plug-ins */
    const char *isa, *only, *variant, *peers, *peers_folder, *save, *compare, *backends;
    double seconds;
    int64_t pin, batch, threads, seed;
    bool all, quick, json, markdown, csv, curves, force, cold, profile;
};

/* clang-format off */
static const struct kaon_option options[] = {
    KAON_HEADING("Of kernels"),
    { "shape", 's', KAON_OPTION_LIST, "SHAPE",
      "these shapes in place of the suite's own, as in M=15,K=64,N=64 or n=64",
      offsetof(struct options, shapes) },
    { "only", 0, KAON_OPTION_STRING, "TEXT", "cases whose name holds TEXT",
      offsetof(struct options, only) },
    { "all", 'a', KAON_OPTION_FLAG, NULL, "every operation and shape of the suites",
      offsetof(struct options, all) },
    { "variant", 0, KAON_OPTION_STRING, "NAME",
      "of attention: this variant, or all (default: softmax, beside the peers)",
      offsetof(struct options, variant) },
    KAON_HEADING("Of MODEL"),
    { "dim", 'd', KAON_OPTION_LIST, "AXIS=N",
      "length of a symbolic axis, or AXIS=LO..HI: lengths drawn from a range; axes not named "
      "have length 1",
      offsetof(struct options, dims) },
    { "batch", 0, KAON_OPTION_INT, "N", "length of the axis that is named like a batch",
      offsetof(struct options, batch), 0, 1 << 30 },
    { "threads", 0, KAON_OPTION_INT, "N",
      "threads that share kaon's steps; peers have one (default: 1)",
      offsetof(struct options, threads), 1, 1024 },
    { "backend", 'b', KAON_OPTION_STRING, "NAMES",
      "what computes in kaon, several with commas between (default: own)",
      offsetof(struct options, backends) },
    { "cold", 0, KAON_OPTION_FLAG, NULL,
      "drive the first two caches out before each run, as other work between events does",
      offsetof(struct options, cold) },
    { "profile", 0, KAON_OPTION_FLAG, NULL, "a table of the steps as well",
      offsetof(struct options, profile) },
    { "seed", 0, KAON_OPTION_INT, "N", "of the random inputs (default: 1)",
      offsetof(struct options, seed) },
    KAON_ATTENTION_OPTIONS(struct options),
    KAON_HEADING("Contenders"),
    { "isa", 0, KAON_OPTION_STRING, "NAME",
      "scalar, avx2, avx512 or all (default: of kernels all but scalar, of models the best)",
      offsetof(struct options, isa) },
    { "peer", 'p', KAON_OPTION_STRING, "NAMES",
      "other libraries, in turns with kaon: all, or of onednn, xnnpack, openblas, blis, libxsmm, "
      "mkl, onnxruntime, openvino, with commas between",
      offsetof(struct options, peers) },
    { "peers-folder", 0, KAON_OPTION_STRING, "DIR",
      "where tools/bench/peers.sh has put libraries (default: ../peers/lib from the program, build/peers/lib)",
      offsetof(struct options, peers_folder) },
    KAON_HEADING("Timing"),
    { "seconds", 0, KAON_OPTION_FLOAT, "S",
      "time for each contender (default: 0.05 a case, 2 a model)",
      offsetof(struct options, seconds) },
    { "quick", 0, KAON_OPTION_FLAG, NULL, "see that it runs; the times mean little",
      offsetof(struct options, quick) },
    { "pin", 0, KAON_OPTION_INT, "CORE", "run on this core only", offsetof(struct options, pin),
      0, CPU_SETSIZE - 1 },
    KAON_HEADING("Results"),
    { "save", 0, KAON_OPTION_STRING, "FILE", "save the run, with all samples, for --compare",
      offsetof(struct options, save) },
    { "compare", 0, KAON_OPTION_STRING, "FILE",
      "compare with a saved run; status 5 if kaon has become slower",
      offsetof(struct options, compare) },
    { "force", 'f', KAON_OPTION_FLAG, NULL, "replace a file that exists",
      offsetof(struct options, force) },
    { "json", 0, KAON_OPTION_FLAG, NULL, "print one JSON object", offsetof(struct options, json) },
    { "md", 0, KAON_OPTION_FLAG, NULL, "print Markdown tables",
      offsetof(struct options, markdown) },
    { "csv", 0, KAON_OPTION_FLAG, NULL, "print comma-separated values",
      offsetof(struct options, csv) },
    { "curves", 0, KAON_OPTION_FLAG, NULL,
      "print latency against the share of runs that took longer, for gnuplot",
      offsetof(struct options, curves) },
    KAON_HEADING("Run"),
    KAON_COMMON_OPTIONS(struct options)
};
/* clang-format on */

const struct kaon_spec kaon_bench_command = {
    .name = "bench",
    .summary = "time this machine, the kernels and models, beside other libraries",
    .usage =
        (const char *const[]){
            "bench [options] machine",
            "bench [options] kernels [SUITE]...",
            "bench [options] attention",
            "bench [options] MODEL...",
            "bench [options] saved FILE",
            NULL,
        },
    .examples =
        (const struct kaon_example[]){
            { "kaon bench machine", "arithmetic and memory of one core" },
            { "kaon bench kernels softmax --peer all", "each form of the kernel, and all peers" },
            { "kaon bench attention --variant all -s H=8,M=40,N=40,K=16",
              "every attention variant: heads, queries, keys, head size" },
            { "kaon bench kernels gemm -s M=15,K=64,N=64 --save before.json",
              "one shape, kept to compare with" },
            { "kaon bench kernels gemm -s M=15,K=64,N=64 --compare before.json",
              "what has changed since" },
            { "kaon bench tagger.onnx --dim n_tracks=0..40 --peer onnxruntime,openvino",
              "latency of a model whose shape changes with every run" },
            { "kaon bench tagger.onnx --dim n_tracks=40 --profile", "where its time goes" },
            { "kaon bench saved before.json --md", "a saved run as tables" },
            { NULL },
        },
    .options = options,
    .argument = "machine, kernels, attention, saved or MODEL",
    .choices = "machine kernels attention saved",
    .min_args = 1,
    .max_args = KAON_ANY_NUMBER,
    .notes = "Suites: softmax, gemm, matmul, quant, norm, activation, elementwise, reduce, layout, "
             "convert, attention. Contenders take turns; times are medians. A line with * is what "
             "kaon runs "
             "on this "
             "CPU; \"limit%\" is the share of what the machine can do at most; \"ratio\" is to the "
             "line with *; \"diff\" is the largest difference of the outputs. A model "
             "in a file named \"machine\" is reached as ./machine. docs/bench.md says more.",
};

/* What is open while the command runs. */
struct job {
    const struct options *o;
    const struct kaon_say *say;
    struct kaon_out *out;
    struct kaon_bench_host host;
    struct kaon_bench_limits limits;
    struct kaon_bench_pace pace;
    struct kaon_peers peers;
    json_t *run, *rows, *profiles; /* the latter two belong to run */
    struct kaon_msg msg;
};

static bool as_text(const struct options *o)
{
    return !o->json && !o->markdown && !o->csv && !o->curves;
}

static enum kaon_status pin_to(int64_t core, struct kaon_msg *msg)
{
    cpu_set_t set;
    if (core < 0)
        return KAON_OK;
    CPU_ZERO(&set);
    CPU_SET((int)core, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--pin: there is no core %d to run on",
                             (int)core);
    return KAON_OK;
}

static struct kaon_bench_pace pace_of(const struct options *o)
{
    struct kaon_bench_pace pace = KAON_BENCH_PACE;
    const struct kaon_bench_pace quick = KAON_BENCH_PACE_QUICK;
    if (o->quick)
        return quick;
    if (o->seconds > 0)
        pace.total_ns = 1e9 * o->seconds;
    return pace;
}

static json_t *peers_json(const struct kaon_peers *peers)
{
    json_t *list = json_array();
    for (size_t i = 0; i < peers->n; i++) {
        const struct kaon_peer_loaded *p = &peers->at[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o, s:o}", "name", p->peer->name, "impl",
                                        p->state ? p->impl : "", "note", kaon_json_text(p->note),
                                        "why_not", kaon_json_text(p->why_not)));
    }
    return list;
}

static enum kaon_status begin_run(struct job *j, const char *what)
{
    j->run = kaon_bench_host_json(&j->host);
    j->rows = json_array();
    j->profiles = json_array();
    json_object_set_new(j->run, "profiles", j->profiles);
    json_object_set_new(j->run, "schema_version", json_integer(KAON_JSON_SCHEMA));
    json_object_set_new(j->run, "what", json_string(what));
    json_object_set_new(j->run, "limits", kaon_bench_limits_json(&j->limits));
    json_object_set_new(j->run, "peers", peers_json(&j->peers));
    return json_object_set_new(j->run, "rows", j->rows) == 0
               ? KAON_OK
               : kaon_cli_fail(&j->msg, KAON_NO_MEMORY, "no memory for the results");
}

/* Core, limits and peers: what every measurement begins with. */
static enum kaon_status prepare(struct job *j, const char *what)
{
    enum kaon_status st = pin_to(j->o->pin, &j->msg);
    if (st != KAON_OK)
        return st;
    kaon_bench_host_read(&j->host);
    j->pace = pace_of(j->o);
    st = kaon_peers_load(&j->peers, j->o->peers, j->o->peers_folder, &j->msg);
    if (st != KAON_OK)
        return st;
    kaon_say_note(j->say, "measuring the machine");
    const struct kaon_bench_pace usual = KAON_BENCH_PACE;
    st = kaon_bench_limits_measure(&j->limits, j->host.cpu_bits, j->o->quick ? &j->pace : &usual,
                                   &j->msg);
    return st == KAON_OK ? begin_run(j, what) : st;
}

/* A case is done: its block, at once, if text is what is wanted. */
static void case_done(void *user, const json_t *rows, size_t first)
{
    struct job *j = user;
    if (!as_text(j->o))
        return;
    kaon_bench_print_case(rows, first, j->out);
    fflush(j->out->to);
}

static enum kaon_status print_run(struct job *j)
{
    if (j->o->json)
        kaon_json_print(j->out, kaon_bench_without_samples(j->run));
    else if (j->o->markdown)
        kaon_bench_print_markdown(j->run, j->out);
    else if (j->o->csv)
        kaon_bench_print_csv(j->run, j->out);
    else if (j->o->curves)
        kaon_bench_print_curves(j->run, j->out);
    return j->o->save ? kaon_bench_save(j->run, j->o->save, j->o->force, &j->msg) : KAON_OK;
}

/* The exit status for what --compare finds. */
static int compare(struct job *j)
{
    json_t *before;
    size_t slower;
    const enum kaon_status st = kaon_bench_load(&before, j->o->compare, &j->msg);
    if (st != KAON_OK)
        return kaon_say_status(j->say, st, &j->msg);
    kaon_bench_compare(j->run, before, j->out, &slower);
    json_decref(before);
    return slower ? KAON_EXIT_DISAGREES : KAON_EXIT_OK;
}

/* Reads the file that --compare names before anything is measured. */
static enum kaon_status check_files(struct job *j)
{
    json_t *before = NULL;
    enum kaon_status st = KAON_OK;
    if (j->o->compare)
        st = kaon_bench_load(&before, j->o->compare, &j->msg);
    json_decref(before);
    return st;
}

static int finish(struct job *j, enum kaon_status st)
{
    int status = kaon_say_status(j->say, st, &j->msg);
    if (j->rows && (st == KAON_OK || json_array_size(j->rows))) {
        const enum kaon_status printed = print_run(j);
        if (st == KAON_OK)
            status = kaon_say_status(j->say, printed, &j->msg);
    }
    if (status == KAON_EXIT_OK && j->o->compare)
        status = compare(j);
    return kaon_interrupted() ? KAON_EXIT_INTERRUPTED : status;
}

static enum kaon_status bench_machine(struct job *j, const struct kaon_words *args)
{
    (void)args;
    const enum kaon_status st = prepare(j, "machine");
    if (st == KAON_OK && as_text(j->o))
        kaon_bench_print_machine(j->run, j->out);
    return st;
}

static enum kaon_status bench_suites(struct job *j, const char *const *suites, size_t n,
                                     const char *only, bool all)
{
    struct kaon_bench_kernels_job job = {
        .suites = suites,
        .n_suites = n,
        .shapes = &j->o->shapes,
        .isa = j->o->isa,
        .only = only,
        .all = all,
        .host = &j->host,
        .limits = &j->limits,
        .peers = &j->peers,
        .done = case_done,
        .user = j,
    };
    kaon_bench_host_read(&j->host);
    enum kaon_status st = kaon_bench_kernels_check(&job, &j->msg);
    if (st == KAON_OK)
        st = check_files(j);
    if (st == KAON_OK)
        st = prepare(j, "kernels");
    if (st != KAON_OK)
        return st;
    job.pace = j->pace;
    if (as_text(j->o))
        kaon_bench_print_peers(j->run, j->out);
    return kaon_bench_kernels_run(&job, j->rows, &j->msg);
}

static enum kaon_status bench_kernels(struct job *j, const struct kaon_words *args)
{
    return bench_suites(j, args->word + 1, args->n - 1, j->o->only, j->o->all);
}

/* The suite of attention: the operations with peers, one variant, or all of them. */
static enum kaon_status bench_attention(struct job *j, const struct kaon_words *args)
{
    const char *variant = j->o->variant, *nearest;
    char only[64];
    if (!variant || !strcmp(variant, "all"))
        return bench_suites(j, args->word, 1, j->o->only, j->o->all || variant);
    if (!kaon_bench_has_variant(variant, &nearest))
        return kaon_cli_fail(
            &j->msg, KAON_BAD_ARGUMENT, "--variant: there is no attention variant \"%s\"%s%s%s",
            variant, nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    snprintf(only, sizeof only, "%s/", variant);
    return bench_suites(j, args->word, 1, only, j->o->all);
}

static enum kaon_status bench_model(struct job *j, const char *path)
{
    const struct options *o = j->o;
    const struct kaon_bench_model_job job = {
        .path = path,
        .dims = &o->dims,
        .batch = o->batch,
        .threads = o->threads,
        .seed = (uint64_t)o->seed,
        .engine = &o->engine,
        .backends = o->backends,
        .isa = o->isa,
        .seconds = o->seconds > 0 ? o->seconds : 2.0,
        .quick = o->quick,
        .cold = o->cold,
        .profile = o->profile,
        .host = &j->host,
        .limits = &j->limits,
        .peers = &j->peers,
        .say = j->say,
    };
    const size_t first = json_array_size(j->rows), profiles = json_array_size(j->profiles);
    const enum kaon_status st = kaon_bench_model_run(&job, j->rows, j->profiles, &j->msg);
    if (json_array_size(j->rows) > first)
        case_done(j, j->rows, first);
    if (as_text(o) && json_array_size(j->profiles) > profiles)
        kaon_bench_print_profile(json_array_get(j->profiles, profiles), j->out);
    return st;
}

/* Whether the model opens at all, before anything is measured. */
static enum kaon_status check_model(struct job *j, const char *path)
{
    struct kaon_model *model;
    const enum kaon_status st = kaon_cli_open(&model, path, &j->o->engine, j->say, &j->msg);
    kaon_model_close(model);
    return st;
}

static enum kaon_status bench_models(struct job *j, const struct kaon_words *args)
{
    enum kaon_status st = check_files(j);
    for (size_t i = 0; st == KAON_OK && i < args->n; i++)
        st = check_model(j, args->word[i]);
    if (st == KAON_OK)
        st = prepare(j, "models");
    if (st == KAON_OK && as_text(j->o))
        kaon_bench_print_peers(j->run, j->out);
    for (size_t i = 0; st == KAON_OK && i < args->n && !kaon_interrupted(); i++)
        st = bench_model(j, args->word[i]);
    return st;
}

static enum kaon_status bench_saved(struct job *j, const struct kaon_words *args)
{
    const enum kaon_status st = kaon_bench_load(&j->run, args->word[1], &j->msg);
    if (st == KAON_OK) {
        j->rows = json_object_get(j->run, "rows");
        if (as_text(j->o) && !j->o->compare)
            kaon_bench_print_text(j->run, j->out);
    }
    return st;
}

static const struct {
    const char *name;
    size_t min_args, max_args;
    const char *takes;
    enum kaon_status (*run)(struct job *j, const struct kaon_words *args);
} subjects[] = {
    { "machine", 1, 1, "no argument", bench_machine },
    { "kernels", 1, KAON_ANY_NUMBER, "names of suites", bench_kernels },
    { "attention", 1, 1, "no argument", bench_attention },
    { "saved", 2, 2, "one file", bench_saved },
    { NULL, 1, KAON_ANY_NUMBER, "models", bench_models }, /* any other word: a model's path */
};

static int bench(const struct options *o, const struct kaon_words *args, const struct kaon_say *say)
{
    struct kaon_out out = kaon_out_stdout();
    struct job j = { .o = o, .say = say, .out = &out };
    size_t i = 0;
    while (subjects[i].name && strcmp(args->word[0], subjects[i].name) != 0)
        i++;
    if (args->n < subjects[i].min_args || args->n > subjects[i].max_args)
        return kaon_usage_error(&kaon_bench_command, say, "bench: \"%s\" takes %s",
                                subjects[i].name, subjects[i].takes);
    const int status = finish(&j, subjects[i].run(&j, args));
    kaon_peers_close(&j.peers);
    json_decref(j.run);
    return kaon_out_end(&out, say, status);
}

int kaon_cmd_bench(int argc, char **argv)
{
    struct options o = { .pin = -1, .threads = 1, .seed = 1 };
    struct kaon_words args;
    struct kaon_say say;
    int status;

    if (kaon_command_begin(&kaon_bench_command, argc, argv, &o, &o.common, &args, &say, &status)) {
        if (o.json + o.markdown + o.csv + o.curves > 1)
            status = kaon_usage_error(&kaon_bench_command, &say,
                                      "bench: --json, --md and --csv exclude each "
                                      "other");
        else
            status = bench(&o, &args, &say);
    }
    kaon_command_end(&kaon_bench_command, &o, &o.common, &args);
    return status;
}
