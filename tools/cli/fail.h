/* Filling a message at the place that knows the reason. */
#ifndef KAON_TOOLS_CLI_FAIL_H
#define KAON_TOOLS_CLI_FAIL_H

#include "engine/kaon.h"

/* Writes the sentence to msg (which may be NULL) and returns status. */
enum kaon_status kaon_cli_fail(struct kaon_msg *msg, enum kaon_status status, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));

/* "PATH: reason" for an errno value. A file that is not there, or is a folder, is wrong input;
 * anything else is the machine's fault. */
enum kaon_status kaon_cli_fail_errno(struct kaon_msg *msg, const char *path, int error);

#endif
