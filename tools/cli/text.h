/* Text that grows, for what comes in pieces. */
#ifndef KAON_TOOLS_CLI_TEXT_H
#define KAON_TOOLS_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct kaon_text {
    char *at; /* ends in 0 once something was added; free() it */
    size_t bytes, room;
    bool failed; /* memory ran out; the text is incomplete */
};

/* A kaon_write_fn; `user` is a struct kaon_text. */
void kaon_text_write(void *user, const char *text, size_t bytes);

#endif
