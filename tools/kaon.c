/* kaon, the command line. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/kaon.h"
#include "tools/cli/exit.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/man.h"
#include "tools/cli/nearest.h"
#include "tools/cli/out.h"
#include "tools/cli/say.h"
#include "tools/cli/standard.h"
#include "tools/commands.h"

static void usage(struct kaon_out *out)
{
    kaon_out_printf(out, "Usage: kaon COMMAND [options] ...\n\nRuns ONNX models on x86 CPUs.\n\n"
                         "Commands:\n");
    for (const struct kaon_spec *const *s = kaon_commands; *s; s++)
        kaon_out_printf(out, "  %-10s  %s\n", (*s)->name, (*s)->summary);
    kaon_out_printf(out, "\nMore:\n"
                         "  kaon help COMMAND    or kaon COMMAND --help\n"
                         "  kaon --version\n"
                         "  man kaon-COMMAND     the same, exit status, environment and files\n\n"
                         "Exit status:\n");
    for (const struct kaon_exit_meaning *e = kaon_exit_meanings; e->what; e++)
        kaon_out_printf(out, "  %3d  %s\n", e->status, e->what);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

static int unknown_command(const struct kaon_say *say, const char *word)
{
    const char *best = NULL;
    for (const struct kaon_spec *const *s = kaon_commands; *s; s++)
        kaon_nearest_try(word, (*s)->name, &best);
    kaon_nearest_try(word, "help", &best);
    if (best)
        kaon_say_error(say, "no command \"%s\"; did you mean \"%s\"?", word, best);
    else
        kaon_say_error(say, "no command \"%s\"; \"kaon help\" lists them", word);
    return KAON_EXIT_USAGE;
}

static int run_command(const struct kaon_say *say, int argc, char **argv)
{
    for (size_t i = 0; kaon_commands[i]; i++)
        if (!strcmp(argv[0], kaon_commands[i]->name))
            return kaon_command_runs[i](argc, argv);
    return unknown_command(say, argv[0]);
}

/* kaon help --man [COMMAND]: the page that is installed. */
static int print_page(const struct kaon_say *say, const char *command)
{
    struct kaon_out out = kaon_out_stdout();
    const struct kaon_spec *const *s = kaon_commands;
    while (command && *s && strcmp((*s)->name, command))
        s++;
    if (!*s)
        return unknown_command(say, command);
    if (command)
        kaon_man_command(*s, kaon_version(), &out);
    else
        kaon_man_program(kaon_commands, kaon_version(), &out);
    return kaon_out_end(&out, say, KAON_EXIT_OK);
}

/* The words after "help". */
static int help(const struct kaon_say *say, int argc, char **argv)
{
    struct kaon_out out = kaon_out_stdout();
    if (argc > 0 && !strcmp(argv[0], "--man"))
        return print_page(say, argc > 1 ? argv[1] : NULL);
    if (argc > 0)
        return run_command(say, 2, (char *[]){ argv[0], (char[]){ "--help" }, NULL });
    usage(&out);
    return kaon_out_end(&out, say, KAON_EXIT_OK);
}

int main(int argc, char **argv)
{
    const struct kaon_say say = kaon_say_stderr();
    struct kaon_out out = kaon_out_stdout(), err = { .to = stderr, .name = "standard error" };

    kaon_standard_fill();
    kaon_interrupt_watch();
    if (argc < 2) {
        usage(&err);
        return KAON_EXIT_USAGE;
    }
    if (is_one_of(argv[1], "--version", "-V", "version")) {
        kaon_out_printf(&out, "kaon %s\n", kaon_version());
        return kaon_out_end(&out, &say, KAON_EXIT_OK);
    }
    if (is_one_of(argv[1], "help", "--help", "-h"))
        return help(&say, argc - 2, argv + 2);
    return run_command(&say, argc - 1, argv + 1);
}
