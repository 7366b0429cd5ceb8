/* JSON on stdout. */
#ifndef KAON_TOOLS_CLI_JSON_H
#define KAON_TOOLS_CLI_JSON_H

#include <jansson.h>

#include "tools/cli/out.h"

/* Version of the objects that `--json` prints: grows when a member changes its meaning or goes. */
enum { KAON_JSON_SCHEMA = 1 };

/* A string that came from a file: bytes beyond ASCII become '?' if the text is not UTF-8. */
json_t *kaon_json_text(const char *text);

/* A number, or null for NaN and infinities, which JSON lacks. */
json_t *kaon_json_number(double value);

/* Prints the object, indented, and drops the reference. NULL (memory ran out while it was made) is
 * a failed write. */
void kaon_json_print(struct kaon_out *out, json_t *json);

#endif
