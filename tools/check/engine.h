/* A model, opened and ready to run for a check. */
#ifndef KAON_TOOLS_CHECK_ENGINE_H
#define KAON_TOOLS_CHECK_ENGINE_H

#include "engine/kaon.h"
#include "tools/cli/say.h"
#include "tools/model/inputs.h"
#include "tools/model/open.h"
#include "tools/model/threads.h"

struct kaon_engine {
    struct kaon_model *model;
    struct kaon_threads threads;
    struct kaon_session *session;
    struct kaon_tensor *outputs; /* after a run: borrowed from the session */
    size_t n_outputs;
};

/* Opens folder/model.onnx. */
enum kaon_status kaon_engine_open(struct kaon_engine *engine, const char *folder,
                                  const struct kaon_engine_choice *choice,
                                  const struct kaon_say *say, struct kaon_msg *msg);

enum kaon_status kaon_engine_run(struct kaon_engine *engine, const struct kaon_inputs *inputs,
                                 struct kaon_msg *msg);

void kaon_engine_close(struct kaon_engine *engine);

/* Inputs from a data set. */
enum kaon_status kaon_engine_read_inputs(const struct kaon_engine *engine, const char *folder,
                                         size_t set, struct kaon_inputs *inputs,
                                         struct kaon_msg *msg);

/* Frees inputs that kaon_engine_read_inputs read. */
void kaon_engine_free_inputs(struct kaon_inputs *inputs);

/* Random inputs, every symbolic axis of length 1; freed by kaon_inputs_close. */
enum kaon_status kaon_engine_random_inputs(const struct kaon_engine *engine,
                                           struct kaon_inputs *inputs, struct kaon_msg *msg);

#endif
