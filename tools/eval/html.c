#include "tools/eval/html.h"

#include <stdarg.h>
#include <string.h>

/* Bytes of the UTF-8 sequence at `at`, 0 if it is none. Overlong and surrogate forms are not looked for:
 * a browser shows a replacement for them. */
static size_t sequence(const unsigned char *at)
{
    const size_t n = *at < 0x80                  ? 1
                     : *at >= 0xc2 && *at < 0xe0 ? 2
                     : *at >= 0xe0 && *at < 0xf0 ? 3
                     : *at >= 0xf0 && *at < 0xf5 ? 4
                                                 : 0;
    for (size_t i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

void kaon_html_text(FILE *to, const char *text)
{
    static const struct {
        char of;
        const char *as;
    } entities[] = {
        { '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '"', "&quot;" }, { '\'', "&#39;" }
    };
    for (const unsigned char *at = (const unsigned char *)(text ? text : ""); *at;) {
        const size_t n = sequence(at);
        size_t i = 0;
        while (i < sizeof entities / sizeof *entities && entities[i].of != (char)*at)
            i++;
        if (i < sizeof entities / sizeof *entities)
            fputs(entities[i].as, to);
        else if (n == 0 || (*at < ' ' && *at != '\n' && *at != '\t') || *at == 127)
            fputc('?', to);
        else
            fwrite(at, 1, n, to);
        at += n ? n : 1;
    }
}

void kaon_html(FILE *to, const char *markup, ...)
{
    va_list texts;
    va_start(texts, markup);
    for (const char *place; (place = strstr(markup, "%s")) != NULL; markup = place + 2) {
        fwrite(markup, 1, (size_t)(place - markup), to);
        kaon_html_text(to, va_arg(texts, const char *));
    }
    va_end(texts);
    fputs(markup, to);
}

void kaon_html_svg(FILE *to, const char *svg)
{
    const char *start = strstr(svg, "<svg");
    fputs(start ? start : "", to);
}

void kaon_html_json(FILE *to, const json_t *value)
{
    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
        fputs(i ? "<br>" : "", to);
        kaon_html_json(to, json_array_get(value, i));
    }
    if (json_is_string(value))
        kaon_html_text(to, json_string_value(value));
    else if (json_is_integer(value))
        fprintf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        fprintf(to, "%.6g", json_real_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "yes" : "no", to);
    else if (json_is_null(value))
        fputs("–", to);
}
