/* Time that only goes forward. */
#ifndef KAON_TOOLS_CLI_CLOCK_H
#define KAON_TOOLS_CLI_CLOCK_H

/* Seconds since some moment in the past. */
double kaon_clock_seconds(void);

#endif
