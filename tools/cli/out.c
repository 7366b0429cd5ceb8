#include "tools/cli/out.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "tools/cli/exit.h"

struct kaon_out kaon_out_stdout(void)
{
    return (struct kaon_out){ .to = stdout, .name = "standard output" };
}

static void failed(struct kaon_out *out)
{
    if (!out->error)
        out->error = errno ? errno : EIO;
}

void kaon_out_printf(struct kaon_out *out, const char *format, ...)
{
    va_list args;
    if (out->error)
        return;
    va_start(args, format);
    errno = 0;
    if (vfprintf(out->to, format, args) < 0)
        failed(out);
    va_end(args);
}

void kaon_out_write(void *user, const char *text, size_t bytes)
{
    struct kaon_out *out = user;
    errno = 0;
    if (!out->error && fwrite(text, 1, bytes, out->to) != bytes)
        failed(out);
}

void kaon_out_name(struct kaon_out *out, const char *name)
{
    for (; *name; name++) {
        const unsigned char c = (unsigned char)*name;
        if (c < 0x20 || c == 0x7f || c == '\\')
            kaon_out_printf(out, "\\x%02x", c);
        else
            kaon_out_write(out, name, 1);
    }
}

int kaon_out_end(struct kaon_out *out, const struct kaon_say *say, int status)
{
    errno = 0;
    if (fflush(out->to) != 0)
        failed(out);
    if (!out->error)
        return status;
    if (out->error != EPIPE)
        kaon_say_error(say, "%s: %s", out->name, strerror(out->error));
    return status ? status : KAON_EXIT_FAILED;
}
