/* Text that comes in pieces. */
#ifndef KAON_TOOLS_CLI_BUFFER_H
#define KAON_TOOLS_CLI_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct kaon_buffer {
    char *at; /* ends in 0 once something was added; free() it */
    size_t bytes, room;
    bool failed; /* memory ran out; the text is incomplete */
};

/* A kaon_write_fn; `user` is a struct kaon_buffer. */
void kaon_buffer_write(void *user, const char *text, size_t bytes);

#endif
