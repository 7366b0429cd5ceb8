/* Manual pages, in the man macros of groff and mandoc, from what the help is made of. */
#ifndef KAON_TOOLS_CLI_MAN_H
#define KAON_TOOLS_CLI_MAN_H

#include "tools/cli/command.h"

/* kaon-NAME(1). `version` is that of the program. */
void kaon_man_command(const struct kaon_spec *spec, const char *version, struct kaon_out *out);

/* kaon(1), with all commands; the list ends in NULL. */
void kaon_man_program(const struct kaon_spec *const *specs, const char *version,
                      struct kaon_out *out);

#endif
