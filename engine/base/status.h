/* Failing: a status and, where the caller gave room, one sentence. */
#ifndef KAON_BASE_STATUS_H
#define KAON_BASE_STATUS_H

#include "engine/kaon.h"

/* Fills *msg (NULL is allowed) and returns `status`, so that a failing function ends in
 * `return kaon_fail(msg, ...)`. Control characters and bytes that are not UTF-8 (names come from
 * untrusted files) are replaced by '?'; text that is too long ends in "...". */
__attribute__((format(printf, 3, 4))) enum kaon_status
kaon_fail(struct kaon_msg *msg, enum kaon_status status, const char *format, ...);

/* Puts `prefix` and ": " in front of the message: the file in front of the node, say. */
void kaon_msg_prefix(struct kaon_msg *msg, const char *prefix);

/* Length of the UTF-8 sequence at `text` if it is well-formed and printable, else 0. */
size_t kaon_utf8_length(const char *text);

#endif
