#include "tools/cli/exit.h"

const struct kaon_exit_meaning kaon_exit_meanings[] = {
    { KAON_EXIT_OK, "done" },
    { KAON_EXIT_FAILED, "failed: input or output, memory, internal" },
    { KAON_EXIT_USAGE, "wrong usage" },
    { KAON_EXIT_BAD_INPUT, "model or data refused" },
    { KAON_EXIT_UNSUPPORTED, "the model needs what kaon lacks" },
    { KAON_EXIT_DISAGREES, "a comparison or a requirement failed" },
    { KAON_EXIT_INCOMPLETE, "shards are missing" },
    { KAON_EXIT_INTERRUPTED, "interrupted" },
    { KAON_EXIT_OK, NULL },
};

static const struct {
    enum kaon_status status;
    enum kaon_exit exit;
} exits[] = {
    { KAON_OK, KAON_EXIT_OK },
    { KAON_BAD_ARGUMENT, KAON_EXIT_USAGE },
    { KAON_BAD_INPUT, KAON_EXIT_BAD_INPUT },
    { KAON_BAD_MODEL, KAON_EXIT_BAD_INPUT },
    { KAON_OVER_LIMIT, KAON_EXIT_BAD_INPUT },
    { KAON_UNSUPPORTED, KAON_EXIT_UNSUPPORTED },
};

enum kaon_exit kaon_exit_of(enum kaon_status status)
{
    for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
        if (exits[i].status == status)
            return exits[i].exit;
    return KAON_EXIT_FAILED;
}
