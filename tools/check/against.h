/* Two backends on the same inputs, node by node. */
#ifndef KAON_TOOLS_CHECK_AGAINST_H
#define KAON_TOOLS_CHECK_AGAINST_H

#include "tools/check/case.h"

/* Runs the case on check->against and on check->engine.backend, on its data sets or else on random
 * inputs. Every value that both compute is compared, in the order in which the second computes
 * them; the first that disagrees is named. Values that only one of them computes, because it fuses
 * nodes, are passed over; the model's outputs are always compared. */
void kaon_case_against(const struct kaon_check *check, const struct kaon_case *c,
                       struct kaon_outcome *outcome);

#endif
