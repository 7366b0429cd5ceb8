#include "tools/cli/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum kaon_status kaon_cli_fail(struct kaon_msg *msg, enum kaon_status status, const char *format,
                               ...)
{
    if (msg) {
        va_list args;
        va_start(args, format);
        vsnprintf(msg->text, sizeof msg->text, format, args);
        va_end(args);
    }
    return status;
}

enum kaon_status kaon_cli_fail_errno(struct kaon_msg *msg, const char *path, int error)
{
    const int missing = error == ENOENT || error == ENOTDIR || error == EISDIR;
    const enum kaon_status status = error == ENOMEM ? KAON_NO_MEMORY
                                    : missing       ? KAON_BAD_INPUT
                                                    : KAON_IO;
    return kaon_cli_fail(msg, status, "%s: %s", path, strerror(error));
}
