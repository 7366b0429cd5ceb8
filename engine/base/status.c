#include "engine/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t kaon_utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    const size_t n = (s[0] >> 5) == 6 ? 2 : (s[0] >> 4) == 14 ? 3 : (s[0] >> 3) == 30 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

static void make_printable(char *text)
{
    for (char *s = text; *s;) {
        const size_t n = kaon_utf8_length(s);
        if (!n)
            *s = '?';
        s += n ? n : 1;
    }
}

static void shorten(char *text, size_t room)
{
    memcpy(text + room - 4, "...", 4);
}

enum kaon_status kaon_fail(struct kaon_msg *msg, enum kaon_status status, const char *format, ...)
{
    if (!msg)
        return status;
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(msg->text, sizeof msg->text, format, args);
    va_end(args);
    if (n >= (int)sizeof msg->text)
        shorten(msg->text, sizeof msg->text);
    make_printable(msg->text);
    return status;
}

void kaon_msg_prefix(struct kaon_msg *msg, const char *prefix)
{
    if (!msg)
        return;
    char whole[sizeof msg->text];
    const int n = snprintf(whole, sizeof whole, "%s: %s", prefix, msg->text);
    if (n >= (int)sizeof whole)
        shorten(whole, sizeof whole);
    make_printable(whole);
    memcpy(msg->text, whole, sizeof whole);
}

const char *kaon_status_name(enum kaon_status status)
{
    static const struct {
        enum kaon_status status;
        const char *name;
    } names[] = {
        { KAON_OK, "KAON_OK" },
        { KAON_BAD_ARGUMENT, "KAON_BAD_ARGUMENT" },
        { KAON_BAD_STATE, "KAON_BAD_STATE" },
        { KAON_BAD_INPUT, "KAON_BAD_INPUT" },
        { KAON_BAD_MODEL, "KAON_BAD_MODEL" },
        { KAON_UNSUPPORTED, "KAON_UNSUPPORTED" },
        { KAON_OVER_LIMIT, "KAON_OVER_LIMIT" },
        { KAON_NO_MEMORY, "KAON_NO_MEMORY" },
        { KAON_IO, "KAON_IO" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == status)
            return names[i].name;
    return "unknown status";
}
