/* Values of options that the command line does not give: from the environment, from kaon.json in the
 * current folder, and from the user's own kaon.json, in this order of authority.
 *
 *     { "eval": { "threads": 2, "fractions": ["GN2v01"], "no-progress": true } }
 *     KAON_EVAL_THREADS=2
 */
#ifndef KAON_TOOLS_CLI_DEFAULTS_H
#define KAON_TOOLS_CLI_DEFAULTS_H

#include <jansson.h>

#include "tools/cli/option.h"

/* Sets the options of the command `name` that `given`, which has a place for each row of the table,
 * does not mark. *taken becomes a list of {"option", "values", "from"}, one an option that was set;
 * it holds the texts that the options point to, and is to be released after them, also after a
 * failure. A file or a variable that is not understood gives KAON_BAD_ARGUMENT. */
enum kaon_status kaon_defaults_apply(const char *name, const struct kaon_option *options,
                                     const bool *given, void *into, json_t **taken,
                                     struct kaon_msg *msg);

#endif
