#include "tools/cli/say.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli/exit.h"

struct kaon_say kaon_say_stderr(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    const bool terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
    const bool plain = no_color && *no_color;
    return (struct kaon_say){ .to = stderr, .color = terminal && !plain, .terminal = terminal };
}

/* Nothing can be done when words for the person cannot be written, so results are not checked. */
__attribute__((format(printf, 4, 0))) static void line(const struct kaon_say *say,
                                                       const char *color, const char *kind,
                                                       const char *format, va_list args)
{
    char text[2048];

    vsnprintf(text, sizeof text, format, args);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    fprintf(say->to, "kaon: %s%s%s%s\n", say->color ? color : "", kind, say->color ? "\033[0m" : "",
            text);
}

void kaon_say_error(const struct kaon_say *say, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(say, "\033[31m", say->color ? "error: " : "", format, args);
    va_end(args);
}

void kaon_say_warning(const struct kaon_say *say, const char *format, ...)
{
    va_list args;
    if (say->quiet)
        return;
    va_start(args, format);
    line(say, "\033[33m", "warning: ", format, args);
    va_end(args);
}

void kaon_say_note(const struct kaon_say *say, const char *format, ...)
{
    va_list args;
    if (!say->verbose || say->quiet)
        return;
    va_start(args, format);
    line(say, "", "", format, args);
    va_end(args);
}

int kaon_say_status(const struct kaon_say *say, enum kaon_status status, const struct kaon_msg *msg)
{
    if (status != KAON_OK)
        kaon_say_error(say, "%s", msg->text);
    return kaon_exit_of(status);
}

void kaon_say_log(void *user, enum kaon_log_level level, const char *text)
{
    if (level == KAON_LOG_WARNING)
        kaon_say_warning(user, "%s", text);
    else
        kaon_say_note(user, "%s", text);
}
