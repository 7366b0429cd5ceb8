/* The three standard streams. */
#ifndef KAON_TOOLS_CLI_STANDARD_H
#define KAON_TOOLS_CLI_STANDARD_H

/* Fills the places of those that the caller has closed, so that no file that is opened later becomes
 * standard output. Reading from, or writing results to, what was closed fails as it should. */
void kaon_standard_fill(void);

#endif
