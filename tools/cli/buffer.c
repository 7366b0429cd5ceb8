#include "tools/cli/buffer.h"

#include <stdlib.h>
#include <string.h>

void kaon_buffer_write(void *user, const char *text, size_t bytes)
{
    struct kaon_buffer *t = user;
    if (!t->failed && t->room - t->bytes <= bytes) {
        const size_t room = 2 * t->room + bytes + 256;
        char *grown = realloc(t->at, room);
        t->failed = !grown;
        if (grown) {
            t->at = grown;
            t->room = room;
        }
    }
    if (t->failed)
        return;
    memcpy(t->at + t->bytes, text, bytes);
    t->bytes += bytes;
    t->at[t->bytes] = 0;
}
