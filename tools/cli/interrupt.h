/* Ctrl-C and SIGTERM set a flag that loops look at; what is half done is then cleaned up and the
 * program ends with KAON_EXIT_INTERRUPTED. A second signal ends it at once. */
#ifndef KAON_TOOLS_CLI_INTERRUPT_H
#define KAON_TOOLS_CLI_INTERRUPT_H

#include <stdbool.h>

/* Installs the handlers. A closed pipe gives a failed write instead of a signal from then on. */
void kaon_interrupt_watch(void);

bool kaon_interrupted(void);

#endif
