#include "tools/check/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/check/dataset.h"
#include "tools/cli/fail.h"

enum kaon_status kaon_engine_open(struct kaon_engine *e, const char *folder,
                                  const struct kaon_engine_choice *choice,
                                  const struct kaon_say *say, struct kaon_msg *msg)
{
    struct kaon_session_options lends = KAON_SESSION_OPTIONS_INIT;
    char *path;
    *e = (struct kaon_engine){ 0 };
    if (asprintf(&path, "%s/model.onnx", folder) < 0)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory", folder);
    enum kaon_status st = kaon_cli_open(&e->model, path, choice, say, msg);
    free(path);
    if (st == KAON_OK)
        st = kaon_threads_open(&e->threads, choice->threads, msg);
    kaon_threads_lend(&e->threads, &lends);
    if (st == KAON_OK)
        st = kaon_session_open(&e->session, e->model, &lends, msg);
    if (st != KAON_OK)
        return st;
    e->n_outputs = kaon_model_output_count(e->model);
    e->outputs = calloc(e->n_outputs + 1, sizeof *e->outputs);
    return e->outputs ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the outputs");
}

enum kaon_status kaon_engine_run(struct kaon_engine *e, const struct kaon_inputs *inputs,
                                 struct kaon_msg *msg)
{
    for (size_t i = 0; i < e->n_outputs; i++)
        e->outputs[i] = (struct kaon_tensor){ 0 };
    return kaon_session_run(e->session, inputs->tensor, e->outputs, msg);
}

void kaon_engine_close(struct kaon_engine *e)
{
    free(e->outputs);
    kaon_session_close(e->session);
    kaon_threads_close(&e->threads);
    kaon_model_close(e->model);
    *e = (struct kaon_engine){ 0 };
}

enum kaon_status kaon_engine_read_inputs(const struct kaon_engine *e, const char *folder,
                                         size_t set, struct kaon_inputs *inputs,
                                         struct kaon_msg *msg)
{
    enum kaon_status st = kaon_inputs_open(inputs, e->model, msg);
    for (size_t k = 0; st == KAON_OK && k < inputs->n; k++) {
        struct kaon_port port;
        st = kaon_model_input(e->model, k, &port);
        if (st == KAON_OK)
            st = kaon_dataset_read(&inputs->tensor[k], folder, set, "input", k, port.type, msg);
    }
    return st;
}

void kaon_engine_free_inputs(struct kaon_inputs *inputs)
{
    for (size_t k = 0; inputs->tensor && k < inputs->n; k++)
        kaon_tensor_free(&inputs->tensor[k], NULL);
    free(inputs->tensor);
    *inputs = (struct kaon_inputs){ 0 };
}

enum kaon_status kaon_engine_random_inputs(const struct kaon_engine *e, struct kaon_inputs *inputs,
                                           struct kaon_msg *msg)
{
    const struct kaon_axes axes = { 0 };
    const enum kaon_status st = kaon_inputs_open(inputs, e->model, msg);
    return st == KAON_OK ? kaon_inputs_random(inputs, e->model, &axes, 1, msg) : st;
}
