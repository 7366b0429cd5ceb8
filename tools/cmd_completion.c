/* kaon completion: what makes a shell complete words of the command line. */
#include <string.h>

#include "tools/cli/complete.h"
#include "tools/cli/nearest.h"
#include "tools/commands.h"

struct options {
    struct kaon_common common;
};

static const struct kaon_option options[] = { KAON_COMMON_OPTIONS(struct options) };

static const struct {
    const char *name;
    void (*print)(const struct kaon_spec *const *specs, struct kaon_out *out);
} shells[] = {
    { "bash", kaon_complete_bash },
    { "zsh", kaon_complete_zsh },
    { "fish", kaon_complete_fish },
};
enum { N_SHELLS = sizeof shells / sizeof *shells };

const struct kaon_spec kaon_completion_command = {
    .name = "completion",
    .summary = "print a script by which a shell completes commands and options",
    .usage = (const char *const[]){ "completion bash|zsh|fish", NULL },
    .examples =
        (const struct kaon_example[]){
            { "source <(kaon completion bash)", "in this bash, or in .bashrc" },
            { "kaon completion zsh > ~/.zfunc/_kaon", "in a folder of zsh's fpath" },
            { "kaon completion fish > ~/.config/fish/completions/kaon.fish", "for each fish" },
            { NULL },
        },
    .options = options,
    .argument = "SHELL",
    .choices = "bash zsh fish",
    .min_args = 1,
    .max_args = 1,
    .notes = "An installed kaon has put these scripts where the shells look for them.",
};

static int print_script(const char *shell, const struct kaon_say *say)
{
    const char *best = NULL;
    struct kaon_out out = kaon_out_stdout();
    for (size_t i = 0; i < N_SHELLS; i++) {
        if (!strcmp(shell, shells[i].name)) {
            shells[i].print(kaon_commands, &out);
            return kaon_out_end(&out, say, KAON_EXIT_OK);
        }
        kaon_nearest_try(shell, shells[i].name, &best);
    }
    return kaon_usage_error(&kaon_completion_command, say,
                            "completion: \"%s\" is none of bash, zsh and fish%s%s%s", shell,
                            best ? "; did you mean \"" : "", best ? best : "", best ? "\"?" : "");
}

int kaon_cmd_completion(int argc, char **argv)
{
    struct options o = { 0 };
    struct kaon_words args;
    struct kaon_say say;
    int status;

    if (kaon_command_begin(&kaon_completion_command, argc, argv, &o, &o.common, &args, &say,
                           &status))
        status = print_script(args.word[0], &say);
    kaon_command_end(&kaon_completion_command, &o, &o.common, &args);
    return status;
}
