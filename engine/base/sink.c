#include "engine/base/sink.h"

#include "engine/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void kaon_sink_flush(struct kaon_sink *sink)
{
    if (sink->used)
        sink->write(sink->user, sink->buffer, sink->used);
    sink->used = 0;
}

void kaon_sink_put(struct kaon_sink *sink, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0)
        return;
    if (n >= (int)sizeof text)
        n = (int)sizeof text - 1;
    if (sink->used + (size_t)n > sizeof sink->buffer)
        kaon_sink_flush(sink);
    memcpy(sink->buffer + sink->used, text, (size_t)n);
    sink->used += (size_t)n;
}

void kaon_sink_json(struct kaon_sink *sink, const char *text)
{
    kaon_sink_put(sink, "\"");
    while (*text) {
        const size_t n = kaon_utf8_length(text);
        if (n == 0)
            kaon_sink_put(sink, *text == '\n' ? "\\n" : *text == '\t' ? "\\t" : "?");
        else if (*text == '"' || *text == '\\')
            kaon_sink_put(sink, "\\%c", *text);
        else
            kaon_sink_put(sink, "%.*s", (int)n, text);
        text += n ? n : 1;
    }
    kaon_sink_put(sink, "\"");
}
