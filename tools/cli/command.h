/* What every command has: a specification for --help, the common options, and its beginning. */
#ifndef KAON_TOOLS_CLI_COMMAND_H
#define KAON_TOOLS_CLI_COMMAND_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "tools/cli/exit.h"
#include "tools/cli/option.h"
#include "tools/cli/out.h"
#include "tools/cli/say.h"

struct kaon_example {
    const char *command; /* NULL ends a list */
    const char *what;
};

/* All text a command shows, so that help, man pages and completion come from one place. */
struct kaon_spec {
    const char *name;
    const char *summary;
    const char *const *usage; /* what follows "kaon", one form a line; NULL ends */
    const struct kaon_example *examples;
    const struct kaon_option *options;
    const char *argument; /* name of the positional arguments, "MODEL" */
    const char *choices;  /* words that may stand there besides files, blanks between; or NULL */
    size_t min_args, max_args;
    const char *notes; /* last paragraph, or NULL */
};

enum { KAON_ANY_NUMBER = INT_MAX };

/* Member of every command's option struct, under the name `common`. */
struct kaon_common {
    bool help, quiet, verbose, no_color;
    json_t *configured; /* what was set otherwise than by the command line, see defaults.h */
};

/* clang-format off */
/* The last rows of every command's table; `type` is its option struct. */
#define KAON_COMMON_OPTIONS(type)                                                                  \
    { "quiet", 'q', KAON_OPTION_FLAG, NULL, "no warnings and no progress",                         \
      offsetof(type, common.quiet) },                                                              \
    { "verbose", 'v', KAON_OPTION_FLAG, NULL, "say what is being done",                            \
      offsetof(type, common.verbose) },                                                            \
    { "no-color", 0, KAON_OPTION_FLAG, NULL, "no colour, even on a terminal",                      \
      offsetof(type, common.no_color) },                                                           \
    { "help", 'h', KAON_OPTION_FLAG, NULL, "this text", offsetof(type, common.help) },             \
    { NULL }
/* clang-format on */

/* Parses argv (argv[0] is the command's name) into `into` and sets up *say. Returns true if the
 * command goes on; false if it ends here with *status: --help was asked for, or the usage is wrong.
 * Options that are not given are set as defaults.h says. To be ended in either case. */
bool kaon_command_begin(const struct kaon_spec *spec, int argc, char **argv, void *into,
                        struct kaon_common *common, struct kaon_words *args, struct kaon_say *say,
                        int *status);

/* Frees what kaon_command_begin has filled. */
void kaon_command_end(const struct kaon_spec *spec, void *into, struct kaon_common *common,
                      struct kaon_words *args);

/* Says what is wrong with the usage and where help is; returns KAON_EXIT_USAGE. */
int kaon_usage_error(const struct kaon_spec *spec, const struct kaon_say *say, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

void kaon_help_print(const struct kaon_spec *spec, struct kaon_out *out);

#endif
