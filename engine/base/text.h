/* Texts of tensors: UTF-8 that ends in a zero byte. */
#ifndef KAON_BASE_TEXT_H
#define KAON_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attrs.h"
#include "engine/base/tensor.h"

/* A part of a text. */
struct kaon_text_part {
    const char *at;
    size_t n;
};

/* Takes the next part from *rest: up to the delimiter, or with an empty one up to white space; `last`: all that is left.
 * False if there is none. *rest is NULL after the last part. */
bool kaon_text_next(const char **rest, const char *delimiter, bool last,
                    struct kaon_text_part *part);

/* How many parts StringSplit makes of a text. */
int64_t kaon_text_parts(const char *text, const struct kaon_text_split *split);

/* Whether StringNormalizer drops a text. Without case letters are compared in lower case. */
bool kaon_text_stops(const char *text, const struct kaon_text_normalizer *a);

/* Writes the text in lower or upper case to y (NULL: nowhere); the bytes that takes, the zero included. */
size_t kaon_text_in_case(char *y, const char *text, bool upper);

#endif
