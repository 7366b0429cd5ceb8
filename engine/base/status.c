#include "engine/base/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The second byte tells overlong forms, surrogates, what is past U+10FFFF, and the control characters
 * U+0080 to U+009F: after some first bytes it has a narrower range than 80 to bf. */
static bool is_second(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xc2:
        return second >= 0xa0 && second <= 0xbf;
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return second >= 0x80 && second <= 0xbf;
    }
}

size_t kaon_utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    const size_t n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (n == 0 || !is_second(s[0], s[1]))
        return 0;
    for (size_t i = 2; i < n; i++)
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
