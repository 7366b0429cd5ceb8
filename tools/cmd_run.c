/* kaon run: a model, once or many times, on .npy files or random inputs. */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/kaon.h"
#include "tools/cli/clock.h"
#include "tools/cli/command.h"
#include "tools/cli/fail.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/progress.h"
#include "tools/commands.h"
#include "tools/model/axes.h"
#include "tools/model/inputs.h"
#include "tools/model/open.h"
#include "tools/model/threads.h"
#include "tools/run/report.h"
#include "tools/run/save.h"

struct options {
    struct kaon_common common;
    struct kaon_engine_choice engine;
    struct kaon_words inputs, dims, also;
    const char *out;
    int64_t seed, repeat;
    bool force, json, no_progress;
};

/* clang-format off */
static const struct kaon_option options[] = {
    { "input", 'i', KAON_OPTION_LIST, "NAME=FILE.npy",
      "the values of one input; inputs without a file are random",
      offsetof(struct options, inputs) },
    { "out", 'o', KAON_OPTION_STRING, "DIR",
      "write each output to DIR/NAME.npy, with / and : in NAME as _",
      offsetof(struct options, out) },
    { "also", 0, KAON_OPTION_LIST, "VALUE",
      "take this value within the graph as a further output", offsetof(struct options, also) },
    KAON_DIM_OPTION(struct options),
    { "seed", 's', KAON_OPTION_INT, "N", "of the random inputs (default: 1)",
      offsetof(struct options, seed) },
    { "repeat", 'n', KAON_OPTION_INT, "N", "run N times and say how long a run takes",
      offsetof(struct options, repeat), 1, 1000000000 },
    KAON_THREADS_OPTION(struct options),
    KAON_ENGINE_OPTIONS(struct options),
    { "force", 'f', KAON_OPTION_FLAG, NULL, "replace files that exist",
      offsetof(struct options, force) },
    { "json", 0, KAON_OPTION_FLAG, NULL, "print one JSON object", offsetof(struct options, json) },
    { "no-progress", 0, KAON_OPTION_FLAG, NULL, "no progress line, even on a terminal",
      offsetof(struct options, no_progress) },
    KAON_COMMON_OPTIONS(struct options)
};
/* clang-format on */

const struct kaon_spec kaon_run_command = {
    .name = "run",
    .summary = "run a model once, on .npy files or random inputs",
    .usage = (const char *const[]){ "run [options] MODEL", NULL },
    .examples =
        (const struct kaon_example[]){
            { "kaon run tagger.onnx --dim n_tracks=7",
              "random inputs with 7 tracks; one line an output: range and SHA-256" },
            { "kaon run tagger.onnx -i jets=jets.npy -i tracks=tracks.npy -o scores",
              "inputs from files, outputs to scores/NAME.npy" },
            { "kaon run tagger.onnx --dim n_tracks=40 --repeat 1000", "how long a run takes" },
            { NULL },
        },
    .options = options,
    .argument = "MODEL",
    .min_args = 1,
    .max_args = 1,
};

/* What is open while the command runs. */
struct job {
    const struct options *o;
    const struct kaon_say *say;
    struct kaon_model *model;
    struct kaon_threads threads;
    struct kaon_session *session;
    struct kaon_axes axes;
    struct kaon_inputs inputs;
    struct kaon_tensor *outputs; /* data borrowed from the session */
    double *seconds;             /* of each timed run */
    struct kaon_msg msg;
};

static enum kaon_status run_once(struct job *j)
{
    for (size_t i = 0; i < kaon_model_output_count(j->model); i++)
        j->outputs[i] = (struct kaon_tensor){ 0 };
    return kaon_session_run(j->session, j->inputs.tensor, j->outputs, &j->msg);
}

/* The first run plans for the shape, so it is not timed. */
static enum kaon_status run_all(struct job *j)
{
    enum kaon_status st = run_once(j);
    if (j->o->repeat == 1)
        return st;
    j->seconds = calloc((size_t)j->o->repeat, sizeof *j->seconds);
    if (!j->seconds)
        return kaon_cli_fail(&j->msg, KAON_NO_MEMORY, "no memory for %" PRId64 " times",
                             j->o->repeat);
    struct kaon_progress progress =
        kaon_progress_begin(j->say, !j->o->no_progress, "runs", (uint64_t)j->o->repeat);
    for (int64_t i = 0; st == KAON_OK && i < j->o->repeat && !kaon_interrupted(); i++) {
        const double start = kaon_clock_seconds();
        st = run_once(j);
        j->seconds[i] = kaon_clock_seconds() - start;
        kaon_progress_update(&progress, (uint64_t)i + 1);
    }
    kaon_progress_clear(&progress);
    return st;
}

static enum kaon_status prepare(struct job *j, const char *path)
{
    const struct options *o = j->o;
    struct kaon_session_options lends = KAON_SESSION_OPTIONS_INIT;
    struct kaon_engine_choice engine = o->engine;
    engine.also = o->also.word;
    engine.n_also = o->also.n;
    enum kaon_status st = kaon_cli_open(&j->model, path, &engine, j->say, &j->msg);

    if (st == KAON_OK)
        st = kaon_inputs_open(&j->inputs, j->model, &j->msg);
    if (st == KAON_OK)
        st = kaon_axes_parse(&j->axes, j->model, &o->dims, &j->msg);
    if (st == KAON_OK)
        st = kaon_inputs_read(&j->inputs, j->model, &o->inputs, &j->axes, &j->msg);
    if (st == KAON_OK)
        st = kaon_inputs_random(&j->inputs, j->model, &j->axes, (uint64_t)o->seed, &j->msg);
    if (st == KAON_OK)
        st = kaon_threads_open(&j->threads, o->engine.threads, &j->msg);
    kaon_threads_lend(&j->threads, &lends);
    if (st == KAON_OK)
        st = kaon_session_open(&j->session, j->model, &lends, &j->msg);
    if (st != KAON_OK)
        return st;
    j->outputs = calloc(kaon_model_output_count(j->model) + 1, sizeof *j->outputs);
    return j->outputs ? KAON_OK
                      : kaon_cli_fail(&j->msg, KAON_NO_MEMORY, "no memory for the outputs");
}

static void close_job(struct job *j)
{
    free(j->seconds);
    free(j->outputs);
    kaon_inputs_close(&j->inputs);
    kaon_axes_free(&j->axes);
    kaon_session_close(j->session);
    kaon_threads_close(&j->threads);
    kaon_model_close(j->model);
}

static int run_model(const struct options *o, const char *path, const struct kaon_say *say)
{
    struct job j = { .o = o, .say = say };
    struct kaon_out out = kaon_out_stdout();
    enum kaon_status st = prepare(&j, path);
    int status;

    if (st == KAON_OK)
        st = run_all(&j);
    if (st == KAON_OK && !kaon_interrupted()) {
        const struct kaon_run_result result = { path, j.model, j.outputs, j.seconds,
                                                j.seconds ? (size_t)o->repeat : 0 };
        st = kaon_run_report(&result, o->json, &out, &j.msg);
        if (st == KAON_OK && o->out)
            st = kaon_run_save(j.model, j.outputs, o->out, o->force, &j.msg);
    }
    status = kaon_interrupted() ? KAON_EXIT_INTERRUPTED : kaon_say_status(say, st, &j.msg);
    status = kaon_out_end(&out, say, status);
    close_job(&j);
    return status;
}

int kaon_cmd_run(int argc, char **argv)
{
    struct options o = { .seed = 1, .repeat = 1 };
    struct kaon_words args;
    struct kaon_say say;
    int status;

    if (kaon_command_begin(&kaon_run_command, argc, argv, &o, &o.common, &args, &say, &status))
        status = run_model(&o, args.word[0], &say);
    kaon_command_end(&kaon_run_command, &o, &o.common, &args);
    return status;
}
