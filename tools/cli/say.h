/* Words for the person, on stderr: "kaon: one sentence". Results go to stdout, see out.h. */
#ifndef KAON_TOOLS_CLI_SAY_H
#define KAON_TOOLS_CLI_SAY_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/kaon.h"

struct kaon_say {
    FILE *to;
    bool quiet;   /* errors only */
    bool verbose; /* notes too */
    bool color;
    bool terminal; /* a terminal on which a line can be written over */
};

/* To stderr, coloured if that is a terminal and neither NO_COLOR nor TERM=dumb says no. */
struct kaon_say kaon_say_stderr(void);

/* Each prints one line. Control characters, which may come from file names and models, are replaced
 * by '?', so that they cannot drive a terminal. */
void kaon_say_error(const struct kaon_say *say, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void kaon_say_warning(const struct kaon_say *say, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void kaon_say_note(const struct kaon_say *say, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints msg as an error and returns the exit status that belongs to `status`. */
int kaon_say_status(const struct kaon_say *say, enum kaon_status status,
                    const struct kaon_msg *msg);

/* A kaon_log_fn; `user` is a const struct kaon_say. */
void kaon_say_log(void *user, enum kaon_log_level level, const char *text);

#endif
