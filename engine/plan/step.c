/* Running one step, with the threads that the caller lends if it can be divided. */
#include "engine/plan/plan.h"

static void part(void *context, size_t i)
{
    const struct kaon_step *step = context;
    step->part(step, i);
}

enum kaon_status kaon_step_run(const struct kaon_step *step, const struct kaon_means *means,
                               struct kaon_msg *msg)
{
    if (!means->parallel || step->n_parts < 2)
        return step->run(step, msg);
    const enum kaon_status st = step->begin ? step->begin(step, msg) : KAON_OK;
    if (st != KAON_OK)
        return st;
    means->parallel(means->parallel_user, part, (void *)(uintptr_t)step, step->n_parts);
    return KAON_OK;
}
