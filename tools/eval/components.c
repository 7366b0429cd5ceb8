#include "tools/eval/components.h"

#include <string.h>

static const struct {
    const char *array;
    size_t n;
    const char *name[5];
} known[] = {
    /* JetNet */
    { "particle_features", 4, { "etarel", "phirel", "ptrel", "mask" } },
    { "particle_features", 3, { "etarel", "phirel", "ptrel" } },
    { "jet_features", 5, { "type", "pt", "eta", "mass", "num_particles" } },
    { "jet_features", 4, { "pt", "eta", "mass", "num_particles" } },
};

const char *kaon_eval_component(const char *array, size_t n, size_t k)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].n == n && k < n && !strcmp(known[i].array, array))
            return known[i].name[k];
    return NULL;
}
