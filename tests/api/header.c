/* The public headers compile alone; built as C11 and, where there is a compiler, as C++17. */
#include "engine/kaon.h"
#include "engine/kaon_plugin.h"

static const struct kaon_open_options open_options = KAON_OPEN_OPTIONS_INIT;
static const struct kaon_session_options session_options = KAON_SESSION_OPTIONS_INIT;

int kaon_header_test(void);
int kaon_header_test(void)
{
    return open_options.size == sizeof open_options && session_options.flags == 0;
}
