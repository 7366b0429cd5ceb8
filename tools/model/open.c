#include "tools/model/open.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/fail.h"
#include "tools/model/plugin.h"

static enum kaon_status open_with(struct kaon_model **model, const char *path,
                                  const struct kaon_engine_choice *engine,
                                  struct kaon_open_options *options, struct kaon_msg *msg)
{
    struct kaon_plugins plugins;
    enum kaon_status st = kaon_plugins_load(&plugins, &engine->plugins, msg);
    options->attention = engine->attention;
    options->plugins = plugins.at;
    options->n_plugins = plugins.n;
    if (st == KAON_OK)
        st = kaon_model_open(model, path, options, msg);
    kaon_plugins_free(&plugins);
    return st;
}

enum kaon_status kaon_cli_open(struct kaon_model **model, const char *path,
                               const struct kaon_engine_choice *engine, const struct kaon_say *say,
                               struct kaon_msg *msg)
{
    struct kaon_open_options options = KAON_OPEN_OPTIONS_INIT;
    struct stat st;

    *model = NULL;
    if (stat(path, &st) != 0)
        return kaon_cli_fail_errno(msg, path, errno);
    if (S_ISDIR(st.st_mode))
        return kaon_cli_fail_errno(msg, path, EISDIR);
    options.cpu = engine->cpu;
    options.backend = engine->backend;
    options.passes_stop_after = (int32_t)engine->passes_stop_after;
    options.allocator = engine->allocator;
    options.also = engine->also;
    options.n_also = engine->n_also;
    options.log = kaon_say_log;
    options.log_user = (void *)(uintptr_t)say; /* read only, as kaon_say_log promises */
    return open_with(model, path, engine, &options, msg);
}

/* Names are looked at before the model is: no model at all is enough to ask. */
enum kaon_status kaon_engine_choice_check(const struct kaon_engine_choice *engine,
                                          struct kaon_msg *msg)
{
    struct kaon_open_options options = KAON_OPEN_OPTIONS_INIT;
    struct kaon_model *model;

    options.cpu = engine->cpu;
    options.backend = engine->backend;
    const enum kaon_status st = kaon_model_open_memory(&model, "", 0, "nothing", &options, msg);
    kaon_model_close(model);
    return st == KAON_BAD_ARGUMENT ? st : KAON_OK;
}
