/* The text form of what `kaon info --json` prints. */
#ifndef KAON_TOOLS_INFO_RENDER_H
#define KAON_TOOLS_INFO_RENDER_H

#include <jansson.h>

#include "tools/cli/out.h"

void kaon_info_render(const json_t *info, struct kaon_out *out);

/* Any JSON object, one member a line. */
void kaon_info_render_members(const json_t *object, struct kaon_out *out);

#endif
