/* The word that was probably meant. */
#ifndef KAON_TOOLS_CLI_NEAREST_H
#define KAON_TOOLS_CLI_NEAREST_H

#include <stddef.h>

/* How many letters must be added, dropped, replaced or swapped with their neighbour to make one
 * word of the other. Words are compared up to their 63rd letter. */
size_t kaon_word_distance(const char *a, const char *b);

/* Keeps in *best the nearest candidate to `word` seen so far; candidates further than a third of
 * the word are not kept. *best starts as NULL. */
void kaon_nearest_try(const char *word, const char *candidate, const char **best);

#endif
