/* Names of fields: other spellings of the same quantity, and names that look alike. */
#ifndef KAON_TOOLS_EVAL_FIELDS_H
#define KAON_TOOLS_EVAL_FIELDS_H

#include <stddef.h>

/* The k-th other spelling of `name` (k from 0), written to `text`; 0 past the last. */
int kaon_eval_field_alias(const char *name, size_t k, char *text, size_t room);

/* Index in `have` of `name` or, failing that, of its first spelling that is there; -1: none. */
long kaon_eval_field_find(const char *const *have, size_t n, const char *name);

/* The field whose absolute value `name` is, for files that lack `name`; NULL: none. */
const char *kaon_eval_field_absolute(const char *name);

/* Writes up to three of `have` that look like `name`, comma-separated; "" if none does. */
void kaon_eval_field_look_alikes(const char *const *have, size_t n, const char *name, char *text,
                                 size_t room);

#endif
