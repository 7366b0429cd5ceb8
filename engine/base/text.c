#include "engine/base/text.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool kaon_text_next(const char **rest, const char *delimiter, bool last,
                    struct kaon_text_part *part)
{
    const char *from = *rest, *end;
    if (!from)
        return false;
    if (!*delimiter) {
        while (is_space(*from))
            from++;
        for (end = from; *end && (last || !is_space(*end)); end++)
            ;
        *rest = *end ? end : NULL;
        *part = (struct kaon_text_part){ from, (size_t)(end - from) };
        return *from != 0;
    }
    end = last ? NULL : strstr(from, delimiter);
    *part = (struct kaon_text_part){ from, end ? (size_t)(end - from) : strlen(from) };
    *rest = end ? end + strlen(delimiter) : NULL;
    return true;
}

int64_t kaon_text_parts(const char *text, const struct kaon_text_split *split)
{
    struct kaon_text_part part;
    int64_t n = 0;
    if (!*text)
        return 0;
    while (kaon_text_next(&text, split->delimiter, n + 1 == split->most, &part))
        n++;
    return n;
}

/* ---- letters --------------------------------------------------------------------------------- */

/* One code point of UTF-8 and its bytes; a byte that begins none is itself. */
static uint32_t decode(const char *text, size_t *bytes)
{
    const unsigned char *s = (const unsigned char *)text;
    const int more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : s[0] >= 0xc2 ? 1 : 0;
    uint32_t c = more ? s[0] & (0x3fu >> more) : s[0];
    *bytes = 1;
    for (int i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return s[0];
        c = c << 6 | (s[i] & 0x3f);
    }
    *bytes = (size_t)more + 1;
    return c;
}

static size_t encode(char *y, uint32_t c)
{
    const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = n; y && i-- > 1; c >>= 6)
        y[i] = (char)(0x80 | (c & 0x3f));
    if (y)
        y[0] = (char)(lead[n] | c);
    return n;
}

/* Upper and lower case of Latin, Greek and Cyrillic letters that have just one of the other kind; the C library
 * would want a locale, which is the program's to set. */
static uint32_t in_case(uint32_t c, bool upper)
{
    static const struct {
        uint32_t from, to; /* of the upper case */
        uint32_t apart;    /* to the lower case; 1: they take turns */
    } ranges[] = {
        { 'A', 'Z', 32 },     { 0xc0, 0xd6, 32 },    { 0xd8, 0xde, 32 },   { 0x100, 0x12f, 1 },
        { 0x132, 0x137, 1 },  { 0x14a, 0x177, 1 },   { 0x386, 0x386, 38 }, { 0x388, 0x38a, 37 },
        { 0x391, 0x3a1, 32 }, { 0x3a3, 0x3ab, 32 },  { 0x400, 0x40f, 80 }, { 0x410, 0x42f, 32 },
        { 0x460, 0x481, 1 },  { 0x1e00, 0x1e95, 1 },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const uint32_t from = ranges[i].from, to = ranges[i].to, apart = ranges[i].apart;
        if (apart == 1 && c >= from && c <= to)
            return upper ? c - ((c - from) & 1) : c + !((c - from) & 1);
        if (apart > 1 && !upper && c >= from && c <= to)
            return c + apart;
        if (apart > 1 && upper && c >= from + apart && c <= to + apart)
            return c - apart;
    }
    return c;
}

size_t kaon_text_in_case(char *y, const char *text, bool upper)
{
    size_t n = 0, bytes;
    for (; *text; text += bytes) {
        const uint32_t c = decode(text, &bytes);
        if (bytes == 1 && c >= 0x80) { /* no UTF-8: kept */
            if (y)
                y[n] = *text;
            n++;
            continue;
        }
        n += encode(y ? y + n : NULL, in_case(c, upper));
    }
    if (y)
        y[n] = 0;
    return n + 1;
}

static bool same_letters(const char *a, const char *b)
{
    size_t m, n;
    for (; *a && *b; a += m, b += n) {
        if (in_case(decode(a, &m), false) != in_case(decode(b, &n), false))
            return false;
    }
    return *a == *b;
}

bool kaon_text_stops(const char *text, const struct kaon_text_normalizer *a)
{
    for (int32_t i = 0; i < a->n_stop; i++)
        if (a->sensitive ? !strcmp(text, a->stop[i]) : same_letters(text, a->stop[i]))
            return true;
    return false;
}
