/* kaon info: what a model, or this machine, is. */
#include <string.h>

#include "engine/kaon.h"
#include "tools/cli/command.h"
#include "tools/commands.h"

struct options {
    struct kaon_common common;
};

static const struct kaon_option options[] = { KAON_COMMON_OPTIONS(struct options) };

static const struct kaon_spec spec = {
    .name = "info",
    .summary = "say what a model is made of and what running it takes",
    .usage = (const char *const[]){ "info cpu", NULL },
    .examples = (const struct kaon_example[]){
        { "kaon info cpu", "this machine's instruction sets, and the kernels chosen for it" },
        { NULL },
    },
    .options = options,
    .argument = "MODEL or cpu",
    .min_args = 1,
    .max_args = 1,
};

int kaon_cmd_info(int argc, char **argv)
{
    struct options o = { 0 };
    struct kaon_words args;
    struct kaon_say say;
    int status;

    if (kaon_command_begin(&spec, argc, argv, &o, &o.common, &args, &say, &status)) {
        struct kaon_out out = kaon_out_stdout();
        if (!strcmp(args.word[0], "cpu"))
            kaon_cpu_print(kaon_out_write, &out);
        status = kaon_out_end(&out, &say, KAON_EXIT_OK);
    }
    kaon_options_free(options, &o, &args);
    return status;
}
