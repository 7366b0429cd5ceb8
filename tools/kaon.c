/* kaon, the command line: a table of commands. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/kaon.h"
#include "tools/cli/exit.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/nearest.h"
#include "tools/cli/out.h"
#include "tools/cli/say.h"
#include "tools/commands.h"

static const struct {
    const char *name, *summary;
    kaon_command_fn *run;
} commands[] = {
    { "eval", "run taggers on files of jets: scores, working points, curves", kaon_cmd_eval },
    { "merge", "join what the shards of kaon eval wrote", kaon_cmd_merge },
    { "info", "say what a model is made of and what running it takes", kaon_cmd_info },
    { "run", "run a model once, on .npy files or random inputs", kaon_cmd_run },
    { "check", "compare a model's outputs with the ones expected", kaon_cmd_check },
    { "bench", "time this machine, the kernels and models, beside other libraries",
      kaon_cmd_bench },
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void usage(struct kaon_out *out)
{
    kaon_out_printf(out, "Usage: kaon COMMAND [options] ...\n\nRuns ONNX models on x86 CPUs.\n\n"
                         "Commands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        kaon_out_printf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    kaon_out_printf(out, "\nMore:\n"
                         "  kaon help COMMAND    or kaon COMMAND --help\n"
                         "  kaon --version\n\n"
                         "Exit status: 0 done, 1 failed, 2 wrong usage, 3 model or data refused,\n"
                         "4 not supported, 5 a comparison failed, 6 shards missing, 130 "
                         "interrupted.\n");
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

static int unknown_command(const struct kaon_say *say, const char *word)
{
    const char *best = NULL;
    for (size_t i = 0; i < N_COMMANDS; i++)
        kaon_nearest_try(word, commands[i].name, &best);
    kaon_nearest_try(word, "help", &best);
    if (best)
        kaon_say_error(say, "no command \"%s\"; did you mean \"%s\"?", word, best);
    else
        kaon_say_error(say, "no command \"%s\"; \"kaon help\" lists them", word);
    return KAON_EXIT_USAGE;
}

static int run_command(const struct kaon_say *say, int argc, char **argv)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!strcmp(argv[0], commands[i].name))
            return commands[i].run(argc, argv);
    return unknown_command(say, argv[0]);
}

int main(int argc, char **argv)
{
    const struct kaon_say say = kaon_say_stderr();
    struct kaon_out out = kaon_out_stdout(), err = { .to = stderr, .name = "standard error" };

    kaon_interrupt_watch();
    if (argc < 2) {
        usage(&err);
        return KAON_EXIT_USAGE;
    }
    if (is_one_of(argv[1], "--version", "-V", "version")) {
        kaon_out_printf(&out, "kaon %s\n", kaon_version());
        return kaon_out_end(&out, &say, KAON_EXIT_OK);
    }
    if (is_one_of(argv[1], "help", "--help", "-h")) {
        if (argc > 2)
            return run_command(&say, 2, (char *[]){ argv[2], (char[]){ "--help" }, NULL });
        usage(&out);
        return kaon_out_end(&out, &say, KAON_EXIT_OK);
    }
    return run_command(&say, argc - 1, argv + 1);
}
