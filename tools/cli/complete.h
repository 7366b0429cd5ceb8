/* Completion of the command line by shells, from what the help is made of. */
#ifndef KAON_TOOLS_CLI_COMPLETE_H
#define KAON_TOOLS_CLI_COMPLETE_H

#include "tools/cli/command.h"

/* A script that the shell reads; `specs` are all commands and end in NULL. */
void kaon_complete_bash(const struct kaon_spec *const *specs, struct kaon_out *out);
void kaon_complete_zsh(const struct kaon_spec *const *specs, struct kaon_out *out);
void kaon_complete_fish(const struct kaon_spec *const *specs, struct kaon_out *out);

/* What an option or an argument takes, as far as a shell can know. */
enum kaon_complete_kind {
    KAON_COMPLETE_NOTHING, /* a number, a name */
    KAON_COMPLETE_WORDS,   /* its choices, and what begins with a file's name where it is one */
    KAON_COMPLETE_FILES,
    KAON_COMPLETE_FOLDERS,
};
enum kaon_complete_kind kaon_complete_kind_of(const char *argument, const char *choices);

#endif
