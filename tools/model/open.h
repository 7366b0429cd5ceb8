/* Opening a model as the command line's options ask. */
#ifndef KAON_TOOLS_MODEL_OPEN_H
#define KAON_TOOLS_MODEL_OPEN_H

#include "engine/kaon.h"
#include "tools/cli/option.h"
#include "tools/cli/say.h"

struct kaon_engine_choice {
    const char *cpu, *backend;              /* NULL: the library's choice */
    int64_t passes_stop_after;              /* 0: all edits of the graph, -1: none */
    const struct kaon_allocator *allocator; /* NULL: the library's */
    const char *const *also;                /* values that become outputs too */
    size_t n_also;
    int64_t threads;           /* lent to a session; 0: none, where a command has no such option */
    const char *attention;     /* as in kaon_open_options; NULL: the model's own */
    struct kaon_words plugins; /* shared objects with an attention each */
};

/* The rows of attention alone; KAON_ENGINE_OPTIONS has them. */
#define KAON_ATTENTION_OPTIONS(type)                                                               \
    { "attention",                                                                                 \
      0,                                                                                           \
      KAON_OPTION_STRING,                                                                          \
      "LAYERS:VARIANT",                                                                            \
      "another attention in these layers, or in all, as in softpick or "                           \
      "2-5:softpick,6:entmax:alpha=1.3; kaon attention list has the variants",                     \
      offsetof(type, engine.attention) },                                                          \
    {                                                                                              \
        "attention-plugin", 0, KAON_OPTION_LIST, "FILE.so",                                        \
            "a shared object with an attention of its own, see engine/kaon_plugin.h",              \
            offsetof(type, engine.plugins)                                                         \
    }

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
        KAON_ATTENTION_OPTIONS(type),                                                              \
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
