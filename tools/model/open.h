/* Opening a model as the command line's options ask. */
#ifndef KAON_TOOLS_MODEL_OPEN_H
#define KAON_TOOLS_MODEL_OPEN_H

#include "engine/kaon.h"
#include "tools/cli/say.h"

struct kaon_engine_choice {
    const char *cpu, *backend;              /* NULL: the library's choice */
    int64_t passes_stop_after;              /* 0: all edits of the graph, -1: none */
    const struct kaon_allocator *allocator; /* NULL: the library's */
    const char *const *also;                /* values that become outputs too */
    size_t n_also;
    int64_t threads; /* lent to a session; 0: none, where a command has no such option */
};

/* The rows for a command's option table; `type` has a struct kaon_engine_choice `engine`. */
#define KAON_ENGINE_OPTIONS(type)                                                                  \
    { "backend",                                                                                   \
      'b',                                                                                         \
      KAON_OPTION_STRING,                                                                          \
      "NAME",                                                                                      \
      "what computes: own (the default), openblas or xnnpack",                                     \
      offsetof(type, engine.backend),                                                              \
      .choices = "own openblas xnnpack" },                                                         \
        { "cpu",                                                                                   \
          0,                                                                                       \
          KAON_OPTION_STRING,                                                                      \
          "NAME",                                                                                  \
          "use instructions up to scalar, avx2 or avx512 only (default: $KAON_CPU, else all)",     \
          offsetof(type, engine.cpu),                                                              \
          .variable = "KAON_CPU",                                                                  \
          .choices = "scalar avx2 avx512" },                                                       \
    {                                                                                              \
        "passes-stop-after", 0, KAON_OPTION_INT, "N",                                              \
            "make the first N edits of the graph only, -1 none: finds the edit that is wrong",     \
            offsetof(type, engine.passes_stop_after)                                               \
    }

/* KAON_BAD_ARGUMENT if the library knows no backend or instruction set of that name. */
enum kaon_status kaon_engine_choice_check(const struct kaon_engine_choice *engine,
                                          struct kaon_msg *msg);

/* Opens the model. A path where there is no file gives KAON_BAD_INPUT, not KAON_IO. The model keeps
 * `say` for its log. */
enum kaon_status kaon_cli_open(struct kaon_model **model, const char *path,
                               const struct kaon_engine_choice *engine, const struct kaon_say *say,
                               struct kaon_msg *msg);

#endif
