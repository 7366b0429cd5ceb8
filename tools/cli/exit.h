/* What the program's exit status says. The values are documented and stable. */
#ifndef KAON_TOOLS_CLI_EXIT_H
#define KAON_TOOLS_CLI_EXIT_H

#include "engine/kaon.h"

enum kaon_exit {
    KAON_EXIT_OK = 0,
    KAON_EXIT_FAILED = 1,      /* the run failed: I/O, memory, internal */
    KAON_EXIT_USAGE = 2,       /* wrong usage */
    KAON_EXIT_BAD_INPUT = 3,   /* model or data refused */
    KAON_EXIT_UNSUPPORTED = 4, /* the model needs what kaon lacks */
    KAON_EXIT_DISAGREES = 5,   /* a requested comparison failed */
    KAON_EXIT_INCOMPLETE = 6,  /* shards are missing */
    KAON_EXIT_INTERRUPTED = 130,
};

/* In words, for manuals; ends with what == NULL. */
struct kaon_exit_meaning {
    enum kaon_exit status;
    const char *what;
};
extern const struct kaon_exit_meaning kaon_exit_meanings[];

/* The exit status for what a library call returned. */
enum kaon_exit kaon_exit_of(enum kaon_status status);

#endif
