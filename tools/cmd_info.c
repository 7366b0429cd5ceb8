/* kaon info: what a model, or this machine, is. */
#include <stdlib.h>
#include <string.h>

#include "engine/kaon.h"
#include "tools/cli/command.h"
#include "tools/cli/fail.h"
#include "tools/cli/json.h"
#include "tools/cli/buffer.h"
#include "tools/commands.h"
#include "tools/info/describe.h"
#include "tools/info/render.h"
#include "tools/model/axes.h"
#include "tools/model/inputs.h"
#include "tools/model/open.h"

struct options {
    struct kaon_common common;
    struct kaon_engine_choice engine;
    struct kaon_words dims;
    bool plan, why, graph, json;
};

/* clang-format off */
static const struct kaon_option options[] = {
    { "plan", 0, KAON_OPTION_FLAG, NULL,
      "print the plan for the given axes: one line a step, with kernel, shapes and place in memory",
      offsetof(struct options, plan) },
    { "why", 0, KAON_OPTION_FLAG, NULL,
      "print which rewrites were applied, and what was not matched and why; and with --backend "
      "which steps it computes, for the given axes, and why it leaves the others to own",
      offsetof(struct options, why) },
    { "graph", 0, KAON_OPTION_FLAG, NULL, "print the graph after rewriting",
      offsetof(struct options, graph) },
    { "json", 0, KAON_OPTION_FLAG, NULL, "print one JSON object", offsetof(struct options, json) },
    KAON_DIM_OPTION(struct options),
    KAON_ENGINE_OPTIONS(struct options),
    KAON_COMMON_OPTIONS(struct options)
};
/* clang-format on */

const struct kaon_spec kaon_info_command = {
    .name = "info",
    .summary = "say what a model is made of and what running it takes",
    .usage = (const char *const[]){ "info [options] MODEL", "info [--json] cpu", NULL },
    .examples =
        (const struct kaon_example[]){
            { "kaon info tagger.onnx --dim n_tracks=40",
              "inputs, outputs, operators, and the cost of a run with 40 tracks" },
            { "kaon info tagger.onnx --why", "which parts of the graph were fused, and which not" },
            { "kaon info tagger.onnx --why --backend xnnpack",
              "what XNNPACK computes of it, and why not the rest" },
            { "kaon info cpu", "this machine's instruction sets, and the kernels chosen for it" },
            { NULL },
        },
    .options = options,
    .argument = "MODEL or cpu",
    .choices = "cpu",
    .min_args = 1,
    .max_args = 1,
    .notes = "The cost is measured by one run on random inputs. A model in a file named \"cpu\" is "
             "reached as ./cpu.",
};

/* What is open while the command runs. */
struct job {
    const struct options *o;
    const char *path;
    struct kaon_model *model;
    struct kaon_session *session;
    struct kaon_axes axes;
    struct kaon_msg msg;
};

/* Runs once on random inputs, so that there is a plan for the asked shape. */
static enum kaon_status run_once(struct job *j, struct kaon_msg *msg)
{
    struct kaon_inputs inputs = { 0 };
    struct kaon_tensor *outputs = calloc(kaon_model_output_count(j->model) + 1, sizeof *outputs);
    enum kaon_status st = outputs ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory");

    if (st == KAON_OK)
        st = kaon_session_open(&j->session, j->model, NULL, msg);
    if (st == KAON_OK)
        st = kaon_inputs_open(&inputs, j->model, msg);
    if (st == KAON_OK)
        st = kaon_inputs_random(&inputs, j->model, &j->axes, 1, msg);
    if (st == KAON_OK)
        st = kaon_session_run(j->session, inputs.tensor, outputs, msg);
    if (st == KAON_BAD_INPUT && kaon_inputs_zero_integers(&inputs)) {
        memset(outputs, 0, kaon_model_output_count(j->model) * sizeof *outputs);
        st = kaon_session_run(j->session, inputs.tensor, outputs, msg);
    }
    kaon_inputs_close(&inputs);
    free(outputs);
    return st;
}

/* Axes that --dim does not name were run at length 1: says so in the report. */
static enum kaon_status name_all_axes(struct job *j)
{
    enum kaon_status st = KAON_OK;
    for (size_t i = 0; st == KAON_OK && i < kaon_model_input_count(j->model); i++) {
        struct kaon_port port;
        struct kaon_tensor shape = { 0 };
        st = kaon_model_input(j->model, i, &port);
        if (st == KAON_OK && kaon_axes_apply(&j->axes, &port, &shape))
            st = kaon_axes_bind(&j->axes, &port, &shape, &j->msg);
    }
    return st;
}

static enum kaon_status describe(struct job *j, struct kaon_out *out)
{
    struct kaon_session_info cost;
    struct kaon_msg why = { "" };
    json_t *info;
    enum kaon_status st = name_all_axes(j);
    if (st != KAON_OK)
        return st;
    const bool ran = run_once(j, &why) == KAON_OK;
    if (ran)
        kaon_session_get_info(j->session, &cost);
    st = kaon_info_describe(&info, j->model, j->path, &j->axes, ran ? &cost : NULL, why.text,
                            &j->msg);
    if (st != KAON_OK)
        return st;
    if (j->o->json) {
        kaon_json_print(out, info);
    } else {
        kaon_info_render(info, out);
        json_decref(info);
    }
    return KAON_OK;
}

static enum kaon_status print_parts(struct job *j, struct kaon_out *out)
{
    const struct options *o = j->o;
    enum kaon_status st = KAON_OK;

    if (o->graph)
        st = kaon_model_print(j->model, KAON_PRINT_GRAPH, kaon_out_write, out, &j->msg);
    if (st == KAON_OK && o->why)
        st = kaon_model_print(j->model, KAON_PRINT_WHY, kaon_out_write, out, &j->msg);
    const bool of_backend = o->why && o->engine.backend;
    if (st == KAON_OK && (o->plan || of_backend))
        st = run_once(j, &j->msg);
    if (st == KAON_OK && of_backend)
        st = kaon_session_print_why(j->session, kaon_out_write, out, &j->msg);
    if (st == KAON_OK && o->plan)
        st = kaon_session_print_plan(j->session, kaon_out_write, out, &j->msg);
    return st;
}

static int info_model(const struct options *o, const char *path, const struct kaon_say *say,
                      struct kaon_out *out)
{
    struct job j = { .o = o, .path = path };
    enum kaon_status st = kaon_cli_open(&j.model, path, &o->engine, say, &j.msg);

    if (st == KAON_OK)
        st = kaon_axes_parse(&j.axes, j.model, &o->dims, &j.msg);
    if (st == KAON_OK)
        st = o->graph || o->why || o->plan ? print_parts(&j, out) : describe(&j, out);
    const int status = kaon_say_status(say, st, &j.msg);
    kaon_axes_free(&j.axes);
    kaon_session_close(j.session);
    kaon_model_close(j.model);
    return status;
}

static int info_cpu(bool as_json, const struct kaon_say *say, struct kaon_out *out)
{
    struct kaon_buffer text = { 0 };
    kaon_cpu_print(kaon_buffer_write, &text);
    json_t *cpu = text.at ? json_loadb(text.at, text.bytes, 0, NULL) : NULL;
    free(text.at);
    if (!json_is_object(cpu)) {
        json_decref(cpu);
        kaon_say_error(say, "the library's description of this machine is not a JSON object");
        return KAON_EXIT_FAILED;
    }
    if (as_json) {
        json_object_set_new(cpu, "schema_version", json_integer(KAON_JSON_SCHEMA));
        kaon_json_print(out, cpu);
        return KAON_EXIT_OK;
    }
    kaon_info_render_members(cpu, out);
    json_decref(cpu);
    return KAON_EXIT_OK;
}

int kaon_cmd_info(int argc, char **argv)
{
    struct options o = { 0 };
    struct kaon_words args;
    struct kaon_say say;
    struct kaon_out out = kaon_out_stdout();
    int status;

    if (kaon_command_begin(&kaon_info_command, argc, argv, &o, &o.common, &args, &say, &status)) {
        if (o.json && (o.plan || o.why || o.graph))
            status = kaon_usage_error(&kaon_info_command, &say,
                                      "info: --json goes with none of --plan, --why "
                                      "and --graph");
        else if (!strcmp(args.word[0], "cpu"))
            status = info_cpu(o.json, &say, &out);
        else
            status = info_model(&o, args.word[0], &say, &out);
        status = kaon_out_end(&out, &say, status);
    }
    kaon_command_end(&kaon_info_command, &o, &o.common, &args);
    return status;
}
