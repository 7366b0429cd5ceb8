#include "tools/model/open.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/fail.h"

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
    options.log = kaon_say_log;
    options.log_user = (void *)(uintptr_t)say; /* read only, as kaon_say_log promises */
    return kaon_model_open(model, path, &options, msg);
}
