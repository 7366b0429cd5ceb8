/* Writing HTML: whatever comes from outside is text and nothing else. */
#ifndef KAON_TOOLS_EVAL_HTML_H
#define KAON_TOOLS_EVAL_HTML_H

#include <jansson.h>
#include <stdio.h>

/* A text, for between tags and within quoted attributes. Bytes that are no UTF-8 or that a page may not
 * hold become '?'. */
void kaon_html_text(FILE *to, const char *text);

/* `markup` with a text in the place of each "%s"; there is no other directive. */
void kaon_html(FILE *to, const char *markup, ...) __attribute__((format(printf, 2, 3)));

/* An SVG file as part of a page: without its XML declaration. */
void kaon_html_svg(FILE *to, const char *svg);

/* A value as a person reads it; the values of a list a line each. */
void kaon_html_json(FILE *to, const json_t *value);

#endif
