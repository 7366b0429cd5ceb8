/* The backends of this build, by name. */
#include "backends/backend.h"

#include <string.h>

static const struct kaon_backend *const backends[] = {
    &kaon_backend_own,
#ifdef KAON_WITH_OPENBLAS
    &kaon_backend_openblas,
#endif
#ifdef KAON_WITH_XNNPACK
    &kaon_backend_xnnpack,
#endif
};

const struct kaon_backend *kaon_backend_find(const char *name)
{
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++)
        if (!strcmp(backends[i]->name, name))
            return backends[i];
    return NULL;
}
