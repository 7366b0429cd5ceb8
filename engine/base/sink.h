/* Text into a kaon_write_fn, in pieces. */
#ifndef KAON_BASE_SINK_H
#define KAON_BASE_SINK_H

#include "engine/kaon.h"

struct kaon_sink {
    kaon_write_fn write;
    void *user;
    size_t used;
    char buffer[4096];
};

__attribute__((format(printf, 2, 3))) void kaon_sink_put(struct kaon_sink *sink, const char *format,
                                                         ...);

/* Text between quotes with JSON's escapes; bytes that are not UTF-8 become '?'. */
void kaon_sink_json(struct kaon_sink *sink, const char *text);

/* Hands over what is left. */
void kaon_sink_flush(struct kaon_sink *sink);

#endif
