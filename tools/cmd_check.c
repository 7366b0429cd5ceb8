/* kaon check: models against the outputs expected of them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/kaon.h"
#include "tools/check/case.h"
#include "tools/check/find.h"
#include "tools/check/pool.h"
#include "tools/check/report.h"
#include "tools/check/tolerance.h"
#include "tools/cli/command.h"
#include "tools/cli/fail.h"
#include "tools/cli/interrupt.h"
#include "tools/commands.h"
#include "tools/model/open.h"
#include "tools/model/threads.h"

struct options {
    struct kaon_common common;
    struct kaon_engine_choice engine;
    const char *against, *index, *only;
    double rtol, atol; /* negative: not given */
    double timeout;
    int64_t jobs;
    bool strict, list, json, no_progress;
};

/* clang-format off */
static const struct kaon_option options[] = {
    { "only", 0, KAON_OPTION_STRING, "PART", "the cases whose name holds PART",
      offsetof(struct options, only) },
    { "list", 'l', KAON_OPTION_FLAG, NULL, "list the cases and stop",
      offsetof(struct options, list) },
    { "rtol", 0, KAON_OPTION_FLOAT, "R",
      "relative tolerance of every case, instead of the one stored with it, or 1e-4",
      offsetof(struct options, rtol) },
    { "atol", 0, KAON_OPTION_FLOAT, "A", "absolute tolerance, the same way, or 1e-5",
      offsetof(struct options, atol) },
    { "index", 0, KAON_OPTION_STRING, "FILE",
      "tolerances by case, tab-separated (default: index.tsv in DIR or the folder above it)",
      offsetof(struct options, index) },
    KAON_THREADS_OPTION(struct options),
    KAON_ENGINE_OPTIONS(struct options),
    { "against", 0, KAON_OPTION_STRING, "NAME",
      "compare with this backend, node by node, instead of with the stored outputs",
      offsetof(struct options, against) },
    { "strict", 0, KAON_OPTION_FLAG, NULL, "a refused model is a failure",
      offsetof(struct options, strict) },
    { "jobs", 'j', KAON_OPTION_INT, "N", "cases at a time (default: one a CPU)",
      offsetof(struct options, jobs), 1, 1024 },
    { "timeout", 0, KAON_OPTION_FLOAT, "S", "seconds a case may take (default: 60)",
      offsetof(struct options, timeout) },
    { "json", 0, KAON_OPTION_FLAG, NULL, "print one JSON object", offsetof(struct options, json) },
    { "no-progress", 0, KAON_OPTION_FLAG, NULL, "no progress line, even on a terminal",
      offsetof(struct options, no_progress) },
    KAON_COMMON_OPTIONS(struct options)
};
/* clang-format on */

const struct kaon_spec kaon_check_command = {
    .name = "check",
    .summary = "compare a model's outputs with the ones expected",
    .usage = (const char *const[]){ "check [options] DIR...", NULL },
    .examples =
        (const struct kaon_example[]){
            { "kaon check models", "every case below a folder, in ONNX's layout for tests" },
            { "kaon check models --only softmax -v",
              "some of them; -v lists those that pass, too" },
            { "kaon check models --backend openblas --against own",
              "two backends, node by node: the first that disagrees is named" },
            { NULL },
        },
    .options = options,
    .argument = "DIR",
    .min_args = 1,
    .max_args = KAON_ANY_NUMBER,
    .notes = "A case is a folder with model.onnx and test_data_set_N/input_K.pb and output_K.pb, "
             "and optionally tolerances.json ({\"rtol\": 1e-3, \"atol\": 1e-7}). Every case runs "
             "in a process of its own, so a crash is one failure. Exit status 5 if any case fails.",
};

/* One command's state; the pool's tasks and the report see it. */
struct job {
    const struct options *o;
    struct kaon_check check;
    struct kaon_cases cases;
    struct kaon_report report;
    struct kaon_msg msg;
};

/* ---- cases and their tolerances ------------------------------------------------------------- */

/* The index that belongs to a folder: the one asked for, beside its cases, or above it. */
static enum kaon_status read_index(struct job *j, const char *dir,
                                   struct kaon_tolerance_index *index)
{
    static const char *const places[] = { "index.tsv", "../index.tsv" };
    enum kaon_status st = KAON_OK;
    bool found = false;

    *index = (struct kaon_tolerance_index){ 0 };
    if (j->o->index)
        return kaon_tolerance_index_read(index, j->o->index, &j->msg);
    for (size_t i = 0; st == KAON_OK && !found && i < 2; i++) {
        char *path;
        if (asprintf(&path, "%s/%s", dir, places[i]) < 0)
            return kaon_cli_fail(&j->msg, KAON_NO_MEMORY, "%s: no memory", dir);
        found = access(path, R_OK) == 0;
        if (found)
            st = kaon_tolerance_index_read(index, path, &j->msg);
        free(path);
    }
    return st;
}

static enum kaon_status set_tolerance(struct job *j, struct kaon_case *c,
                                      const struct kaon_tolerance_index *index)
{
    struct kaon_tolerance *t = &c->tolerance;
    *t = (struct kaon_tolerance){ .rtol = 1e-4, .atol = 1e-5 };
    kaon_tolerance_from_index(t, index, c->folder);
    const enum kaon_status st = kaon_tolerance_from_json(t, c->folder, &j->msg);
    t->rtol = j->o->rtol >= 0 ? j->o->rtol : t->rtol;
    t->atol = j->o->atol >= 0 ? j->o->atol : t->atol;
    return st;
}

static enum kaon_status find_in(struct job *j, const char *dir)
{
    struct kaon_tolerance_index index = { 0 };
    size_t first = j->cases.n;
    enum kaon_status st = kaon_cases_find(&j->cases, dir, &j->msg);
    if (st == KAON_OK)
        st = read_index(j, dir, &index);
    for (size_t i = first; st == KAON_OK && i < j->cases.n; i++)
        st = set_tolerance(j, &j->cases.at[i], &index);
    kaon_tolerance_index_free(&index);
    return st;
}

static enum kaon_status find_cases(struct job *j, const struct kaon_words *dirs)
{
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; st == KAON_OK && i < dirs->n; i++)
        st = find_in(j, dirs->word[i]);
    if (st == KAON_OK && j->o->only)
        kaon_cases_keep(&j->cases, j->o->only);
    if (st == KAON_OK && !j->cases.n)
        st = kaon_cli_fail(&j->msg, KAON_BAD_INPUT, "%s: no case found%s%s", dirs->word[0],
                           j->o->only ? " with a name that holds " : "",
                           j->o->only ? j->o->only : "");
    return st;
}

/* ---- running -------------------------------------------------------------------------------- */

static void run_task(void *user, size_t index, struct kaon_outcome *outcome)
{
    const struct job *j = user;
    kaon_case_run(&j->check, &j->cases.at[index], outcome);
}

static void report_task(void *user, size_t index, const struct kaon_outcome *outcome)
{
    struct job *j = user;
    kaon_report_add(&j->report, j->cases.at[index].name, outcome);
}

static int run_cases(struct job *j, const struct kaon_say *say, struct kaon_out *out)
{
    const struct kaon_pool pool = {
        .n_tasks = j->cases.n,
        .jobs = j->o->jobs ? (size_t)j->o->jobs : kaon_pool_cpus(),
        .seconds = j->o->timeout,
        .task = run_task,
        .done = report_task,
        .user = j,
    };
    kaon_report_begin(&j->report, out, say, j->o->json, !j->o->no_progress, j->o->strict,
                      j->cases.n);
    const enum kaon_status st = kaon_pool_run(&pool, &j->msg);
    const bool whole = st == KAON_OK && !kaon_interrupted();
    const size_t failed = kaon_report_end(&j->report, whole);
    if (kaon_interrupted())
        return KAON_EXIT_INTERRUPTED;
    if (st != KAON_OK)
        return kaon_say_status(say, st, &j->msg);
    return failed ? KAON_EXIT_DISAGREES : KAON_EXIT_OK;
}

/* A backend or instruction set that is not there is wrong usage, not a failure of every case. */
static enum kaon_status check_names(struct job *j)
{
    const struct kaon_engine_choice other = { .cpu = j->o->engine.cpu, .backend = j->o->against };
    const enum kaon_status st = kaon_engine_choice_check(&j->o->engine, &j->msg);
    return st == KAON_OK && j->o->against ? kaon_engine_choice_check(&other, &j->msg) : st;
}

static int check(const struct options *o, const struct kaon_words *dirs, const struct kaon_say *say)
{
    struct kaon_out out = kaon_out_stdout();
    struct job j = { .o = o, .check = { .engine = o->engine, .against = o->against, .say = *say } };
    int status = KAON_EXIT_OK;

    j.check.say.quiet = !say->verbose; /* a warning a model would drown the failures */
    enum kaon_status st = check_names(&j);
    if (st == KAON_OK)
        st = find_cases(&j, dirs);
    if (st != KAON_OK)
        status = kaon_say_status(say, st, &j.msg);
    else if (o->list)
        for (size_t i = 0; i < j.cases.n; i++) {
            kaon_out_name(&out, j.cases.at[i].name);
            kaon_out_printf(&out, "\n");
        }
    else
        status = run_cases(&j, say, &out);
    kaon_cases_free(&j.cases);
    return kaon_out_end(&out, say, status);
}

int kaon_cmd_check(int argc, char **argv)
{
    struct options o = { .rtol = -1, .atol = -1, .timeout = 60 };
    struct kaon_words args;
    struct kaon_say say;
    int status;

    if (kaon_command_begin(&kaon_check_command, argc, argv, &o, &o.common, &args, &say, &status)) {
        if (!(o.timeout > 0 && o.timeout < 1e6))
            status = kaon_usage_error(&kaon_check_command, &say,
                                      "check: --timeout is not a number of seconds");
        else
            status = check(&o, &args, &say);
    }
    kaon_command_end(&kaon_check_command, &o, &o.common, &args);
    return status;
}
