/* The names of all commands, for what knows only its own. */
#ifndef KAON_TOOLS_CLI_NAMES_H
#define KAON_TOOLS_CLI_NAMES_H

/* Ends in NULL. */
extern const char *const kaon_command_names[];

#endif
