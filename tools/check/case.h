/* One case, checked. */
#ifndef KAON_TOOLS_CHECK_CASE_H
#define KAON_TOOLS_CHECK_CASE_H

#include "engine/kaon.h"
#include "tools/check/find.h"
#include "tools/check/outcome.h"
#include "tools/cli/say.h"
#include "tools/model/open.h"

struct kaon_check {
    struct kaon_engine_choice engine;
    const char *against; /* a backend to compare with, node by node; NULL: the stored outputs */
    struct kaon_say say; /* for the library's log */
};

void kaon_case_run(const struct kaon_check *check, const struct kaon_case *c,
                   struct kaon_outcome *outcome);

#endif
