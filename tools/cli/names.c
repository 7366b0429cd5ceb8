#include "tools/cli/names.h"

#include <stddef.h>

const char *const kaon_command_names[] = { "eval",  "merge",     "info",       "run", "check",
                                           "bench", "attention", "completion", NULL };
