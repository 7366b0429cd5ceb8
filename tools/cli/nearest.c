#include "tools/cli/nearest.h"

#include <string.h>

enum { LETTERS = 63 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t kaon_word_distance(const char *a, const char *b)
{
    const size_t n = strnlen(a, LETTERS), m = strnlen(b, LETTERS);
    size_t row[3][LETTERS + 1]; /* distances of a's prefix of length i, i - 1, i - 2, mod 3 */

    for (size_t j = 0; j <= m; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(up[j - 1] + (a[i - 1] != b[j - 1]), least(up[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], up2[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

void kaon_nearest_try(const char *word, const char *candidate, const char **best)
{
    const size_t distance = kaon_word_distance(word, candidate);
    const size_t bound = *best ? kaon_word_distance(word, *best) : (strlen(word) + 2) / 3 + 1;
    if (distance < bound)
        *best = candidate;
}
