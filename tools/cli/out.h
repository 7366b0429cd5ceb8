/* Results on stdout, every write checked: the first failure is kept and told at the end. */
#ifndef KAON_TOOLS_CLI_OUT_H
#define KAON_TOOLS_CLI_OUT_H

#include <stddef.h>
#include <stdio.h>

#include "tools/cli/say.h"

struct kaon_out {
    FILE *to;
    const char *name; /* in the sentence of a failure */
    int error;        /* errno of the first failure, 0: none */
};

struct kaon_out kaon_out_stdout(void);

void kaon_out_printf(struct kaon_out *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A kaon_write_fn; `user` is a struct kaon_out. Writes the bytes as they are. */
void kaon_out_write(void *user, const char *text, size_t bytes);

/* Writes a name that came from a file: control characters and backslashes as \xNN. */
void kaon_out_name(struct kaon_out *out, const char *name);

/* Flushes. Returns `status`, or KAON_EXIT_FAILED with a sentence if anything could not be written;
 * a reader that closed the pipe early (`kaon ... | head`) gets no sentence. */
int kaon_out_end(struct kaon_out *out, const struct kaon_say *say, int status);

#endif
